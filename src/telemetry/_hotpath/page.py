"""A metric page: mapped memory that cells are allotted from, and the walk that every reader uses."""

from __future__ import annotations

import os
from time import time_ns

from .layout import (
    COMMITTED,
    ENTRY,
    ENTRY_WORDS,
    HEADER_WORDS,
    KINDS,
    MAGIC,
    MAGIC_WORD,
    PAGE_WORDS,
    PID_WORD,
    SIZE_WORD,
    STARTED_WORD,
    USED_WORD,
    VERSION,
    VERSION_WORD,
    WORD,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Entry:
    """One series as it stands in a page's snapshot; `cell` is its words as bytes."""

    __slots__ = ("cell", "created_ns", "descriptor", "kind")

    def __init__(self, kind: str, created_ns: int, descriptor: bytes, cell: bytes) -> None:
        self.kind = kind
        self.created_ns = created_ns
        self.descriptor = descriptor
        self.cell = cell


class Page:
    """A run of words with entries in it; `integers` and `doubles` are two views of the same memory.

    It is a part of a region, or has memory of its own where there is none or it is full; `is_settled` says which.
    """

    __slots__ = ("doubles", "integers", "is_settled", "memory", "size")

    def __init__(self, words: int = PAGE_WORDS, region: Any = None) -> None:
        self.size = words
        piece = region.settle(self) if region is not None else None
        self.is_settled = piece is not None
        self.memory = _anonymous(words * WORD) if piece is None else piece
        self.integers = self.memory.cast("Q")
        self.doubles = self.memory.cast("d")
        self._head()

    def _head(self) -> None:
        self.integers[VERSION_WORD] = VERSION
        self.integers[SIZE_WORD] = self.size
        self.integers[PID_WORD] = os.getpid()
        self.integers[STARTED_WORD] = time_ns()
        self.integers[USED_WORD] = HEADER_WORDS
        self.integers[MAGIC_WORD] = MAGIC

    def allot(self, kind: str, descriptor: bytes, words: int) -> int | None:
        """Reserve a zeroed cell and give the index of its first word; None when the page is full."""
        needed = ENTRY_WORDS - (-len(descriptor) // WORD) + words
        number = KINDS.index(kind)
        entry = ENTRY.pack(needed, number, COMMITTED, time_ns(), len(descriptor), words) + descriptor
        start = -1
        while start != self.integers[USED_WORD]:  # a finaliser that runs here may allot one too
            start = self.integers[USED_WORD]
            if start + needed > self.size:
                return None
            place = slice(start * WORD, start * WORD + len(entry))
        self.memory[place] = entry  # nothing is called from here on, so no signal handler comes in between
        self.integers[USED_WORD] = start + needed
        return start + needed - words

    def snapshot(self) -> bytes:
        """Copy the used part at one instant."""
        return bytes(self.memory[: self.integers[USED_WORD] * WORD])

    def refill(self, snapshot: bytes) -> None:
        """Take the entries of a snapshot into fresh memory with every cell empty.

        So a forked child starts at zero, as a new process, and its cells stand where its parent's stand.
        """
        self._head()
        now = time_ns()
        for start, cell_at, end in _spans_of_entries(snapshot, len(snapshot) // WORD):
            self.memory[start * WORD : end * WORD] = bytes((end - start) * WORD)
            self.memory[start * WORD : cell_at * WORD] = snapshot[start * WORD : cell_at * WORD]
            self.integers[start + 1] = now
        self.integers[USED_WORD] = len(snapshot) // WORD


def _anonymous(size: int) -> memoryview:
    import mmap  # a process that records no metric need not load it

    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS  # a forked child must not write into its parent's counts
    return memoryview(mmap.mmap(-1, size, flags=private))


def walk(snapshot: bytes) -> Iterator[Entry]:
    """Give every entry of a page's snapshot, oldest first.

    Raises:
        ValueError: These bytes are no metric page of this version.
    """
    words = memoryview(snapshot)[: HEADER_WORDS * WORD].cast("Q")
    if words[MAGIC_WORD] != MAGIC or words[VERSION_WORD] != VERSION:
        raise ValueError(f"not a metric page of version {VERSION}")
    for start, cell_at, end in _spans_of_entries(snapshot, words[USED_WORD]):
        _, number, _, created_ns, length, _ = ENTRY.unpack_from(snapshot, start * WORD)
        text_at = (start + ENTRY_WORDS) * WORD
        descriptor = snapshot[text_at : text_at + length]
        yield Entry(KINDS[number], created_ns, descriptor, snapshot[cell_at * WORD : end * WORD])


def _spans_of_entries(memory: bytes, used: int) -> Iterator[tuple[int, int, int]]:
    """Give (first word, first word of the cell, word after the last) of each entry."""
    start = HEADER_WORDS
    while start + ENTRY_WORDS <= used:
        words, number, _, _, _, cell = ENTRY.unpack_from(memory, start * WORD)
        if words < ENTRY_WORDS + cell or start + words > used or number >= len(KINDS):
            return  # damaged: what lies behind it cannot be found
        yield start, start + words - cell, start + words
        start += words
