"""A metric page: mapped memory that cells are allotted from, and the walk that every reader uses.

Anonymous and private to the process for now; the journal will put the same bytes into files.
"""

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
    STARTED_WORD,
    USED_WORD,
    VERSION,
    VERSION_WORD,
    WORD,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap


class Entry:
    """One series as it stands in a page's snapshot; `cell` is its words as bytes."""

    __slots__ = ("cell", "created_ns", "descriptor", "kind")

    def __init__(self, kind: str, created_ns: int, descriptor: bytes, cell: bytes) -> None:
        self.kind = kind
        self.created_ns = created_ns
        self.descriptor = descriptor
        self.cell = cell


class Page:
    """A run of words with entries in it; `integers` and `doubles` are two views of the same memory."""

    __slots__ = ("doubles", "integers", "memory", "size")

    def __init__(self, words: int = PAGE_WORDS) -> None:
        import mmap  # a process that records no metric need not load it

        private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS  # a forked child must not write into its parent's counts
        self.memory = mmap.mmap(-1, words * WORD, flags=private)
        self.size = words
        self.integers = memoryview(self.memory).cast("Q")
        self.doubles = memoryview(self.memory).cast("d")
        self.integers[MAGIC_WORD] = MAGIC
        self.integers[VERSION_WORD] = VERSION
        self._claim()
        self.integers[USED_WORD] = HEADER_WORDS

    def allot(self, kind: str, descriptor: bytes, words: int) -> int | None:
        """Reserve a zeroed cell and give the index of its first word; None when the page is full."""
        padded = -(-len(descriptor) // WORD)
        start = self.integers[USED_WORD]
        end = start + ENTRY_WORDS + padded + words
        if end > self.size:
            return None
        text_at = (start + ENTRY_WORDS) * WORD
        self.memory[text_at : text_at + len(descriptor)] = descriptor
        number = KINDS.index(kind)
        ENTRY.pack_into(self.memory, start * WORD, end - start, number, COMMITTED, time_ns(), len(descriptor), words)
        self.integers[USED_WORD] = end
        return end - words

    def snapshot(self) -> bytes:
        """Copy the used part at one instant."""
        return self.memory[: self.integers[USED_WORD] * WORD]

    def zero(self) -> None:
        """Empty every cell and keep the entries: a forked child starts at zero, as a new process."""
        for start, cell_at, end in _spans_of_entries(self.memory, self.integers[USED_WORD]):
            self.memory[cell_at * WORD : end * WORD] = bytes((end - cell_at) * WORD)
            self.integers[start + 1] = time_ns()
        self._claim()

    def _claim(self) -> None:
        self.integers[PID_WORD] = os.getpid()
        self.integers[STARTED_WORD] = time_ns()


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


def _spans_of_entries(memory: bytes | mmap, used: int) -> Iterator[tuple[int, int, int]]:
    """Give (first word, first word of the cell, word after the last) of each entry."""
    start = HEADER_WORDS
    while start < used:
        words, _, _, _, _, cell = ENTRY.unpack_from(memory, start * WORD)
        yield start, start + words - cell, start + words
        start += words
