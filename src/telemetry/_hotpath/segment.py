"""Segments of a ring, which finished records are written into; `extent` has the layout."""

from __future__ import annotations

from . import extent
from .checksum import check_of
from .extent import LOG, OPEN, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES, SPAN, TORN, WORD, room

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap
    from typing import Any

CHUNK_RECORDS = 512
CHUNK_BYTES = 256 * 1024
"""What a reader takes at once: a batch of OTLP has 512 spans by default (OTEL_BSP_MAX_EXPORT_BATCH_SIZE)."""


_ALL = 1 << 62
_LAST_FIELD = b"\x85\x01"
"""The tag of a span's flags, which are written last."""
_FINISHED = (SPAN, TORN, LOG)
_AROUND = RECORD_HEADER_BYTES + extent.CHECKSUM_BYTES + WORD - 1
"""What `room` adds before it rounds; to call it took half of the time of a count, which recording waits for."""


class Chunk:
    """Finished records of one kind and scope, as they lay in the ring.

    Attributes:
        kind: `extent.SPAN` or `extent.LOG`.
        scope: The number of the scope in the ring's `scopes`.
        flags: The W3C trace flags of each record, one byte each; its length is the number of records.
        payload: The records as OTLP, each as field 2 of `ScopeSpans` or `ScopeLogs`.
    """

    __slots__ = ("flags", "kind", "payload", "scope")

    def __init__(self, kind: int, scope: int, flags: bytes, payload: bytes) -> None:
        self.kind = kind
        self.scope = scope
        self.flags = flags
        self.payload = payload


def header(length: int, flags: int, scope: int, state: int = SPAN) -> int:
    """Make the word that stands before a record."""
    return length | scope << 32 | flags << 48 | state << 56


class Segment:
    """A piece of the ring that is written once from front to back, and then used again.

    Attributes:
        memory: What it is a part of; all places are those in there.
        words: The same as 64-bit words.
        at: Where it begins.
        limit: Where it ends.
        head: Where the next record goes; beyond the limit once it is sealed. Under the GIL, reading and moving it is
            one step, as CPython 3.10 and later look for another thread only at calls and back-edges.
        sealed: Where its records end; None while it is written.
        generation: The number of this use; 0 while it is free.
    """

    __slots__ = ("at", "generation", "head", "limit", "memory", "sealed", "words")

    def __init__(self, memory: mmap, at: int, size: int) -> None:
        self.memory = memory
        self.words = memoryview(memory).cast("Q")
        self.at = at
        self.limit = at + size
        self.generation = 0
        self.words[at // WORD + extent.SIZE] = size
        self.empty()

    def empty(self) -> None:
        """Make it free, and touch its pages."""
        size = self.limit - self.at
        self.words[self.at // WORD + extent.GENERATION] = self.generation = 0
        begin = self.at + 2 * WORD
        self.memory[self.at + WORD : begin] = bytes(WORD)
        self.memory[begin + WORD : self.limit] = bytes(size - 3 * WORD)
        self.sealed: int | None = None
        self.head = self.at + SEGMENT_HEADER_BYTES

    def begin(self, generation: int) -> None:
        """Use it, under this number."""
        self.words[self.at // WORD + extent.GENERATION] = self.generation = generation

    def seal(self) -> None:
        """Take no more records."""
        head, self.head = self.head, self.limit + 1
        self.sealed = head
        self.words[self.at // WORD + extent.END] = head - self.at


class Tip:
    """The end of a ring where spans are written.

    Attributes:
        region: The memory.
        words: The same as 64-bit words, for counting.
        current: The segment that is written now.
        open: The spans that have begun and not ended.
    """

    __slots__ = ("current", "open", "region", "words")

    current: Segment
    open: Any

    def __init__(self, region: Any) -> None:
        self.region = region
        self.words = region.words

    def turn(self, size: int) -> tuple[Segment, int]:
        """Go on to the next segment; give a place of this size there, which stands as open until it is written."""
        raise NotImplementedError  # a `Ring` has further segments; its tip alone has not

    def put(self, payload: bytes, flags: int, scope: int, kind: int = SPAN) -> None:
        """Write one record."""
        record = header(len(payload), flags, scope, kind).to_bytes(WORD, "little") + payload
        size, end = room(len(payload)), len(record)
        segment = self.current
        at = segment.head
        if at + size > segment.limit:
            segment, at = self.turn(size)
        else:
            segment.head = at + size
        segment.memory[at : at + end] = record  # nothing was called since, so no interrupt left a hole

    def tear(self, segment: Segment, at: int, size: int) -> None:
        """Mark a place that will not be written, so that a reader steps over it; an interrupt may come after that."""
        length = size - room(0)
        word = segment.words[at // WORD]
        end = at + WORD + (word & 0xFFFFFFFF)
        if word >> 56 == SPAN and segment.memory[end - 6 : end - 4] == _LAST_FIELD:
            return
        segment.words[at // WORD] = header(length, 0, 0, TORN)
        self.words[extent.TORN_COUNT] += 1


def walk_records(
    data: Any, at: int, end: int, checksum: int, chunks: list[Chunk], most: int = _ALL, bound: int = _ALL
) -> tuple[int, int]:
    """Add the finished records of a segment to `chunks`; give where the first one is that is not, and how many lie.

    Args:
        data: What holds the segment.
        at: Where to begin.
        end: Where to stop.
        checksum: The kind of checksum that its records have.
        chunks: What is added to.
        most: The most records to add.
        bound: Where to stop before a record that goes beyond it, unless it is the first.

    Nothing is believed: a record whose checksum or structure is wrong is stepped over, and counted; where its length
    cannot be right, the walk ends at `end`, since what lies behind it cannot be found.
    """
    view = memoryview(data)
    check = check_of(checksum)
    corrupt = 0
    gathered = _Gathered(chunks)
    first = at
    while most > 0 and at + RECORD_HEADER_BYTES <= end:
        word = int.from_bytes(view[at : at + WORD], "little")
        state, length = word >> 56, word & 0xFFFFFFFF
        if state in (0, OPEN):
            break
        if state not in _FINISHED or at + room(length) > end:
            corrupt, at = corrupt + 1, end
            break
        if at + room(length) > bound and at != first:
            break
        payload = bytes(view[at + WORD : at + WORD + length])
        if state != TORN:
            if _is_sound(view, at, state, payload, check):
                most -= 1
                gathered.add(state, word >> 32 & 0xFFFF, word >> 48 & 0xFF, payload)
            else:
                corrupt += 1
        at += room(length)
    gathered.close()
    return at, corrupt


def count_records(data: Any, at: int, end: int) -> tuple[int, int, int]:
    """Count the finished spans and log records from a place on; give also where the first one is that is not."""
    words = memoryview(data).cast("Q")
    spans = logs = 0
    while at < end:
        word = words[at >> 3]
        after = at + ((word & 0xFFFFFFFF) + _AROUND & -WORD)
        state = word >> 56
        if state not in _FINISHED or after > end:
            break
        if state == SPAN:
            spans += 1
        elif state == LOG:
            logs += 1
        at = after
    return spans, logs, at


class _Gathered:
    """Records that will be one chunk."""

    def __init__(self, chunks: list[Chunk]) -> None:
        self._chunks = chunks
        self._payloads: list[bytes] = []
        self._flags = bytearray()
        self._key = (0, 0)
        self._size = 0

    def add(self, kind: int, scope: int, flags: int, payload: bytes) -> None:
        full = len(self._payloads) == CHUNK_RECORDS or self._size + len(payload) > CHUNK_BYTES
        if self._payloads and (full or self._key != (kind, scope)):
            self.close()
        self._key = kind, scope
        self._payloads.append(payload)
        self._flags.append(flags)
        self._size += len(payload)

    def close(self) -> None:
        if self._payloads:
            self._chunks.append(Chunk(*self._key, bytes(self._flags), b"".join(self._payloads)))
        self._payloads, self._flags, self._size = [], bytearray(), 0


def _is_sound(view: memoryview, at: int, state: int, payload: bytes, check: Callable[..., int] | None) -> bool:
    """Tell whether a record is what was written: by its checksum, or else by its structure.

    A payload is one field that fills its place. The last field of a span, its flags, is written last.
    """
    if check is not None:
        end = at + room(len(payload))
        stored = view[end - extent.CHECKSUM_BYTES : end]
        return check(payload, check(view[at : at + WORD])) == int.from_bytes(stored, "little")
    return is_one_field(payload) and (state == LOG or payload[-6:-4] == _LAST_FIELD)


def is_one_field(payload: bytes) -> bool:
    """Tell whether bytes are one field 2 with a length, from the first to the last."""
    if not payload or payload[0] != 0x12:
        return False
    length = shift = 0
    for place, byte in enumerate(payload[1:6], 2):
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return place + length == len(payload)
    return False
