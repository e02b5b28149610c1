"""Hold the records of one signal until they are exported, and account for every one of them.

It starts no thread and sends nothing. Any thread puts records in; only the worker's thread takes them out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import RLock
from typing import Generic, TypeVar, final

from .ledger import Ledger, LossReason, Signal
from .schedule import Schedule

Record = TypeVar("Record")


@final
class Outbox(Generic[Record]):
    """A bounded queue that is emptied in batches; each record ends as exported or as lost, once.

    >>> ledger = Ledger()
    >>> box = Outbox("logs", len, Schedule(queue_size=2), ledger)
    >>> box.put(["a", "b", "c"])
    >>> box.take(), ledger.losses()
    (['a', 'b'], {'queue_full': 1})

    Args:
        signal: What the records are, for the ledger.
        measure: Gives an upper bound of a record's encoded size, in bytes.
        schedule: The bounds of the queue and of a batch.
        ledger: Where the records are accounted for.
        count: Gives the number that a record stands for; a chunk of spans stands for many.
    """

    __slots__ = (
        "_abandoned",
        "_closed",
        "_count",
        "_held",
        "_in_flight",
        "_ledger",
        "_lock",
        "_measure",
        "_queue",
        "_schedule",
        "_signal",
    )

    def __init__(
        self,
        signal: Signal,
        measure: Callable[[Record], int],
        schedule: Schedule,
        ledger: Ledger,
        *,
        count: Callable[[Record], int] = lambda _: 1,
    ) -> None:
        self._signal = signal
        self._measure = measure
        self._count = count
        self._held = 0
        self._schedule = schedule
        self._ledger = ledger
        self._queue: deque[Record] = deque()
        self._lock = RLock()  # a signal handler that runs inside may log too
        self._in_flight = 0
        self._closed = False
        self._abandoned = False

    def __len__(self) -> int:
        return self._held

    @property
    def ready(self) -> bool:
        """Whether a full batch waits."""
        return self._held >= self._schedule.batch_size

    def put(self, records: Sequence[Record]) -> None:
        """Take in what there is room for, and count the rest as lost."""
        lost = 0
        with self._lock:
            reason: LossReason = "already_shutdown" if self._closed else "queue_full"
            for record in records:
                count = self._count(record)
                if self._closed or (self._held and self._held + count > self._schedule.queue_size):
                    lost += count
                else:
                    self._queue.append(record)
                    self._held += count
        self._ledger.lose(self._signal, reason, lost)

    def take(self) -> list[Record]:
        """Take the next batch off; it is in flight until it is settled.

        A record that alone is larger than a batch may be travels alone, since it cannot be divided.
        """
        batch: list[Record] = []
        count = size = 0
        with self._lock:
            self._in_flight = 0
            while self._queue:
                count += self._count(self._queue[0])
                size += self._measure(self._queue[0])
                if batch and (count > self._schedule.batch_size or size >= self._schedule.batch_bytes):
                    break
                self._in_flight = count
                batch.append(self._queue.popleft())
            self._held -= self._in_flight
        return batch

    def settle(self, *, exported: bool) -> None:
        """Account for the batch in flight, unless it was given up meanwhile."""
        with self._lock:
            if self._abandoned:
                return
            count, self._in_flight = self._in_flight, 0
        if exported:
            self._ledger.export(self._signal, count)
        else:
            self._ledger.lose(self._signal, "export_failed", count)

    def close(self) -> None:
        """Take nothing in any more."""
        self._closed = True

    def abandon(self) -> None:
        """Give up what waits and what is in flight, for want of time."""
        self._closed = True
        with self._lock:
            count = self._held + self._in_flight
            self._queue.clear()
            self._held = 0
            self._in_flight = 0
            self._abandoned = True
        self._ledger.lose(self._signal, "export_timeout", count)
