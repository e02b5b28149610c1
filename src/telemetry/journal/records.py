"""Take finished records out of the bytes of a segment, past what is damaged.

It knows nothing of where the bytes come from. `reader` calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

from telemetry._hotpath import Chunk, extent, walk_records

_FINISHED: Final = (extent.SPAN, extent.TORN, extent.LOG)
_BEGINNING: Final = re.compile(b"[\\x%02x\\x%02x]\\x12" % (extent.SPAN, extent.LOG))
"""Where a word ends and a payload begins: the state of a finished record, and the tag of its field."""
_CHUNK_RECORDS: Final = 512
_CHUNK_BYTES: Final = 256 * 1024
_SEARCHES: Final = 8


@final
@dataclass(frozen=True, slots=True)
class Taken:
    """Finished records, where the next one will be, and how many damaged ones were stepped over."""

    chunks: list[Chunk]
    at: int
    corrupt: int


@final
class Records:
    """The records in a run of bytes, which is aligned to words; what lies there may be anything.

    Args:
        data: The bytes.
        checksum: The kind of checksum that records have.
    """

    __slots__ = ("_checksum", "_data", "_words", "end")

    def __init__(self, data: bytes | memoryview, checksum: int) -> None:
        self.end = len(data) & -extent.WORD
        self._data = memoryview(data)[: self.end]
        self._words = self._data.cast("Q")
        self._checksum = checksum

    def take(self, at: int, most: int, size: int) -> Taken:
        """Give finished records up to one that is not finished, but no more than asked for; one at least."""
        chunks: list[Chunk] = []
        stop, corrupt = walk_records(self._data, at, self.end, self._checksum, chunks, min(most, self.end), at + size)
        if corrupt or self._is_broken(stop):
            return self._carefully(at, most, size)
        return Taken(chunks, stop, 0)

    def all(self) -> Iterator[Chunk]:
        """Give all finished records, whatever lies between them."""
        at, before = 0, -1
        while at != before:
            taken = self.take(at, self.end, self.end)
            yield from taken.chunks
            before, at = taken.at, self.beyond(taken.at)[0]

    def is_empty(self, at: int) -> bool:
        """Tell whether nothing has been written from here on."""
        return at >= self.end or not self._words[at >> 3]

    def beyond(self, at: int) -> tuple[int, int, int]:
        """Give where one goes on who waits no more for the record here, and what it is counted as: torn, corrupt."""
        if at >= self.end:
            return at, 0, 0
        word = self._words[at >> 3]
        if word and self._is_unfinished(at):
            return at + extent.room(word & 0xFFFFFFFF), 1, 0
        following = self._next(at + extent.WORD)
        if word:
            return following or self.end, 0, 1
        return (following, 1, 0) if following else (at, 0, 0)

    def _carefully(self, at: int, most: int, size: int) -> Taken:
        """Give finished records one by one; what is damaged is stepped over where a sound record follows."""
        chunks: list[Chunk] = []
        corrupt = 0
        while at < self.end and most > 0 and size > 0:
            following = self._after(at, chunks)
            if following is not None:
                most, size = most - 1, size - (following - at)
            else:
                following = None if self._is_unfinished(at) else self._next(at + extent.WORD)
                if following is None:
                    break
                corrupt += 1
            at = following
        return Taken(list(_joined(chunks)), at, corrupt)

    def _after(self, at: int, chunks: list[Chunk]) -> int | None:
        """Add the record here; give where it ends, None where it is not finished or not sound."""
        word = self._words[at >> 3]
        if word >> 56 not in _FINISHED or not self._fits(at):
            return None
        end = at + extent.room(word & 0xFFFFFFFF)
        return end if walk_records(self._data, at, end, self._checksum, chunks) == (end, 0) else None

    def _is_unfinished(self, at: int) -> bool:
        return self.is_empty(at) or (self._words[at >> 3] >> 56 == extent.OPEN and self._fits(at))

    def _fits(self, at: int) -> bool:
        return at + extent.room(self._words[at >> 3] & 0xFFFFFFFF) <= self.end

    def _is_broken(self, at: int) -> bool:
        """Tell whether no record can have this word."""
        if self._is_unfinished(at):
            return False
        return self._words[at >> 3] >> 56 not in _FINISHED or not self._fits(at)

    def _next(self, at: int) -> int | None:
        """Find the next sound record; bytes that only look like many records are not searched for ever."""
        rest = bytes(self._data[at:])
        if rest == bytes(len(rest)):  # as behind the last record; to search 256 KiB takes 2 ms, and this 0.03
            return None
        budget = _SEARCHES * self.end
        for match in _BEGINNING.finditer(self._data, at + extent.WORD - 1):
            found = match.start() - extent.WORD + 1
            if found % extent.WORD or not self._fits(found) or not self._is_filled(found):
                continue
            budget -= extent.room(self._words[found >> 3] & 0xFFFFFFFF)
            if budget < 0:
                break
            if self._after(found, []) is not None:
                return found
        return None

    def _is_filled(self, at: int) -> bool:
        """Tell whether the field that a payload begins with fills it."""
        length = self._words[at >> 3] & 0xFFFFFFFF
        start = at + extent.RECORD_HEADER_BYTES
        number = shift = 0
        for index in range(1, min(length, 6)):
            byte = self._data[start + index]
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number + index + 1 == length
            shift += 7
        return False


def _joined(chunks: list[Chunk]) -> Iterator[Chunk]:
    """Put chunks of one record each together again."""
    run: list[Chunk] = []
    size = 0
    for chunk in chunks:
        same = run and (run[0].scope, run[0].kind) == (chunk.scope, chunk.kind)
        if run and (not same or len(run) == _CHUNK_RECORDS or size + len(chunk.payload) > _CHUNK_BYTES):
            yield _one(run)
            run, size = [], 0
        run.append(chunk)
        size += len(chunk.payload)
    if run:
        yield _one(run)


def _one(run: list[Chunk]) -> Chunk:
    flags, payload = b"".join(each.flags for each in run), b"".join(each.payload for each in run)
    return Chunk(run[0].kind, run[0].scope, flags, payload)
