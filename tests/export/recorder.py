"""A process's memory that tests record spans and log records into, anonymous or a file, past the hot path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import final

from telemetry._hotpath import Region, Ring, extent, protobuf
from telemetry.journal import Folder, JournalFile
from telemetry.runtime.lines import Lines
from telemetry.signals import LogRecord, Scope, SpanRecord

from .records import LOG, RESOURCE, TRACE_ID

_ids = count(int.from_bytes(os.urandom(6), "little") << 8)
"""Ids of spans, which no two recorders have in common."""


@final
class Recorder:
    """Records plain spans and log records into a region.

    Args:
        folder: Where its journal is; without one it is anonymous.
        ring_bytes: The size of the ring.
    """

    def __init__(self, folder: Path | None = None, *, ring_bytes: int = 4 << 20) -> None:
        self.region = Region(ring_bytes) if folder is None else JournalFile(Folder.open(folder), ring_bytes)
        self.region.note(extent.NOTE_RESOURCE, 0, protobuf.attributes(0x0A, RESOURCE.attributes))
        self.ring = Ring(self.region, cursors=(extent.CURSOR,))
        self.ring.scopes.tell = self._note
        self._note(0, Scope("telemetry", "0.1.0"))
        self._lines = Lines(self.ring)

    @property
    def words(self) -> memoryview:
        """The words of the header."""
        return self.region.words

    def spans(self, number: int = 1, *, value: str = "") -> list[str]:
        """Record so many spans; give their ids in hex."""
        given = [next(_ids) for _ in range(number)]
        for each in given:
            self.span(SpanRecord("step", TRACE_ID, each, None, 1, 2, {"value": value} if value else {}))
        return [f"{each:016x}" for each in given]

    def span(self, record: SpanRecord) -> None:
        """Record one span."""
        self.words[extent.STARTED] += 1
        self.ring.put(protobuf.spans_field(protobuf.span(record)), 1, self.ring.scopes.number(record.scope))

    def logs(self, number: int = 1, *, record: LogRecord = LOG) -> None:
        """Record so many log records."""
        for _ in range(number):
            self._lines.log(record)

    def counted(self, *names: str) -> Sequence[int]:
        """Give words of the header by their names in lower case."""
        return [self.words[getattr(extent, name.upper())] for name in names]

    def _note(self, number: int, scope: Scope) -> None:
        content = protobuf.message(0x0A, protobuf.scope(scope)) + protobuf.optional(0x1A, scope.schema_url)
        self.region.note(extent.NOTE_SCOPE, number, content)
