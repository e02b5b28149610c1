"""Keeps a copy of the metric pages of one journal, and fills it anew with `pread` for each scrape.

The process that writes the journal notices nothing. A copy never moves: what reads it does so in place. `roster` has
one for each journal.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Final, final

from telemetry._hotpath import extent, layout
from telemetry.errors import JournalError
from telemetry.journal import FileMemory, Reader
from telemetry.metrics import Part

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_HEADER: Final = struct.Struct(f"={extent.PAGES_USED + 1}Q")
_PAGE_HEADER: Final = struct.Struct(f"={layout.HEADER_WORDS}Q")
_LARGEST_BYTES: Final = 1 << 30
"""More than any page has; what a damaged one says of itself is not to fill the memory."""


@final
class Transcript:
    """The pages of one journal.

    Args:
        path: The journal.
        key: The key in its name.

    Raises:
        JournalError: It is no journal of this version, or not the one that its name says.

    Attributes:
        path: The journal.
    """

    __slots__ = ("_file", "_pages", "path")

    def __init__(self, path: Path, key: int) -> None:
        self.path = path
        with FileMemory(path, only_read=True) as memory:
            found = Reader(memory, path=path).identity.key
        if found != key:
            raise JournalError(str(path), f"it is damaged, or has another's name: its key is {found:x}")
        self._file: tuple[int, int] | None = None
        self._pages: list[_Page] = []

    @property
    def parts(self) -> list[Part]:
        """The copies of its pages."""
        return [page.part for page in self._pages]

    def fill(self) -> None:
        """Read all pages as they are now.

        Raises:
            FileNotFoundError: The journal was removed, or another one has its name.
            JournalError: It is damaged; what was read before stays.
        """
        descriptor = os.open(self.path, _FLAGS)
        try:
            self._recognise(os.fstat(descriptor))
            self._grow(descriptor)
            for page in self._pages:
                page.fill(descriptor, str(self.path))
        finally:
            os.close(descriptor)

    def _recognise(self, status: os.stat_result) -> None:
        file = status.st_dev, status.st_ino
        if self._file not in (None, file):
            raise FileNotFoundError(str(self.path))
        self._file = file

    def _grow(self, descriptor: int) -> None:
        """Find the pages that were added: they stand one behind the other, and each says how long it is."""
        words = _unpacked(_HEADER, descriptor, 0, str(self.path))
        start, room = words[extent.PAGES_AT], words[extent.PAGES_BYTES]
        end = start + min(words[extent.PAGES_USED], room)
        at = self._pages[-1].end if self._pages else start
        while at < end:
            header = _unpacked(_PAGE_HEADER, descriptor, at, str(self.path))
            if not header[layout.MAGIC_WORD]:
                return  # it is being made
            size = header[layout.SIZE_WORD] * layout.WORD
            if not layout.HEADER_WORDS * layout.WORD <= size <= min(end - at, _LARGEST_BYTES):
                problem = f"its metric page at {at} has {size} bytes; pages from there on are lost"
                raise JournalError(str(self.path), problem)
            self._pages.append(_Page(at, size))
            at += size


@final
class _Page:
    __slots__ = ("_at", "_known", "_view", "end", "part")

    def __init__(self, at: int, size: int) -> None:
        self.part = Part(bytearray(size))
        self.end = at + size
        self._at = at
        self._view = memoryview(self.part.memory)
        self._known = layout.HEADER_WORDS * layout.WORD

    def fill(self, descriptor: int, name: str) -> None:
        """Read as far as it is used, at once where nothing was added since last time."""
        self._read(descriptor, 0, self._known, name)
        used: int = struct.unpack_from("=Q", self._view, layout.USED_WORD * layout.WORD)[0] * layout.WORD
        if self._known < used <= len(self._view):
            self._read(descriptor, self._known, used, name)
            self._known = used

    def _read(self, descriptor: int, start: int, end: int, name: str) -> None:
        while start < end:
            count = os.preadv(descriptor, [self._view[start:end]], self._at + start)
            if not count:
                raise JournalError(name, f"it is cut short at {self._at + start}; metrics from there on are lost")
            start += count


def _unpacked(form: struct.Struct, descriptor: int, at: int, name: str) -> tuple[int, ...]:
    data = os.pread(descriptor, form.size, at)
    if len(data) < form.size:
        raise JournalError(name, f"it is cut short at {at + len(data)}; metrics from there on are lost")
    return form.unpack(data)
