"""What waits in the journal of this process: how much, and since when.

It reads words and one record; nothing that records is asked or slowed down.
"""

from __future__ import annotations

from time import time_ns
from typing import Final

from telemetry._hotpath import Ring, extent, reading
from telemetry.journal import OwnMemory, Reader

from .signs import Queue

_SPAN_END, _LOG_TIME = 8, 1
"""Fields of OTLP's `Span` (end_time_unix_nano) and `LogRecord` (time_unix_nano)."""
_NS_PER_MS: Final = 1e6


def live_spans(ring: Ring) -> int:
    """Count the spans that have a slot, so have begun and not ended."""
    words = ring.words
    begin, slot = words[extent.TABLE_AT] // extent.WORD, words[extent.SLOT_BYTES] // extent.WORD
    slots = words[begin : begin + words[extent.SLOTS] * slot : slot].tolist()
    return int(len(slots) - slots.count(0))


def written_bytes(ring: Ring) -> int:
    """Give how much was ever written, records and what stands between them."""
    segment = ring.current
    return int((segment.generation - 1) * ring.words[extent.SEGMENT_BYTES_WORD]) + _offset(ring)


def is_kept(ring: Ring) -> bool:
    """Tell whether anybody is expected to ship what lies here: then what nobody takes in time is lost."""
    return extent.CURSOR in ring.cursors


def queue(ring: Ring, records: int, *, is_shipped: bool) -> Queue:
    """Look at what waits to be shipped.

    Args:
        ring: Where it lies.
        records: How many were ever written.
        is_shipped: Whether somebody ships, so that waiting has an end.
    """
    words = ring.words
    generation, offset = extent.position(words[extent.CURSOR])
    behind = (ring.current.generation - max(generation, 1)) * words[extent.SEGMENT_BYTES_WORD]
    return Queue(
        bytes=max(0, min(behind + _offset(ring) - offset, words[extent.RING_BYTES])),
        limit_bytes=words[extent.RING_BYTES],
        record_bytes=written_bytes(ring) / records if records else 0.0,
        lag_ms=_lag_ms(ring) if is_shipped else None,
    )


def _offset(ring: Ring) -> int:
    segment = ring.current
    end = segment.sealed or segment.head
    return int(min(end, segment.limit) - segment.at) - extent.SEGMENT_HEADER_BYTES


def _lag_ms(ring: Ring) -> float:
    reader = Reader(OwnMemory(ring.region))
    batch = reader.batch(ring.words[extent.CURSOR], most=1, claim=False)
    if not batch.chunks:
        return 0.0
    oldest = batch.chunks[0]
    return max(0.0, (time_ns() - _time_ns(oldest.kind, oldest.payload)) / _NS_PER_MS)


def _time_ns(kind: int, payload: bytes) -> int:
    ((_, record),) = reading.fields(payload)
    wanted = _SPAN_END if kind == extent.SPAN else _LOG_TIME
    return next((int(value) for number, value in reading.fields(record) if number == wanted), time_ns())
