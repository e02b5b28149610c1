"""Copy batches of finished records out of a ring that its process writes to meanwhile.

A segment may be used again while it is read: its generation is compared before and after, and a shipper claims it.
`reader` calls it.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from time import monotonic_ns
from typing import Final, final

from telemetry._hotpath import Chunk, extent

from .memory import Memory
from .records import Records, Taken
from .segments import Segment, Segments

_PATIENCE_NS: Final = 1_000_000_000
_TRIES: Final = 16


@final
@dataclass(frozen=True, slots=True)
class Batch:
    """Finished records of one segment, oldest first.

    Attributes:
        chunks: The records, those of a scope together.
        cursor: What comes before it is in this batch, or was in an earlier one.
        torn: Records on the way that a thread had begun and nobody finishes.
        corrupt: Records on the way whose checksum or structure was wrong.
    """

    chunks: tuple[Chunk, ...]
    cursor: int
    torn: int = 0
    corrupt: int = 0


@final
@dataclass(frozen=True, slots=True)
class _Step:
    """What one segment gave, and whether there is no more in it."""

    batch: Batch
    is_done: bool


@final
class Batches:
    """What is left to read of one ring.

    Args:
        memory: The journal; its header must have been checked.
        segments: Its ring.
        checksum: The kind of checksum of its records.
        claim: The word that says which segment the caller is reading.
    """

    __slots__ = ("_checksum", "_claim_word", "_claimed", "_memory", "_segments", "_waiting")

    def __init__(self, memory: Memory, segments: Segments, checksum: int, claim: int) -> None:
        self._memory = memory
        self._segments = segments
        self._checksum = checksum
        self._claim_word = claim
        self._claimed = 0
        self._waiting = (0, 0)  # the cursor of a record that is not finished, and since when

    def take(self, cursor: int, most: int, size: int, *, last: bool, claim: bool) -> Batch:
        """Copy finished records from a cursor on; see `Reader.batch`."""
        torn = corrupt = 0
        for _ in range(_TRIES):
            found = self._segments.holding(cursor)
            if found is None:
                break
            segment, at = found
            if claim and not self._claim(segment.generation) and not last:  # a dead process drops nothing any more
                break
            step = self._step(segment, at, most, size, last=last)
            if self._segments.at(segment.place).generation != segment.generation:
                continue  # it was used again meanwhile
            torn, corrupt, cursor = torn + step.batch.torn, corrupt + step.batch.corrupt, step.batch.cursor
            if step.batch.chunks:
                return Batch(step.batch.chunks, cursor, torn, corrupt)
            following = self._segments.after(segment.generation) if step.is_done else None
            if following is None:
                break
            cursor = extent.cursor(following.generation, extent.SEGMENT_HEADER_BYTES)
        if claim:
            self.release()
        return Batch((), cursor, torn, corrupt)

    def release(self) -> None:
        """Give up the claim on the segment of the last batch."""
        self._say(0)

    def _claim(self, generation: int) -> bool:
        """Keep the process from using a segment again; False where it is about to, and next time it will have done so.

        Where a claim cannot be written, generations are still compared.
        """
        if self._claimed == generation:
            return True
        self._say(generation)
        return self._memory.word(extent.DROPPING) != generation

    def _say(self, generation: int) -> None:
        if self._claimed != generation:
            self._claimed = generation
            with contextlib.suppress(OSError):
                self._memory.put(self._claim_word, generation)

    def _step(self, segment: Segment, at: int, most: int, size: int, *, last: bool) -> _Step:
        """Read a segment as far as it goes."""
        records, taken = self._taken(segment, at, most, size)
        torn, corrupt, here = 0, taken.corrupt, taken.at
        is_done = False
        while not taken.chunks:
            if records.is_empty(here) and 0 < segment.end <= at + here:
                is_done = True
                break
            if not last and not self._is_given_up(segment, at + here):
                break
            following, is_torn, is_corrupt = records.beyond(here)
            if following == here:
                is_done = True
                break
            torn, corrupt = torn + is_torn, corrupt + is_corrupt
            taken = records.take(following, most, size)
            corrupt, here = corrupt + taken.corrupt, taken.at
        cursor = extent.cursor(segment.generation, at + here)
        return _Step(Batch(tuple(taken.chunks), cursor, torn, corrupt), is_done)

    def _taken(self, segment: Segment, at: int, most: int, size: int) -> tuple[Records, Taken]:
        """Take records; what looks damaged is looked at twice, as it may have been copied while it was written."""
        for _ in range(2):
            records = Records(self._memory.view(segment.place + at, segment.size - at), self._checksum)
            taken = records.take(0, most, size)
            if not taken.corrupt:
                break
        return records, taken

    def _is_given_up(self, segment: Segment, at: int) -> bool:
        """Tell whether the thread that had to finish a record in a full segment has had its time."""
        if not segment.end and self._segments.after(segment.generation) is None:
            return False
        here, now = extent.cursor(segment.generation, at), monotonic_ns()
        if self._waiting[0] != here:
            self._waiting = here, now
        return now - self._waiting[1] > _PATIENCE_NS
