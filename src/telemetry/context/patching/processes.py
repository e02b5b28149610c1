"""Processes that begin empty (spawn, forkserver) run in the context that started them, and record.

A forked one has both from the fork. The workers of a pool get what makes them record, and no span: they serve many.
"""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_start_method
from multiprocessing.process import BaseProcess
from typing import Any, Final

from telemetry.context.forks import serves_others
from telemetry.context.propagated import Propagated, equipment
from telemetry.context.standin import nothing

from .captured import captured, holders
from .swap import Swap

_ABSENT: Final = object()


def swaps() -> list[Swap]:
    """Give what is swapped."""
    return [Swap(BaseProcess, "start", _starting)]


def _starting(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def start(self: Any) -> None:
        values = None if serves_others(self) else captured()
        is_equipped = bool(holders) and equipment() is not None
        if _is_forked(self) or (values is None and not is_equipped):
            return original(self)
        own = vars(self)
        before = own.get("run", _ABSENT)
        own["run"] = Propagated(self.run, nothing() if values is None else values)
        try:
            return original(self)
        finally:
            if before is _ABSENT:
                own.pop("run", None)
            else:
                own["run"] = before

    return start


def _is_forked(process: Any) -> bool:
    method = getattr(process, "_start_method", None) or get_start_method()
    return bool(method == "fork")
