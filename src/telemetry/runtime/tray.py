"""The tray: hands what lies in the ring to the sinks, in a thread of ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import final

from telemetry._hotpath import Ring
from telemetry.signals import SpanSink
from telemetry.tracing import FinishedSpans

Count = Callable[[str, str], None]


@final
class Tray:
    """Reads the ring of one runtime.

    Attributes:
        ring: Where the hot path writes finished spans.
    """

    __slots__ = ("_count", "_delay", "_lock", "_sinks", "_thread", "_wake", "ring")

    def __init__(self, sinks: Sequence[SpanSink], count: Count, *, delay_seconds: float) -> None:
        self.ring = Ring()
        self._sinks = tuple(sinks)
        self._count = count
        self._delay = delay_seconds
        if self._sinks:
            # Without sinks there is nobody to miss what is overwritten.
            self.ring.lose = self._lose
            self.ring.wake = self._stir
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start handing over at intervals; without sinks there is nothing to hand over to."""
        if self._sinks and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="telemetry-tray", daemon=True)
            self._thread.start()

    def drain(self) -> None:
        """Hand everything over now."""
        if not self._sinks:
            return
        with self._lock:
            batch = FinishedSpans(self.ring.take(), self.ring.scopes.__getitem__)
            if batch:
                for sink in self._sinks:
                    sink.spans(batch)

    def stop(self) -> None:
        """Hand everything over, and end the thread."""
        thread, self._thread = self._thread, None
        self._wake.set()
        self.drain()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=self._delay)

    def restart(self) -> None:
        """Start over, in a forked child: what lies here is the parent's to export."""
        self.ring.restart()
        self._begin()

    def _stir(self) -> None:
        self.start()
        self._wake.set()

    def _lose(self, spans: int) -> None:
        for _ in range(spans):
            self._count("queue_full", "")

    def _run(self) -> None:
        me = threading.current_thread()
        while self._thread is me:
            self._wake.wait(self._delay)
            self._wake.clear()
            self.drain()
