"""Read the undecided spans of a journal: they have ended, and their trace has no verdict yet.

Who died in between has kept them: nobody can say any more that they are of no interest. `reader` calls it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final
from zlib import crc32

from telemetry._hotpath import extent
from telemetry.signals import SpanRecord

from .memory import Memory
from .opened import decoded_span, written_ids
from .segments import Segments

_PIECE_BYTES: Final = extent.CELL_BYTES - extent.CELL.size


@final
@dataclass(frozen=True, slots=True)
class UndecidedSpan:
    """A span that has ended, and waits for the verdict on its trace.

    Attributes:
        record: The span.
        payload: The same as field 2 of OTLP's `ScopeSpans`.
        scope: The number of its instrumentation scope.
        flags: Its W3C trace flags, as it is to be sent: sampled.
    """

    record: SpanRecord
    payload: bytes
    scope: int
    flags: int


def undecided_spans(memory: Memory, segments: Segments, checksum: int) -> tuple[list[UndecidedSpan], int]:
    """Give them without those that stand in the ring already, the first to end first; and how many are damaged."""
    cells = list(_cells(memory))
    found = [each for each in cells if each is not None]
    kept = written_ids(memory, segments, checksum, [each.record for each in found]) if found else set()
    left = [each for each in found if (each.record.trace_id, each.record.span_id) not in kept]
    return sorted(left, key=_ended), len(cells) - len(found)


def _ended(span: UndecidedSpan) -> int:
    return span.record.end_ns


def _cells(memory: Memory) -> Iterator[UndecidedSpan | None]:
    place, used = memory.word(extent.UNDECIDED_AT), memory.word(extent.UNDECIDED_USED)
    area = memory.read(place, min(used, memory.word(extent.UNDECIDED_BYTES)))
    for at in range(0, len(area) - extent.CELL_BYTES + 1, extent.CELL_BYTES):
        word = area[at : at + extent.WORD]
        if any(word) and memory.read(place + at, extent.WORD) == word:  # else it is free, or was freed meanwhile
            yield _span(area, at)


def _span(area: bytes, at: int) -> UndecidedSpan | None:
    word, _, check = extent.CELL.unpack_from(area, at)
    length, scope, flags = word & 0xFFFFFFFF, word >> 32 & 0xFFFF, word >> 48 & 0xFF
    payload = _payload(area, at, length)
    if word >> 56 != extent.SPAN or crc32(payload) != check:
        return None
    record = decoded_span(payload, flags)
    return None if record is None else UndecidedSpan(record, payload, scope, flags)


def _payload(area: bytes, at: int, length: int) -> bytes:
    """Put the pieces together, as far as they are there."""
    pieces: list[bytes] = []
    for _ in range(min(-(-length // _PIECE_BYTES), len(area) // extent.CELL_BYTES)):
        if not 0 <= at <= len(area) - extent.CELL_BYTES:
            break
        pieces.append(area[at + extent.CELL.size : at + extent.CELL_BYTES])
        at = (extent.CELL.unpack_from(area, at)[1] - 1) * extent.CELL_BYTES
    return b"".join(pieces)[:length]
