"""The table of open spans: what is running now, and what was running when a process died.

    table   slots of 512 bytes
    slot    header (8 bytes) · payload
    header  as that of a record in a segment; zero where the slot is free

The payload is the span as far as it is known at its start, as field 2 of `ScopeSpans`: ids, name, kind, start, and its
attributes where they fit. A long span would be lost in a ring that is used again; here it stays until its end.
"""

from __future__ import annotations

from . import protobuf
from .segment import Chunk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SLOTS = 1024
SLOT_BYTES = 512


class OpenTable:
    """The pure twin, which keeps the spans themselves: their bytes are made when somebody asks.

    Attributes:
        spans: Those that are open, by the number of their id.
        exhausted: The number of spans that found no place.
    """

    __slots__ = ("exhausted", "spans")

    def __init__(self) -> None:
        self.spans: dict[int, Any] = {}
        self.exhausted = 0

    def clear(self) -> None:
        """Forget all spans."""
        self.spans.clear()

    def trim(self) -> None:
        """Forget the oldest where there are too many, as spans that nobody ends would stay for ever."""
        while len(self.spans) > SLOTS:
            oldest = next(iter(self.spans))
            if self.spans.pop(oldest, None) is not None:
                self.exhausted += 1

    def snapshot(self) -> list[Chunk]:
        """Give the open spans as chunks of one span each."""
        return [_chunk(span) for span in list(self.spans.values())[:SLOTS]]


def _chunk(span: Any) -> Chunk:
    from dataclasses import replace  # not for a process that only records

    record = replace(span.site.record(span), end_ns=0)
    return Chunk(span.site.scope, bytes((span.trace_flags,)), protobuf.spans_field(protobuf.span(record)))
