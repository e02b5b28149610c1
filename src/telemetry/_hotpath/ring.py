"""A ring of segments: where finished spans lie, as OTLP bytes, from their end until somebody has read them.

    segment   records, one after the other, from its first byte; zeros after the last
    record    header (8 bytes) · payload, padded to 8 bytes
    header    length of the payload : 32 · scope : 16 · W3C trace flags : 8 · state : 8

The payload is a span as field 2 of `ScopeSpans`, so payloads put end to end are the body of one. A header is written
last: a reader stops at the first that is zero, since what lies there is not finished. Segments are mapped memory that
is used again and again: touching fresh pages would cost more than the writing (4 ns a record against 160).
"""

from __future__ import annotations

from _thread import RLock
from typing import NamedTuple

from .scope import Scopes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap

SEGMENT_BYTES = 256 * 1024
RING_BYTES = 16 * 1024 * 1024
HEADER_BYTES = 8
COMMITTED = 1

CHUNK_SPANS = 512
CHUNK_BYTES = 256 * 1024
"""What a reader takes at once: a batch of OTLP has 512 spans by default (OTEL_BSP_MAX_EXPORT_BATCH_SIZE)."""


class Chunk(NamedTuple):
    """Finished spans of one scope, as they lay in the ring.

    Attributes:
        scope: The number of the scope in the ring's `scopes`.
        flags: The W3C trace flags of each span, one byte each; its length is the number of spans.
        payload: The spans as OTLP, each as field 2 of `ScopeSpans`.
    """

    scope: int
    flags: bytes
    payload: bytes


def header(length: int, flags: int, scope: int) -> int:
    """Make the word that stands before a record."""
    return length | scope << 32 | flags << 48 | COMMITTED << 56


def room(length: int) -> int:
    """Give the bytes that a record with a payload of this length takes."""
    return HEADER_BYTES + (length + 7 & ~7)


class Segment:
    """A piece of mapped memory that is written once from front to back, and then read.

    Attributes:
        memory: Its bytes.
        words: The same as 64-bit words.
        limit: Its size.
        head: Where the next record goes; beyond the limit once it is sealed. Under the GIL, reading and moving it is one
            step, as CPython 3.10 and later look for another thread only at calls and back-edges.
        sealed: Where its records end; None while it is written.
        read: What a reader has taken.
    """

    __slots__ = ("head", "limit", "memory", "read", "sealed", "words")

    def __init__(self, size: int) -> None:
        import mmap  # a process that records no span need not load it

        self.memory: mmap = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.words = memoryview(self.memory).cast("Q")
        self.limit = size
        self.reset()

    def reset(self) -> None:
        """Empty it."""
        self.memory[:] = bytes(self.limit)  # touches the pages of a new one too
        self.sealed: int | None = None
        self.read = 0
        self.head = 0

    def seal(self) -> None:
        """Take no more records."""
        at, self.head = self.head, self.limit + 1
        self.sealed = at


class Ring:
    """Segments that are filled one after the other, and used again once they are read.

    When all are full and nobody has read them, the oldest goes, and its spans are counted by `lose`. Any thread writes;
    one at a time reads.

    Attributes:
        current: The segment that is written now.
        scopes: The instrumentation scopes of its records.
        wake: Called when a segment is full, from the recording thread.
        lose: Called with the number of spans that were overwritten unread.
    """

    __slots__ = ("_free", "_full", "_lock", "_reading", "_size", "_used", "current", "lose", "scopes", "wake")

    def __init__(self, size: int = RING_BYTES) -> None:
        self._size = size
        self.scopes = Scopes()
        self.wake: Callable[[], None] = _nothing
        self.lose: Callable[[int], None] | None = None
        self.restart()

    def restart(self) -> None:
        """Start over, empty; in a forked child too, whose copy of this memory is the parent's to export."""
        self._lock = RLock()  # a finaliser that runs inside may record too
        self._free: list[Segment] = []
        self._full: list[Segment] = []
        self._reading: Segment | None = None
        self.current = Segment(min(SEGMENT_BYTES, self._size))
        self._used = self.current.limit

    def put(self, payload: bytes, flags: int, scope: int) -> None:
        """Write one record."""
        length = len(payload)
        segment, at = self.reserve(room(length))
        segment.memory[at + HEADER_BYTES : at + HEADER_BYTES + length] = payload
        segment.words[at >> 3] = header(length, flags, scope)

    def reserve(self, size: int) -> tuple[Segment, int]:
        """Give the place of a record of this size, header and padding included."""
        segment = self.current
        at = segment.head
        if at + size > segment.limit:
            return self.turn(size)
        segment.head = at + size
        return segment, at

    def turn(self, size: int) -> tuple[Segment, int]:
        """Go on to the next segment, unless another thread has done so; give a place there."""
        with self._lock:
            segment = self.current
            at = segment.head
            if at + size <= segment.limit:
                segment.head = at + size
                return segment, at
            segment.seal()
            self._full.append(segment)
            fresh = self._next(size)
            fresh.head = size
            self.current = fresh
        self.wake()
        return fresh, 0

    def take(self) -> list[Chunk]:
        """Give all records that are finished, oldest first, in chunks; they are gone from here then."""
        chunks: list[Chunk] = []
        for segment in [*self._full, self.current]:
            self._reading = segment
            if segment is self.current or segment in self._full:  # it was not dropped meanwhile
                segment.read = walk(segment, segment.read, chunks)
        with self._lock:
            self._reading = None
            done = [each for each in self._full if each.read == each.sealed]
            self._full = [each for each in self._full if each.read != each.sealed]
            self._keep(done)
        return chunks

    def _next(self, size: int) -> Segment:
        """Give an empty segment of at least this size; room is made by dropping the oldest when there is none."""
        wanted = max(size, min(SEGMENT_BYTES, self._size))
        if not self._free and self._used + wanted > self._size:
            oldest = next((each for each in self._full if each is not self._reading), None)
            if oldest is not None:
                self._full.remove(oldest)
                self._drop(oldest)
        free = next((each for each in self._free if each.limit >= wanted), None)
        if free is None:
            free = Segment(wanted)
            self._used += wanted
        else:
            self._free.remove(free)
            free.reset()
        return free

    def _drop(self, segment: Segment) -> None:
        lost: list[Chunk] = []
        walk(segment, segment.read, lost)
        if self.lose is not None and lost:
            self.lose(sum(len(chunk.flags) for chunk in lost))
        self._keep([segment])

    def _keep(self, segments: list[Segment]) -> None:
        """Use segments again; one that was made for a single large record is let go."""
        for segment in segments:
            if segment.limit > SEGMENT_BYTES:
                self._used -= segment.limit
            else:
                self._free.append(segment)


def walk(segment: Segment, at: int, chunks: list[Chunk]) -> int:
    """Add the finished records from here on to `chunks`; give where the next one will be.

    A sealed segment is read to its end: a record there that nobody finished belongs to a thread that still will.
    """
    words, memory = segment.words, segment.memory
    end = segment.limit if segment.sealed is None else segment.sealed
    payloads: list[bytes] = []
    flags = bytearray()
    scope = size = 0
    while at < end and (word := words[at >> 3]):
        length = word & 0xFFFFFFFF
        if payloads and (scope != word >> 32 & 0xFFFF or len(payloads) == CHUNK_SPANS or size + length > CHUNK_BYTES):
            chunks.append(Chunk(scope, bytes(flags), b"".join(payloads)))
            payloads, flags, size = [], bytearray(), 0
        scope = word >> 32 & 0xFFFF
        flags.append(word >> 48 & 0xFF)
        payloads.append(memory[at + HEADER_BYTES : at + HEADER_BYTES + length])
        size += length
        at += HEADER_BYTES + (length + 7 & ~7)
    if payloads:
        chunks.append(Chunk(scope, bytes(flags), b"".join(payloads)))
    return at


def _nothing() -> None:
    """Wake nobody."""
