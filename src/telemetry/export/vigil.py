"""Waits in a forked child for its first metrics, without a thread, since most children have none.

A metric is a store into memory, which tells nobody. So the collector of garbage is asked to look in passing: it runs in
every process that makes objects, and calls whoever stands in `gc.callbacks`.
"""

from __future__ import annotations

import gc
from _thread import start_new_thread
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, final

from telemetry._hotpath import Region, walk
from telemetry.journal import OwnMemory, Reader


@final
class Vigil:
    """Calls something once, in a new thread, when a region has metrics in it; at the earliest after some seconds.

    In a process that makes no objects, or has switched the collector off, it never comes to that.

    Args:
        region: Where metrics would be.
        begin: What is called.
        seconds: The time between two looks.
    """

    __slots__ = ("_begin", "_due", "_region", "_seconds")

    def __init__(self, region: Region, begin: Callable[[], None], seconds: float) -> None:
        self._region = region
        self._begin = begin
        self._seconds = seconds
        self._due = monotonic() + seconds
        gc.callbacks.append(self)

    def __call__(self, phase: str, _: dict[str, Any]) -> None:
        """Look, if it is time to."""
        if monotonic() < self._due or phase == "start":
            return
        self._due = monotonic() + self._seconds
        with suppress(Exception):  # a damaged page, or no more threads; there is nobody here to tell
            if self._has_metrics():
                # Not a `Thread`: whoever is interrupted here may hold a lock that to start one needs.
                start_new_thread(self._begin, ())

    def end(self) -> None:
        """Look no more."""
        with suppress(ValueError):
            gc.callbacks.remove(self)

    def _has_metrics(self) -> bool:
        pages = Reader(OwnMemory(self._region)).snapshots()
        return any(entry.cell.strip(b"\0") for page in pages for entry in walk(page))
