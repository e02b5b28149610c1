"""Segments of a ring: mapped memory that finished spans are written into, one after the other.

    segment   records from its first byte on; zeros after the last
    record    header (8 bytes) · payload, padded to 8 bytes
    header    length of the payload : 32 · scope : 16 · W3C trace flags : 8 · state : 8
    state     1 committed · 2 open: a place that is taken, and not written yet · 3 torn: nothing, to be stepped over

The payload is a span as field 2 of `ScopeSpans`, so payloads put end to end are the body of one. A header is written
last: a reader stops at the first that is zero or open, since what lies there is not finished. Segments are used again
and again: touching fresh pages would cost more than the writing (160 ns a record against 4).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SEGMENT_BYTES = 256 * 1024
HEADER_BYTES = 8
COMMITTED, OPEN, TORN = 1, 2, 3

CHUNK_SPANS = 512
CHUNK_BYTES = 256 * 1024
"""What a reader takes at once: a batch of OTLP has 512 spans by default (OTEL_BSP_MAX_EXPORT_BATCH_SIZE)."""


_READABLE = (COMMITTED, TORN)


class Chunk:
    """Finished spans of one scope, as they lay in the ring.

    Attributes:
        scope: The number of the scope in the ring's `scopes`.
        flags: The W3C trace flags of each span, one byte each; its length is the number of spans.
        payload: The spans as OTLP, each as field 2 of `ScopeSpans`.
    """

    __slots__ = ("flags", "payload", "scope")

    def __init__(self, scope: int, flags: bytes, payload: bytes) -> None:
        self.scope = scope
        self.flags = flags
        self.payload = payload


def header(length: int, flags: int, scope: int, state: int = COMMITTED) -> int:
    """Make the word that stands before a record."""
    return length | scope << 32 | flags << 48 | state << 56


def room(length: int) -> int:
    """Give the bytes that a record with a payload of this length takes."""
    return HEADER_BYTES + (length + 7 & ~7)


class Segment:
    """A piece of mapped memory that is written once from front to back, and then read.

    Attributes:
        memory: Its bytes.
        words: The same as 64-bit words.
        limit: Its size.
        head: Where the next record goes; beyond the limit once it is sealed. Under the GIL, reading and moving it is
            one step, as CPython 3.10 and later look for another thread only at calls and back-edges.
        sealed: Where its records end; None while it is written.
        read: What a reader has taken.
        stuck: Where a reader was held up last, by a record that nobody has finished yet.
        stuck_ns: Since when, on the monotonic clock.
    """

    __slots__ = ("head", "limit", "memory", "read", "sealed", "stuck", "stuck_ns", "words")

    def __init__(self, size: int) -> None:
        from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap  # a process that records no span need not load it

        self.memory: mmap = mmap(-1, size, flags=MAP_PRIVATE | MAP_ANONYMOUS)
        self.words = memoryview(self.memory).cast("Q")
        self.limit = size
        self.reset()

    def reset(self) -> None:
        """Empty it."""
        self.memory[:] = bytes(self.limit)  # touches the pages of a new one too
        self.sealed: int | None = None
        self.read = 0
        self.stuck = -1
        self.stuck_ns = 0
        self.head = 0

    def seal(self) -> None:
        """Take no more records."""
        at, self.head = self.head, self.limit + 1
        self.sealed = at


class Tip:
    """The end of a ring where spans are written.

    Attributes:
        current: The segment that is written now.
        open: The spans that have begun and not ended.
        sampled_out: The number of spans that were not written, because their trace is not sampled.
        torn: The number of spans whose writing was interrupted.
    """

    __slots__ = ("current", "open", "sampled_out", "torn")

    current: Segment
    sampled_out: int
    torn: int
    open: Any

    def turn(self, size: int) -> tuple[Segment, int]:
        """Go on to the next segment; give a place of this size there, which stands as open until it is written."""
        raise NotImplementedError  # a `Ring` has further segments; its tip alone has not

    def put(self, payload: bytes, flags: int, scope: int) -> None:
        """Write one record."""
        record = header(len(payload), flags, scope).to_bytes(HEADER_BYTES, "little") + payload
        size, end = room(len(payload)), len(record)
        segment = self.current
        at = segment.head
        if at + size > segment.limit:
            segment, at = self.turn(size)
        else:
            segment.head = at + size
        segment.memory[at : at + end] = record  # nothing was called since, so no interrupt left a hole

    def tear(self, segment: Segment, at: int, size: int) -> None:
        """Mark a place that will not be written, so that a reader steps over it."""
        segment.words[at >> 3] = header(size - HEADER_BYTES, 0, 0, TORN)
        self.torn += 1


def walk(segment: Segment, at: int, chunks: list[Chunk]) -> int:
    """Add the finished records from here on to `chunks`; give where the next one will be.

    A sealed segment is read to its end: a record there that nobody finished belongs to a thread that still will.
    """
    words, memory = segment.words, segment.memory
    end = segment.limit if segment.sealed is None else segment.sealed
    payloads: list[bytes] = []
    flags = bytearray()
    scope = size = 0
    while at < end and (word := words[at >> 3]) >> 56 in _READABLE:
        length = word & 0xFFFFFFFF
        if word >> 56 == TORN:
            at += room(length)
            continue
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
