"""A copy of a journal that can be read at leisure, though its process goes on writing meanwhile.

Nothing is locked and nobody waits. What is copied first, and what is looked at twice, keeps the copy whole:

    open spans   before the ring: a span that ends meanwhile is found in the ring, and one that began is too young
    segments     copied between two looks at their generation; one that was used again meanwhile is copied anew
    header       after the ring, so that its cursor and counts are not older than the records
    notes        after the header, as far as that says: no record names a scope that is not there
    pages        the same

A journal has room for everything that it may become. A copy has none: its parts stand close together, and its header
says where, so it is a journal like any other and some hundredths of the size.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, final

from telemetry._hotpath import extent
from telemetry.errors import JournalError
from telemetry.journal.memory import FileMemory

_PIECE: Final = 1 << 20
_ATTEMPTS: Final = 8
_SPARE_BYTES: Final = (0, 1 << 16, 1 << 20, 1 << 24)
"""Room for what is added to notes and pages while the ring is copied; tried one after the other."""
_LARGEST: Final = 1 << 33
"""Places beyond 8 GiB are of no journal, but of a header that was damaged."""


def copy_journal(source: Path, target: Path) -> None:
    """Copy a journal as it stands now; what is not used stays a hole.

    Raises:
        JournalError: The source cannot be read, or is no journal.
        OSError: The copy cannot be written.
    """
    with FileMemory(source, only_read=True) as memory, target.open("xb") as file:
        if memory.word(extent.MAGIC_WORD) != extent.MAGIC:
            raise JournalError(str(source), "it does not begin as a journal does; it is none, or was damaged")
        for spare_bytes in _SPARE_BYTES:
            if _Copying(memory, file, spare_bytes).run():
                return
        raise JournalError(str(source), "its process adds to it faster than it can be copied; pack once more")


@final
class _Copying:
    __slots__ = ("_file", "_header", "_memory", "_places", "_reach", "_rooms")

    def __init__(self, memory: FileMemory, file: BinaryIO, spare_bytes: int) -> None:
        self._memory = memory
        self._file = file
        self._header = memory.read(0, extent.HEADER_BYTES_TOTAL)
        self._reach = 0
        table = self._word(extent.SLOTS) * self._word(extent.SLOT_BYTES)
        self._rooms = {
            extent.TABLE_AT: min(table, memory.size) & -extent.WORD,
            extent.NOTES_AT: _whole(self._word(extent.NOTES_USED) + spare_bytes),
            extent.PAGES_AT: _whole(self._word(extent.PAGES_USED) + spare_bytes),
            extent.RING_AT: min(self._word(extent.RING_USED), memory.size) & -extent.WORD,
            extent.UNDECIDED_AT: _whole(self._word(extent.UNDECIDED_USED) + spare_bytes),
        }
        self._places: dict[int, int] = {}
        place = extent.HEADER_BYTES_TOTAL
        for part, room in self._rooms.items():
            self._places[part] = place
            place += room
        file.truncate(0)

    def run(self) -> bool:
        """Copy everything; tell whether there was room for what was added meanwhile."""
        self._table()
        for at, size in self._segments():
            self._segment(at, size)
        self._header = self._memory.read(0, extent.HEADER_BYTES_TOTAL)
        used = {part: self._word(words) for part, words in _USED.items()}
        if any(size > self._rooms[part] for part, size in used.items()):
            return False
        for part, size in used.items():
            self._range(part, 0, size)
        self._put(0, self._placed())
        self._file.truncate(max(self._reach, self._places[extent.RING_AT] + self._rooms[extent.RING_AT]))
        return True

    def _placed(self) -> bytes:
        """Give the header with the places and sizes of the copy."""
        words = {**self._places, **{_BYTES[part]: room for part, room in self._rooms.items() if part in _BYTES}}
        ring = self._rooms[extent.RING_AT]
        words |= {extent.RING_BYTES: max(ring, self._word(extent.SEGMENT_BYTES_WORD)), extent.RING_USED: ring}
        header = bytearray(self._header)
        for index, word in words.items():
            header[index * extent.WORD : (index + 1) * extent.WORD] = word.to_bytes(extent.WORD, "little")
        return bytes(header)

    def _word(self, index: int) -> int:
        found = int.from_bytes(self._header[index * extent.WORD : (index + 1) * extent.WORD], "little")
        return found if found < _LARGEST else 0

    def _table(self) -> None:
        """Copy the open spans, each as it stood at two looks in a row; one that never stands still is left free."""
        at, total, size = self._word(extent.TABLE_AT), self._rooms[extent.TABLE_AT], self._word(extent.SLOT_BYTES)
        if not total:
            return
        before = self._memory.read(at, total)
        for _ in range(_ATTEMPTS):
            now = self._memory.read(at, total)
            if now == before:
                break
            before, last = now, before
        else:
            slots = range(0, total, size)
            now = b"".join(now[s : s + size] if now[s : s + size] == last[s : s + size] else bytes(size) for s in slots)
        self._put(self._places[extent.TABLE_AT], now)

    def _segments(self) -> Iterator[tuple[int, int]]:
        """Give the offset in the ring and the size of each segment; a size that cannot be true ends the walk."""
        at, end = 0, self._rooms[extent.RING_AT]
        while at + extent.SEGMENT_HEADER_BYTES <= end:
            size = self._ring_word(at + extent.SIZE * extent.WORD)
            if size % extent.WORD or not extent.SEGMENT_HEADER_BYTES < size <= end - at:
                size = end - at  # the reader says what is wrong with it
            yield at, size
            at += size

    def _segment(self, at: int, size: int) -> None:
        for _ in range(_ATTEMPTS):
            generation = self._ring_word(at)
            self._range(extent.RING_AT, at, size)
            if self._ring_word(at) == generation:
                return
        # So busy that its records are overwritten while they are read: none of them is left.
        self._put(self._places[extent.RING_AT] + at, bytes(extent.WORD))

    def _ring_word(self, at: int) -> int:
        return int.from_bytes(self._memory.read(self._word(extent.RING_AT) + at, extent.WORD), "little")

    def _range(self, part: int, at: int, size: int) -> None:
        """Copy a range of one part."""
        source, target = self._word(part), self._places[part]
        for begin in range(at, at + size, _PIECE):
            self._put(target + begin, self._memory.read(source + begin, min(_PIECE, at + size - begin)))

    def _put(self, at: int, data: bytes) -> None:
        """Write where there is something; a page of zeros stays a hole, as it is in the journal."""
        for begin in range(0, len(data), extent.PAGE_SIZE):
            page = data[begin : begin + extent.PAGE_SIZE]
            if any(page) or at + begin < self._reach:
                self._file.seek(at + begin)
                self._reach = max(self._reach, at + begin + self._file.write(page))


_USED: Final = {
    extent.NOTES_AT: extent.NOTES_USED,
    extent.PAGES_AT: extent.PAGES_USED,
    extent.UNDECIDED_AT: extent.UNDECIDED_USED,
}
_BYTES: Final = {
    extent.NOTES_AT: extent.NOTES_BYTES,
    extent.PAGES_AT: extent.PAGES_BYTES,
    extent.UNDECIDED_AT: extent.UNDECIDED_BYTES,
}


def _whole(size: int) -> int:
    """Round up to words, on which everything in a journal begins."""
    return -(-size // extent.WORD) * extent.WORD
