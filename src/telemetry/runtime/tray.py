"""The tray: hands what lies in the ring to the sinks, in a thread of ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Final, final

from telemetry._hotpath import Chunk, Region, Ring, extent
from telemetry.signals import SpanSink
from telemetry.tracing import FinishedSpans

if TYPE_CHECKING:
    from telemetry.journal import Reader

_LEAST_DELAY_SECONDS: Final = 0.01
"""A delay of zero, which `OTEL_BSP_SCHEDULE_DELAY` may ask for, would keep a core busy."""


@final
class Tray:
    """Reads what a runtime records, for the sinks in this process; and has the ring's next segment ready.

    `ship` is called when a segment is full, for whoever sends it away. Its locks are such that a finaliser may record,
    hand over or stop inside any of its methods, in the same thread.

    Attributes:
        ring: Where the hot path writes finished spans.
    """

    __slots__ = (
        "_asleep",
        "_delay",
        "_draining",
        "_lock",
        "_reader",
        "_ship",
        "_sinks",
        "_starting",
        "_stopped",
        "_thread",
        "ring",
    )

    def __init__(
        self,
        region: Region,
        sinks: Sequence[SpanSink],
        ship: Callable[[], None] | None = None,
        *,
        delay_seconds: float,
    ) -> None:
        is_shipped = ship is not None or region.is_file
        # Of memory that nobody reads nothing is missed.
        cursors = ((extent.CURSOR,) if is_shipped else ()) + ((extent.LOCAL,) if sinks else ())
        self.ring = Ring(region, cursors=cursors)
        self._ship = ship
        self._reader = _reader(region) if sinks else None
        self._sinks = tuple(sinks)
        self._delay = max(delay_seconds, _LEAST_DELAY_SECONDS)
        self._stopped = False
        if cursors:
            self.ring.wake = self._stir
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._draining = False
        self._starting = threading.RLock()
        self._thread: threading.Thread | None = None
        # Held while the thread sleeps. An Event has a lock in Python code, on which a finaliser could wait for ever.
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def start(self) -> None:
        """Start handing over at intervals, once; without sinks there is nothing to hand over to.

        After `stop` nothing starts it again.
        """
        if self._sinks:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._stopped or self._thread is not None:
                return
            thread = self._thread = threading.Thread(target=self._run, name="telemetry-tray", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # an interpreter on its way out starts no threads any more (CPython 3.12)
                self._thread = None

    def drain(self, timeout_seconds: float = -1) -> None:
        """Hand everything over now, unless another thread is busy with that for longer than this; by default, wait.

        Inside of itself it does nothing.
        """
        if not self._sinks or not self._lock.acquire(timeout=timeout_seconds):
            return
        try:
            if not self._draining:
                self._hand_over()
        finally:
            self._lock.release()

    def stop(self, timeout_seconds: float = 1.0) -> None:
        """Hand everything over, and end the thread; what it is busy with is waited for no longer than this."""
        end = monotonic() + timeout_seconds
        with self._starting:
            self._stopped = True
            thread = self._thread
        self._rouse()
        self.drain(max(0.0, end - monotonic()))
        if thread is not None and thread is not threading.current_thread() and thread.is_alive():
            thread.join(max(0.0, end - monotonic()))

    def restart(self) -> None:
        """Start over, in a forked child, whose ring is empty."""
        self._begin()

    def _hand_over(self) -> None:
        self._draining = True
        try:
            batch = FinishedSpans(self._taken(), self.ring.scopes.__getitem__)
            if batch:
                for sink in self._sinks:
                    sink.spans(batch)
        finally:
            self._draining = False

    def _taken(self) -> list[Chunk]:
        """Take all spans that have ended, oldest first."""
        words, current = self.ring.words, self.ring.current
        if self._reader is None or words[extent.LOCAL] == extent.cursor(current.generation, current.head - current.at):
            return []
        chunks: list[Chunk] = []
        while True:
            before = words[extent.LOCAL]
            batch = self._reader.batch(before, last=self._stopped)
            words[extent.LOCAL] = batch.cursor
            words[extent.TORN_COUNT] += batch.torn + batch.corrupt
            chunks += [chunk for chunk in batch.chunks if chunk.kind == extent.SPAN]
            if not batch.chunks:
                return chunks

    def _stir(self) -> None:
        if self._ship is not None:
            self._ship()
        self._start()
        self._rouse()

    def _rouse(self) -> None:
        with suppress(RuntimeError):  # it is awake, or somebody else has woken it
            self._asleep.release()

    def _run(self) -> None:
        while not self._stopped:
            self._asleep.acquire(timeout=self._delay)
            self.drain()
            self.ring.prepare()


def _reader(region: Region) -> Reader:
    """Load what reads before there is a thread that needs it: a child may be forked in the middle of an import."""
    from telemetry.journal import OwnMemory, Reader

    return Reader(OwnMemory(region), claim=extent.LOCAL_CLAIM)
