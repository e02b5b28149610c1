"""Check the header of a journal before anything else in it is believed.

`reader` calls it once; from then on the places that it found right stand.
"""

from __future__ import annotations

from collections.abc import Iterator

from telemetry._hotpath import extent
from telemetry.errors import JournalError

from .memory import Memory

_LONGEST = 1 << 48
"""More than the address space of a process: no journal can be that long."""


def check(memory: Memory, name: str) -> int:
    """Give the kind of checksum that records have.

    Raises:
        JournalError: It is no journal, one of another version, or its header contradicts itself.
    """
    if memory.size < extent.HEADER_BYTES_TOTAL:
        raise JournalError(name, "it is shorter than the header of a journal; remove it")
    if memory.word(extent.MAGIC_WORD) != extent.MAGIC:
        raise JournalError(name, "it is no journal; remove it")
    version = memory.word(extent.VERSION_WORD)
    if version != extent.VERSION:
        raise JournalError(
            name, f"it has version {version}, not {extent.VERSION}; read it with the release that wrote it"
        )
    problem = next(_problems(memory), None)
    if problem:
        raise JournalError(name, f"its header is damaged: {problem}; nothing in it can be found")
    return memory.word(extent.CHECKSUM)


def _problems(memory: Memory) -> Iterator[str]:
    end = extent.HEADER_BYTES_TOTAL
    for part, at, size in _parts(memory):
        if at % extent.WORD or not end <= at <= at + size < _LONGEST:
            yield f"the {part} at {at} with {size} bytes overlaps what is before it"
        end = at + size
    slot = memory.word(extent.SLOT_BYTES)
    if slot % extent.WORD or slot < 2 * extent.WORD:
        yield f"open spans have {slot} bytes each"
    segment, ring = memory.word(extent.SEGMENT_BYTES_WORD), memory.word(extent.RING_BYTES)
    if segment % extent.WORD or not extent.SEGMENT_HEADER_BYTES + extent.RECORD_HEADER_BYTES <= segment <= ring:
        yield f"a segment has {segment} bytes, the ring {ring}"
    if memory.word(extent.CHECKSUM) > extent.CRC32C:
        yield f"there is no checksum {memory.word(extent.CHECKSUM)}"


def _parts(memory: Memory) -> Iterator[tuple[str, int, int]]:
    yield "table", memory.word(extent.TABLE_AT), memory.word(extent.SLOTS) * memory.word(extent.SLOT_BYTES)
    yield "notes", memory.word(extent.NOTES_AT), memory.word(extent.NOTES_BYTES)
    yield "pages", memory.word(extent.PAGES_AT), memory.word(extent.PAGES_BYTES)
    yield "ring", memory.word(extent.RING_AT), memory.word(extent.RING_BYTES)
