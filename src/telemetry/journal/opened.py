"""Read the table of open spans: what runs now, or ran when the process died.

A thread frees the slot of a span after it has written it into the ring, so a span may stand in both for an instant, and
for ever when the process dies in it. `reader` calls it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final, final

from telemetry._hotpath import Chunk, decoded, extent, reading
from telemetry.signals import SpanRecord

from .memory import Memory
from .records import Records
from .segments import Segments

_WORD: Final = Struct("<HHHBB")
_FIELD: Final = b"\x12"
_TRACE: Final = b"\x0a\x10"
_ID: Final = b"\x12\x08"
_LAST: Final = 2
"""The segments in which a span that has just ended may stand."""


@final
@dataclass(frozen=True, slots=True)
class OpenSpan:
    """A span that has begun and not ended.

    Attributes:
        record: The span as it was at its start; its `end_ns` is 0.
        site: The number of the site that recorded it; 0 for none.
        scope: The number of its instrumentation scope.
    """

    record: SpanRecord
    site: int
    scope: int


def open_spans(memory: Memory, segments: Segments, checksum: int) -> tuple[list[OpenSpan], int]:
    """Give the open spans without those that stand finished in the ring, the oldest first; and how many are damaged."""
    slots = list(_slots(memory))
    found = [each for each in slots if each is not None]
    ended = written_ids(memory, segments, checksum, [each.record for each in found]) if found else set()
    kept = [each for each in found if (each.record.trace_id, each.record.span_id) not in ended]
    return sorted(kept, key=_started), len(slots) - len(found)


def _started(span: OpenSpan) -> int:
    return span.record.start_ns


def _slots(memory: Memory) -> Iterator[OpenSpan | None]:
    place, size = memory.word(extent.TABLE_AT), memory.word(extent.SLOT_BYTES)
    table = memory.read(place, memory.word(extent.SLOTS) * size)
    for at in range(0, len(table) - size + 1, size or 1):
        word = table[at : at + extent.WORD]
        if not any(word) or memory.read(place + at, extent.WORD) != word:
            continue  # it is free, or has been freed while it was copied
        length, site, scope, flags, state = _WORD.unpack(word)
        is_sound = state == extent.SPAN and length <= size - extent.WORD
        record = decoded_span(table[at + extent.WORD : at + extent.WORD + length], flags) if is_sound else None
        yield None if record is None else OpenSpan(record, site, scope)


def decoded_span(payload: bytes, flags: int) -> SpanRecord | None:
    """Decode one span; None where it is damaged."""
    if payload[:1] != _FIELD:
        return None
    try:
        (record,) = decoded([(None, 1, payload)], [flags])
    except (ValueError, IndexError, TypeError, AttributeError, OverflowError, RecursionError, StopIteration):
        return None
    return record if record.name and record.span_id else None


def latest(memory: Memory, segments: Segments, checksum: int) -> list[Chunk]:
    """Give the records of the segments that were written last."""
    data = (memory.read(each.place, each.size)[extent.SEGMENT_HEADER_BYTES :] for each in segments.newest(_LAST))
    return [chunk for each in data for chunk in Records(each, checksum).all()]


def written_ids(memory: Memory, segments: Segments, checksum: int, spans: Iterable[SpanRecord]) -> set[tuple[int, int]]:
    """Give the ids of those spans that the ring has already."""
    ended: set[tuple[int, int]] = set()
    ids = {(span.trace_id, span.span_id): _ids(span) for span in spans}
    for segment in segments.newest(_LAST):
        data = memory.read(segment.place, segment.size)[extent.SEGMENT_HEADER_BYTES :]
        wanted = {key for key, text in ids.items() if text in data}
        if wanted:
            ended |= wanted & set(_written(Records(data, checksum)))
    return ended


def _ids(span: SpanRecord) -> bytes:
    return _TRACE + span.trace_id.to_bytes(16, "big") + _ID + span.span_id.to_bytes(8, "big")


def _written(records: Records) -> Iterator[tuple[int, int]]:
    """Give the ids of all finished spans."""
    for chunk in records.all():
        if chunk.kind == extent.SPAN:
            yield from (_identified(span) for _, span in reading.fields(chunk.payload))


def _identified(span: bytes) -> tuple[int, int]:
    trace = len(_TRACE) + 16
    return int.from_bytes(span[len(_TRACE) : trace], "big"), int.from_bytes(span[trace + 2 : trace + 10], "big")
