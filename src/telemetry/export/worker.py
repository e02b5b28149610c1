"""Export in the background: bounded queues, one daemon thread, one deadline at the end.

It knows batches and times, not protocols: what sends is an `Exporter`. `runtime` makes one, feeds it and shuts it
down. No thread of the application waits for the network, but in `flush` and `shutdown`, which say how long.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Final, Protocol, TypeVar, final
from weakref import WeakSet

from telemetry.signals import FamilySource, LogRecord, SpanBatch, SpanChunk

from .ledger import Ledger, Signal
from .notice import Notice
from .outbox import Outbox
from .request import divided
from .schedule import Schedule
from .size import log_bytes
from .turnstile import Turnstile

Record = TypeVar("Record")

_SCOPE_BYTES: Final = 1024
"""What a scope that is not our own may take; room for our own is left beside the resource."""

_LEAST_DELAY: Final = 0.01
"""A delay of zero seconds, which `OTEL_BSP_SCHEDULE_DELAY` may ask for, would keep a core busy."""

# What a shutdown keeps of its deadline for an export that it interrupts to come to its end.
_LAST_SHARE: Final = 0.1


class Exporter(Protocol):
    """Sends batches, and gives the reason where one failed; an empty reason is success."""

    @property
    def target(self) -> str:
        """Where the batches go, for messages."""

    def open(self) -> None:
        """Do the slow part of beginning."""

    def spans(self, chunks: Sequence[SpanChunk], /) -> str:
        """Send spans."""

    def logs(self, records: Sequence[LogRecord], /) -> str:
        """Send log records."""

    def metrics(self, source: FamilySource, /) -> str | None:
        """Send the current state of all metrics; None where there was nothing to send."""

    def close(self) -> None:
        """Interrupt what is under way, and send no more."""

    def forget(self) -> None:
        """Drop the connections that a forked child inherits."""


@final
class ExportWorker:
    """A span sink and log sink that exports in a thread of its own, and pushes metrics at an interval.

    The thread starts with `start` or with the first record, also in a forked child, whose queues begin empty: the
    parent exports what it had. Records that find no room are dropped and counted. An endpoint that fails is one line
    on stderr a minute, with the counts.

    Args:
        exporter: What sends; the worker closes it.
        source: Gives the families of each push; without one no metrics leave.
        schedule: Sizes and times.
    """

    __slots__ = (
        "__weakref__",
        "_closing",
        "_delay",
        "_ended_well",
        "_exporter",
        "_ledger",
        "_logs",
        "_metrics_due",
        "_most",
        "_notice",
        "_over",
        "_records_due",
        "_schedule",
        "_source",
        "_spans",
        "_starting",
        "_thread",
        "_told",
        "_trouble",
        "_turnstile",
        "_wake",
    )

    _thread: Thread | None

    def __init__(
        self, exporter: Exporter, source: FamilySource | None = None, *, schedule: Schedule | None = None
    ) -> None:
        self._exporter = exporter
        self._source = source
        self._schedule = schedule or Schedule()
        self._delay = max(self._schedule.delay_seconds, _LEAST_DELAY)
        self._most = min(self._schedule.batch_size, self._schedule.queue_size)
        self._notice = Notice()
        self._closing = self._over = False
        self._begin()
        _workers.add(self)

    def spans(self, batch: SpanBatch, /) -> None:
        """Take a batch of finished spans; it neither waits nor raises."""
        self._spans.put([part for chunk in batch.chunks for part in divided(chunk, self._most)])
        self._stir(self._spans)

    def log(self, record: LogRecord, /) -> None:
        """Take one log record; it neither waits nor raises."""
        self._logs.put((record,))
        self._stir(self._logs)

    def start(self) -> None:
        """Start the thread, which then imports what it needs; a second start does nothing."""
        with self._starting:
            if self._thread is None and not self._over:
                thread = Thread(target=self._run, name="telemetry-export", daemon=True)
                # An interpreter on its way out starts no threads any more (CPython 3.12).
                with suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def flush(self, timeout_seconds: float = 5.0) -> bool:
        """Export what was taken in so far, metrics included; tell whether all of it arrived in time."""
        if self._closing:
            return False
        self.start()
        request = self._turnstile.ask()
        self._wake.set()
        return self._turnstile.wait(request, timeout_seconds)

    def shutdown(self, deadline_seconds: float = 1.0) -> bool:
        """Export what waits, then stop, within one deadline for all signals; tell whether nothing was ever lost.

        What has not left by the deadline is lost and counted; a request that the endpoint never answers is left to
        its daemon thread, which dies with the process. A second shutdown does nothing.
        """
        if self._closing:
            return False
        end = monotonic() + deadline_seconds
        self._close_outboxes()
        self._finish(end - deadline_seconds * _LAST_SHARE)
        self._over = True
        self._exporter.close()
        self._finish(end)
        self._spans.abandon()
        self._logs.abandon()
        arrived = not self.losses() and (self._thread is None or self._ended_well)
        if not arrived:
            self._tell_last(deadline_seconds)
        return arrived

    def losses(self, *signals: Signal) -> dict[str, int]:
        """Give the number of lost records by reason: of the named signals, or else of spans and log records."""
        return self._ledger.losses(*signals)

    def exported(self) -> dict[str, int]:
        """Give the number of exported records by signal; of metrics, the number of pushes."""
        return self._ledger.exported()

    def _begin(self) -> None:
        self._ledger = Ledger()
        self._spans = Outbox[SpanChunk]("spans", _chunk_bytes, self._schedule, self._ledger, count=_chunk_spans)
        self._logs = Outbox[LogRecord]("logs", log_bytes, self._schedule, self._ledger)
        self._turnstile = Turnstile()
        self._starting = Lock()
        self._wake = Event()
        self._thread = None
        self._told = -1
        self._trouble = ""
        self._ended_well = False
        self._records_due = monotonic() + self._delay
        self._metrics_due = monotonic() + self._schedule.metrics_seconds if self._source is not None else inf

    def _begin_in_child(self) -> None:
        self._exporter.forget()
        self._begin()
        if self._closing:
            self._close_outboxes()

    def _stir(self, outbox: Outbox[Any]) -> None:
        if self._thread is None and not self._closing:
            self.start()
        if outbox.ready and not self._wake.is_set():
            self._wake.set()

    def _close_outboxes(self) -> None:
        self._spans.close()
        self._logs.close()
        self._closing = True

    def _finish(self, end: float) -> None:
        if self._thread is None and (self._spans or self._logs or self._source is not None):
            self.start()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(max(end - monotonic(), 0))

    def _run(self) -> None:
        with suppress(Exception):  # what fails now fails again with the first batch, and is told then
            self._exporter.open()
        while not self._closing:
            self._wake.wait(max(min(self._records_due, self._metrics_due) - monotonic(), 0))
            self._wake.clear()
            if not self._closing:
                self._turn(everything=self._turnstile.waiting)
        self._ended_well = self._turn(everything=True)

    def _turn(self, *, everything: bool) -> bool:
        request = self._turnstile.asked
        troubles = [*self._send_records(everything=everything), *self._push_metrics(everything=everything)]
        self._tell(troubles)
        self._turnstile.answer(request, faultless=not troubles)
        return not troubles

    def _send_records(self, *, everything: bool) -> list[str]:
        if not (everything or self._spans.ready or self._logs.ready or monotonic() >= self._records_due):
            return []
        troubles = [self._empty(self._spans, self._exporter.spans), self._empty(self._logs, self._exporter.logs)]
        self._records_due = monotonic() + self._delay
        return [trouble for trouble in troubles if trouble]

    def _empty(self, outbox: Outbox[Record], send: Callable[[Sequence[Record]], str]) -> str:
        first = ""
        # A failure may have taken the whole timeout, so the other signals have their turn before the next batch;
        # at the end there is no next turn.
        while not self._over and (self._closing or not first) and (batch := outbox.take()):
            trouble = _attempt(send, batch)
            outbox.settle(exported=not trouble)
            first = first or trouble
        return first

    def _push_metrics(self, *, everything: bool) -> list[str]:
        if self._source is None or not (everything or monotonic() >= self._metrics_due):
            return []
        trouble = _attempt(self._push, self._source)
        self._metrics_due = monotonic() + self._schedule.metrics_seconds
        return [trouble] if trouble else []

    def _push(self, source: FamilySource) -> str:
        if self._over:
            self._ledger.lose("metrics", "export_timeout", 1)
            return "no time was left for the metrics"
        trouble = self._exporter.metrics(source)
        if trouble is None:
            return ""
        if trouble:
            self._ledger.lose("metrics", "export_failed", 1)
        else:
            self._ledger.export("metrics", 1)
        return trouble

    def _tell(self, troubles: Sequence[str]) -> None:
        self._trouble = troubles[0] if troubles else ""
        lost = sum(self.losses().values())
        if self._over or (not troubles and lost <= max(self._told, 0)):
            return
        problem = f"cannot export to {self._exporter.target}: {troubles[0]}" if troubles else "records are lost"
        if self._notice.say(f"telemetry: {problem}; {self._lost()}"):
            self._told = lost

    def _tell_last(self, deadline_seconds: float) -> None:
        if sum(self.losses().values()) > self._told:
            reason = f": {self._trouble}" if self._trouble else ""
            problem = f"not everything went to {self._exporter.target} within {deadline_seconds:g} s{reason}"
            self._notice.say_now(f"telemetry: {problem}; {self._lost()}")

    def _lost(self) -> str:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(self.losses().items())) or "nothing"
        spans, logs = (sum(self.losses(signal).values()) for signal in ("spans", "logs"))
        return f"lost so far: {spans} spans and {logs} log records ({reasons})"


def _chunk_spans(chunk: SpanChunk) -> int:
    return chunk[1]


def _chunk_bytes(chunk: SpanChunk) -> int:
    return len(chunk[2]) + (0 if chunk[0] is None else _SCOPE_BYTES)


_workers: WeakSet[ExportWorker] = WeakSet()


def _begin_all_in_child() -> None:
    for worker in list(_workers):
        worker._begin_in_child()


os.register_at_fork(after_in_child=_begin_all_in_child)


def _attempt(send: Callable[[Record], str], what: Record) -> str:
    try:
        return send(what)
    except Exception as problem:  # noqa: BLE001 -- the thread outlives whatever an exporter or a source does
        return repr(problem)
