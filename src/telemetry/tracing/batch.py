"""Finished spans as they come from the ring: OTLP for who sends them, records for who looks at them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

from telemetry._hotpath import Chunk, decoded
from telemetry.signals import SpanChunk, SpanRecord


@final
class FinishedSpans:
    """Chunks of a ring, decoded when somebody asks for records.

    Attributes:
        chunks: The spans as OTLP.
    """

    __slots__ = ("_flags", "_records", "chunks")

    def __init__(self, chunks: Sequence[Chunk], scope: Callable[[int], Any]) -> None:
        self.chunks: list[SpanChunk] = [(scope(chunk.scope), len(chunk.flags), chunk.payload) for chunk in chunks]
        self._flags = b"".join(chunk.flags for chunk in chunks)
        self._records: list[SpanRecord] | None = None

    def __len__(self) -> int:
        return len(self._flags)

    @property
    def records(self) -> list[SpanRecord]:
        """The spans, in the order of their ends."""
        if self._records is None:
            self._records = decoded(self.chunks, self._flags)
        return self._records
