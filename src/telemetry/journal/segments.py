"""Find the segments of a ring, which its writer uses again and again while somebody looks.

It reads the headers of segments, and nothing in them. `reader` calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final, final

from telemetry._hotpath import extent

from .memory import Memory

_HEADER: Final = Struct("<QQQ")
_LAST_GENERATION: Final = 1 << 40
_SCANS: Final = 8


@final
@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as its header stood at one instant.

    Attributes:
        place: Where it begins in the journal.
        generation: The number of its use.
        end: Where its records end, from its place; 0 while it is written.
        size: Its bytes, the header included.
    """

    place: int
    generation: int
    end: int
    size: int


@final
class Segments:
    """The segments of one journal, by generation; its header must have been checked."""

    __slots__ = ("_at", "_bytes", "_memory", "_places", "_usual")

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._at = memory.word(extent.RING_AT)
        self._bytes = memory.word(extent.RING_BYTES)
        self._usual = memory.word(extent.SEGMENT_BYTES_WORD)
        self._places: dict[int, int] = {}

    @property
    def bound(self) -> int:
        """More steps than one takes who reads all segments once."""
        return 2 * (self._bytes // self._usual) + 2

    def holding(self, cursor: int) -> tuple[Segment, int] | None:
        """Give the segment that a cursor points to, and the offset in it; None where there is no segment at all.

        Where its generation is gone, that is the start of the oldest one after it; a cursor that is beyond all
        generations was damaged, and that is the oldest of all.
        """
        generation, offset = extent.position(cursor)
        found = self.after(generation - 1) or self.after(-1)
        if found is None:
            return None
        is_inside = found.generation == generation and extent.SEGMENT_HEADER_BYTES <= offset <= found.size
        return found, offset if is_inside else extent.SEGMENT_HEADER_BYTES

    def after(self, generation: int) -> Segment | None:
        """Give the segment that was written next after a generation; None where that one is the newest."""
        place = self._places.get(generation + 1)
        found = None if place is None else self.at(place)
        if found is not None and found.generation == generation + 1:
            return found
        later = [each for each in self.all() if each.generation > generation]
        return later[0] if later else None

    def newest(self, count: int) -> list[Segment]:
        """Give the segments that were written last, the newest at the end."""
        return self.all()[-count:]

    def at(self, place: int) -> Segment:
        """Read the header at a place; the size of one that cannot be right is taken as the usual one."""
        header = self._memory.read(place, _HEADER.size)
        generation, end, size = _HEADER.unpack(header.ljust(_HEADER.size, b"\0"))
        room = self._at + self._bytes - place
        if size < self._usual or size % self._usual or size > room:
            size = min(self._usual, room)
            if end > size or end % extent.WORD:
                generation = 0  # nothing of it makes sense: here lies something else
        return Segment(place, generation if generation < _LAST_GENERATION else 0, end, size)

    def all(self) -> list[Segment]:
        """Give the segments that are in use, the oldest first.

        While headers are read one after the other, the writer may use one again that was read already: the list is
        taken when it is twice the same.
        """
        found: list[Segment] = []
        for _ in range(_SCANS):
            before, found = found, self._scan()
            if [each.generation for each in before] == [each.generation for each in found]:
                break
        self._places = {each.generation: each.place for each in found}
        return found

    def _used(self) -> int:
        """Give how far segments reach: to look further takes a read for each, 35 us in the holes of a disk file."""
        used = self._memory.word(extent.RING_USED)
        is_plausible = 0 < used <= self._bytes and used % self._usual == 0
        return used if is_plausible else self._bytes

    def _scan(self) -> list[Segment]:
        found = {}
        place, end = self._at, min(self._at + self._used(), self._memory.size)
        while place + extent.SEGMENT_HEADER_BYTES <= end:
            segment = self.at(place)
            if segment.generation:
                found[segment.generation] = segment
            place += segment.size
        return [found[generation] for generation in sorted(found)]
