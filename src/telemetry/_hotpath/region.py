"""The memory of one runtime, laid out as `extent` says: anonymous here, a file in `journal`."""

from __future__ import annotations

import os
from _weakref import ref
from time import time_ns

from . import extent
from .extent import PAGE_SIZE, SEGMENT_BYTES, WORD
from .twin import CHECKSUM, TWIN, remap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap
    from typing import Any

    from .page import Page

RING_BYTES = 32 * 1024 * 1024
"""Some 100 000 spans: what a pipeline that ends a thousand a second makes while its collector is away for a minute."""
NOTES_BYTES = 1024 * 1024
PAGES_BYTES = 32 * 1024 * 1024
"""A bound of addresses, not of memory: what no metric uses is never touched."""
UNDECIDED_BYTES = 1024 * 1024
"""Some 4000 spans; as with pages, what is not used is never touched."""
SLOTS = 1024
SLOT_BYTES = 512

_STEP = 64 * 1024
_MAP_NORESERVE = 0x4000  # Linux, <asm-generic/mman-common.h>; the module `mmap` does not have it


class Region:
    """One mapping with a place for everything; no part of it ever moves.

    A forked child has its own at the same addresses: `renew` puts fresh memory there, so that whatever points into it
    writes into the child's.

    Attributes:
        memory: All of it.
        words: The same as 64-bit words.
        is_file: Whether others can read it, and it outlives the process.
        pages_bytes: The bound of the metrics in it.
        undecided_bytes: The bound of the spans in it that wait for a verdict on their trace.
    """

    is_file = False
    pages_bytes = PAGES_BYTES
    undecided_bytes = UNDECIDED_BYTES

    def __init__(
        self, ring_bytes: int = RING_BYTES, pages_bytes: int = PAGES_BYTES, undecided_bytes: int = UNDECIDED_BYTES
    ) -> None:
        segment = max(PAGE_SIZE, min(SEGMENT_BYTES, ring_bytes // PAGE_SIZE * PAGE_SIZE))
        self._segment = segment
        self._ring = max(extent.LEAST_SEGMENTS, ring_bytes // segment) * segment
        self.pages_bytes = pages_bytes
        self.undecided_bytes = undecided_bytes // PAGE_SIZE * PAGE_SIZE
        self.size = PAGE_SIZE + SLOTS * SLOT_BYTES + NOTES_BYTES + pages_bytes + self._ring + self.undecided_bytes
        self.memory = self._map()
        self.words = memoryview(self.memory).cast("Q")
        self._reserved: dict[int, int] = {}
        self._notes: dict[tuple[int, int], bytes] = {}
        self._pages: list[Page] = []
        self._rings: list[ref[Any]] = []
        self.lay_out()
        _alive.append(ref(self, _alive.remove))

    def lay_out(self) -> None:
        """Write the header; everything is empty then.

        Raises:
            OSError: There is no room for the least that it needs.
        """
        words = self.words
        table = PAGE_SIZE
        notes = table + SLOTS * SLOT_BYTES
        pages = notes + NOTES_BYTES
        ring = pages + self.pages_bytes
        undecided = ring + self._ring
        self._reserved = {0: notes, notes: notes, pages: pages, undecided: undecided}
        if not self._grow(0, notes) or not self._grow(ring, extent.LEAST_SEGMENTS * self._segment):
            raise OSError(28, "no room for a journal")
        self._reserved[ring] = ring + extent.LEAST_SEGMENTS * self._segment
        words[extent.VERSION_WORD] = extent.VERSION
        words[extent.CHECKSUM] = CHECKSUM
        words[extent.PID] = os.getpid()
        words[extent.CREATED_NS] = time_ns()
        words[extent.STATE] = extent.RUNNING
        words[extent.TABLE_AT], words[extent.SLOTS], words[extent.SLOT_BYTES] = table, SLOTS, SLOT_BYTES
        words[extent.NOTES_AT], words[extent.NOTES_BYTES] = notes, NOTES_BYTES
        words[extent.PAGES_AT], words[extent.PAGES_BYTES] = pages, self.pages_bytes
        words[extent.RING_AT], words[extent.RING_BYTES] = ring, self._ring
        words[extent.SEGMENT_BYTES_WORD] = self._segment
        words[extent.UNDECIDED_AT], words[extent.UNDECIDED_BYTES] = undecided, self.undecided_bytes
        self._identify()
        words[extent.MAGIC_WORD] = extent.MAGIC  # last: what has no magic is not there yet

    def reserve(self, area: int, end: int) -> bool:
        """Make sure that an area can be written up to here; False where there is no room left.

        A place that was never reserved must not be touched: on a full disk that would be a SIGBUS.
        """
        begin = self._reserved[area]
        if end <= begin:
            return True
        wanted = begin + -(-(end - begin) // _STEP) * _STEP
        if not self._grow(begin, wanted - begin):
            return False
        if self._reserved[area] < wanted:  # noqa: PLR1730 -- in a call of max() a signal handler may come further
            self._reserved[area] = wanted
        return True

    def _take(self, area: int, bound: int, counter: int, size: int) -> int | None:
        """Give the place of the next `size` bytes of an area; None where there is no room left.

        From looking how much is used to saying how much, nothing is called, so that no signal handler comes in between.
        """
        words = self.words
        used = -1
        while used != words[counter]:
            used = words[counter]
            if used + size > bound or not self.reserve(area, area + used + size):
                return None
        words[counter] = used + size
        return area + used

    def is_allotted(self, at: int, size: int) -> bool:
        """Tell whether memory stands behind addresses: on a full disk even to read a hole of a file is a SIGBUS."""
        begins = (area for area in self._reserved if area <= at)
        return at + size <= self._reserved[max(begins, default=0)]

    def note(self, kind: int, number: int, payload: bytes) -> bool:
        """Write down what records name by a number; False where there is no room left."""
        self._notes[kind, number] = payload
        return self._write_note(kind, number, payload)

    def _write_note(self, kind: int, number: int, payload: bytes) -> bool:
        size = extent.NOTE.size + (len(payload) + 7 & ~7)
        at = self._take(self.words[extent.NOTES_AT], NOTES_BYTES, extent.NOTES_USED, size)
        if at is None:
            return False
        begin = at + extent.NOTE.size
        self.memory[begin : begin + len(payload)] = payload
        extent.NOTE.pack_into(self.memory, at, len(payload), number, kind, extent.NOTE_WRITTEN)
        return True

    def settle(self, page: Page) -> memoryview | None:
        """Give the next piece of the area of pages to a page; None where it has no more room."""
        at = self._take(self.words[extent.PAGES_AT], self.pages_bytes, extent.PAGES_USED, page.size * WORD)
        if at is None:
            return None
        self._pages.append(page)
        return memoryview(self.memory)[at : at + page.size * WORD]

    def cell(self) -> int | None:
        """Give the place of one more cell for undecided spans; None where there is no room left."""
        words = self.words
        area = words[extent.UNDECIDED_AT]
        return self._take(area, words[extent.UNDECIDED_BYTES], extent.UNDECIDED_USED, extent.CELL_BYTES)

    def serve(self, ring: Any) -> None:
        """Tell a ring, or whatever else keeps places, when its memory is fresh."""
        self._rings.append(ref(ring))

    def renew(self) -> None:
        """Put fresh memory in the place of what a forked child has inherited: it starts at zero, as a new process."""
        pages = [(page, page.snapshot()) for page in self._pages]
        used = self.words[extent.PAGES_USED]
        self.renounce()
        self._refresh()
        self.lay_out()
        if pages and self.reserve(self.words[extent.PAGES_AT], self.words[extent.PAGES_AT] + used):
            self.words[extent.PAGES_USED] = used
            for page, snapshot in pages:
                page.refill(snapshot)
        for (kind, number), payload in self._notes.items():
            self._write_note(kind, number, payload)
        for reference in self._rings:
            ring = reference()
            if ring is not None:
                ring.restart()

    def renounce(self) -> None:
        """Let go of what is the parent's."""

    def close(self) -> None:
        """Let others know that no more comes; what points into the memory may go on writing."""

    def _map(self) -> mmap:
        from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap  # not for an import that records nothing

        return mmap(-1, self.size, flags=MAP_PRIVATE | MAP_ANONYMOUS | _MAP_NORESERVE)

    def _grow(self, at: int, size: int) -> bool:
        """Allot what stands behind these addresses; anonymous memory comes by itself."""
        return True

    def _identify(self) -> None:
        """Say who writes; of anonymous memory nobody asks."""

    def _put_over(self, descriptor: int) -> bool:
        """Put a file, or with -1 fresh memory, in the place of what is there; tell whether that was done."""
        return remap(self.memory, descriptor, self.size)

    def _refresh(self) -> None:
        if TWIN == "pure":
            self._clear()  # what is private can be zeroed as well, and the other way needs `ctypes` here
        else:
            self._put_over(-1)

    def _clear(self) -> None:
        """Zero what was used."""
        words = self.words
        used = [
            (PAGE_SIZE, SLOTS * SLOT_BYTES),
            (words[extent.NOTES_AT], words[extent.NOTES_USED]),
            (words[extent.PAGES_AT], words[extent.PAGES_USED]),
            (words[extent.RING_AT], words[extent.RING_USED]),
            (words[extent.UNDECIDED_AT], words[extent.UNDECIDED_USED]),
            (0, PAGE_SIZE),
        ]
        for at, size in used:
            self.memory[at : at + size] = bytes(size)


_alive: list[ref[Region]] = []


def _renew_all() -> None:
    for reference in _alive:
        region = reference()
        if region is not None:
            region.renew()


os.register_at_fork(after_in_child=_renew_all)
