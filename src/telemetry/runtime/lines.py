"""Put log records into the ring, where exporters and whoever looks after a crash read them."""

from __future__ import annotations

from typing import final

from telemetry._hotpath import Ring, protobuf
from telemetry.signals import LogRecord, Scope


@final
class Lines:
    """A log sink that writes each record as OTLP; the logger is its scope."""

    __slots__ = ("_ring", "_scopes")

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._scopes: dict[str, int] = {"": 0}

    def log(self, record: LogRecord, /) -> None:
        """Write one record; it neither waits nor raises."""
        scope = self._scopes.get(record.logger)
        if scope is None:
            scope = self._scopes[record.logger] = self._ring.scopes.number(Scope(record.logger))
        self._ring.put_log(protobuf.log_record(record), scope)
