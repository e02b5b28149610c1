"""Copy the metric pages out of a journal; what is in them, others read.

The next one is looked for behind a page whose header was damaged, so that no more than one is missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from telemetry._hotpath import extent, layout

from .memory import Memory

_MAGIC: Final = layout.MAGIC.to_bytes(extent.WORD, "little")
_STRIDE: Final = 64 * 1024


def snapshots(memory: Memory) -> Iterator[bytes]:
    """Give each page as far as it is used; one whose header contradicts itself is left out."""
    start = memory.word(extent.PAGES_AT)
    end = min(start + min(memory.word(extent.PAGES_USED), memory.word(extent.PAGES_BYTES)), memory.size)
    while (place := _found(memory, start, end)) is not None:
        used, size = _extent(memory, place)
        is_sound = layout.HEADER_WORDS * extent.WORD <= used <= size <= end - place
        if is_sound:
            yield memory.read(place, used)
        start = place + (size if is_sound else extent.WORD)


def _extent(memory: Memory, place: int) -> tuple[int, int]:
    """Give the bytes of the page here that are used, and all of them; zeros where it is none of this version."""
    header = memory.read(place, layout.HEADER_WORDS * extent.WORD)
    if len(header) < layout.HEADER_WORDS * extent.WORD:
        return 0, 0
    words = memoryview(header).cast("Q")
    if words[layout.VERSION_WORD] != layout.VERSION:
        return 0, 0
    return words[layout.USED_WORD] * extent.WORD, words[layout.SIZE_WORD] * extent.WORD


def _found(memory: Memory, start: int, end: int) -> int | None:
    """Find where the next page begins."""
    while start < end:
        data = memory.read(start, min(_STRIDE, end - start))
        if not data:
            return None
        at = data.find(_MAGIC)
        while at >= 0 and at % extent.WORD:
            at = data.find(_MAGIC, at + 1)
        if at >= 0:
            return start + at
        start += len(data) & -extent.WORD or len(data)
    return None
