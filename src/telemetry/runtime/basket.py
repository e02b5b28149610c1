"""A sink that keeps everything: for tests, and for the probe."""

from __future__ import annotations

from typing import final

from telemetry.signals import LogRecord, SpanBatch, SpanRecord


@final
class Basket:
    """Keeps what comes, in order.

    Attributes:
        records: The spans, in the order of their ends.
        lines: The log lines.
    """

    __slots__ = ("lines", "records")

    def __init__(self) -> None:
        self.records: list[SpanRecord] = []
        self.lines: list[LogRecord] = []

    def spans(self, batch: SpanBatch, /) -> None:
        """Take a batch of spans."""
        self.records += batch.records

    def log(self, record: LogRecord, /) -> None:
        """Take one log line."""
        self.lines.append(record)
