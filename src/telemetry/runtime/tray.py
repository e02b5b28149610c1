"""The tray: where finished spans lie until a thread of ours makes records of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import final

from telemetry._hotpath import Span
from telemetry.signals import SpanRecord, SpanSink

Finished = Span | SpanRecord
"""A span of ours, or the record of one of OpenTelemetry's API."""

Convert = Callable[[Sequence[Finished]], Sequence[SpanRecord]]
Count = Callable[[str, str], None]

LIMIT = 65_536
"""Finished spans that wait for a thread that gets no processor: about 20 MB of a busy process."""


@final
class Tray:
    """Takes finished spans from the hot path.

    Attributes:
        queue: What the hot path appends to; `spill` moves it on when it is full.
    """

    __slots__ = (
        "_convert",
        "_count",
        "_delay",
        "_drain_lock",
        "_move_lock",
        "_pending",
        "_sinks",
        "_thread",
        "_wake",
        "queue",
    )

    def __init__(self, convert: Convert, sinks: Sequence[SpanSink], count: Count, *, delay_seconds: float) -> None:
        self.queue: list[Finished] = []
        self._convert = convert
        self._sinks = tuple(sinks)
        self._count = count
        self._delay = delay_seconds
        self._begin()

    def _begin(self) -> None:
        self._pending: list[Finished] = []
        self._drain_lock = threading.Lock()
        self._move_lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start handing over at intervals; without sinks there is nothing to hand over to."""
        if self._sinks and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="telemetry-tray", daemon=True)
            self._thread.start()

    def spill(self) -> None:
        """Make room in `queue`, from the recording thread: move its spans on, or count them when nobody drains."""
        if not self._sinks:
            self.queue.clear()
            return
        with self._move_lock:
            taken = self._take()
            room = LIMIT - len(self._pending)
            self._pending += taken[:room]
        for _ in taken[room:]:
            self._count("queue_full", "")
        self.start()
        self._wake.set()

    def drain(self) -> None:
        """Hand everything over now."""
        with self._drain_lock:
            with self._move_lock:
                batch = self._pending + self._take()
                self._pending = []
            if batch and self._sinks:
                records = self._convert(batch)
                for sink in self._sinks:
                    sink.spans(records)

    def stop(self) -> None:
        """Hand everything over, and end the thread."""
        thread, self._thread = self._thread, None
        self._wake.set()
        self.drain()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=self._delay)

    def restart(self) -> None:
        """Start over, in a forked child: what lies here is the parent's to export."""
        self.queue.clear()
        self._begin()

    def _take(self) -> list[Finished]:
        taken = self.queue[:]
        del self.queue[: len(taken)]  # what a recording thread appended in between stays
        return taken

    def _run(self) -> None:
        me = threading.current_thread()
        while self._thread is me:
            self._wake.wait(self._delay)
            self._wake.clear()
            self.drain()
