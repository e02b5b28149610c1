"""Patching on and off: several runtimes may want it at once, and the last one that goes undoes it."""

from __future__ import annotations

import os
from threading import RLock

from . import executors, pools, processes, subprocesses, threads
from .captured import holders
from .subprocesses import Environment
from .swap import Swap

_swaps: list[Swap] = []
_lock = RLock()


def patch(holder: object, environment: Environment) -> None:
    """Have threads, executors, pools, processes and subprocesses take the context with them, until `unpatch`.

    Args:
        holder: Who wants it; a second time does nothing.
        environment: Copies the environment of this process.
    """
    with _lock:
        holders.add(holder)
        if not _swaps:
            _swaps.extend(threads.swaps() + executors.swaps() + processes.swaps() + pools.swaps())
            _swaps.extend(subprocesses.swaps(environment))
        for swap in _swaps:
            swap.put()


def unpatch(holder: object) -> None:
    """Put back what was there, when nobody wants it any more; what somebody else has patched since stays theirs."""
    with _lock:
        holders.discard(holder)
        if holders:
            return
        for swap in _swaps:
            swap.take()


def _renew() -> None:
    global _lock  # noqa: PLW0603 -- a thread that is not in the forked child may hold it
    _lock = RLock()


os.register_at_fork(after_in_child=_renew)
