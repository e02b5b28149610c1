"""The tray: hands what lies in the ring to the sinks, in a thread of ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Final, final

from telemetry._hotpath import Ring
from telemetry.signals import SpanSink
from telemetry.tracing import FinishedSpans

Count = Callable[[str, str], None]

_LEAST_DELAY_SECONDS: Final = 0.01
"""A delay of zero, which `OTEL_BSP_SCHEDULE_DELAY` may ask for, would keep a core busy."""


@final
class Tray:
    """Reads the ring of one runtime.

    Its locks are such that a finaliser may record, hand over or stop inside any of its methods, in the same thread.

    Attributes:
        ring: Where the hot path writes finished spans.
    """

    __slots__ = (
        "_asleep",
        "_count",
        "_delay",
        "_draining",
        "_lock",
        "_sinks",
        "_starting",
        "_stopped",
        "_thread",
        "ring",
    )

    def __init__(self, sinks: Sequence[SpanSink], count: Count, *, delay_seconds: float) -> None:
        self.ring = Ring()
        self._sinks = tuple(sinks)
        self._count = count
        self._delay = max(delay_seconds, _LEAST_DELAY_SECONDS)
        self._stopped = False
        if self._sinks:
            # Without sinks there is nobody to miss what is overwritten.
            self.ring.lose = self._lose
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
        with self._starting:
            if not self._sinks or self._stopped or self._thread is not None:
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
        """Start over, in a forked child: what lies here is the parent's to export."""
        self.ring.restart()
        self._begin()

    def _hand_over(self) -> None:
        self._draining = True
        try:
            batch = FinishedSpans(self.ring.take(last=self._stopped), self.ring.scopes.__getitem__)
            if batch:
                for sink in self._sinks:
                    sink.spans(batch)
        finally:
            self._draining = False

    def _stir(self) -> None:
        self.start()
        self._rouse()

    def _rouse(self) -> None:
        with suppress(RuntimeError):  # it is awake, or somebody else has woken it
            self._asleep.release()

    def _lose(self, spans: int) -> None:
        for _ in range(spans):
            self._count("queue_full", "")

    def _run(self) -> None:
        while not self._stopped:
            self._asleep.acquire(timeout=self._delay)
            self.drain()
