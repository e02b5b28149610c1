"""What a forked child that serves others forgets: the span that was open when it was forked.

A worker of a pool is forked inside some span and then does work of anybody's. Its tasks have their submitter as parent
where that is known (`propagate`, or `patch_stdlib`), else none; never that span. A child that does one thing,
`os.fork` or `multiprocessing.Process`, goes on inside the span that it was started in.
"""

from __future__ import annotations

import os
from sys import _getframe, modules

from telemetry._hotpath import ambient

from .standin import nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_SERVERS = frozenset(
    (
        "asyncio.unix_events",
        "concurrent.futures.process",
        "concurrent.futures.thread",
        "multiprocessing.managers",
        "multiprocessing.pool",
        "multiprocessing.queues",
    )
)
"""Modules of the standard library whose threads and processes do the work of many callers."""


def serves_others(worker: Any) -> bool:
    """Tell whether a thread or process, not yet started, is one of the standard library's own."""
    runs = getattr(worker, "_target", None) or type(worker)
    return getattr(runs, "__module__", None) in _SERVERS


def _forget() -> None:
    launching = modules.get("multiprocessing.popen_fork")
    frame = None if launching is None else _frame_of(launching.Popen._launch.__code__)
    if frame is not None and serves_others(frame.f_locals.get("process_obj")):
        ambient.attach(nothing())


def _frame_of(code: object) -> FrameType | None:
    frame: FrameType | None = _getframe(1)
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame


os.register_at_fork(after_in_child=_forget)
