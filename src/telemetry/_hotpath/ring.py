"""A ring of segments: where finished spans lie, as OTLP, from their end until somebody reads them."""

from __future__ import annotations

from _thread import RLock
from time import monotonic_ns

from .scope import Scopes
from .segment import HEADER_BYTES, OPEN, SEGMENT_BYTES, Chunk, header, room
from .twin import OpenTable, Segment, Tip, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

RING_BYTES = 16 * 1024 * 1024
_PATIENCE_NS = 1_000_000_000


class Ring(Tip):
    """Segments that are filled one after the other, and used again once they are read.

    When all are full and nobody has read them, the oldest goes, and its spans are counted by `lose`. Any thread writes;
    one at a time reads.

    Attributes:
        scopes: The instrumentation scopes of its records.
        wake: Called when a segment is full, from the recording thread.
        lose: Called with the number of spans that were overwritten unread; None where nobody reads.
    """

    __slots__ = ("_free", "_full", "_lock", "_reading", "_size", "_used", "lose", "scopes", "wake")

    def __init__(self, size: int = RING_BYTES) -> None:
        self._size = size
        self.sampled_out = self.torn = 0
        self.scopes = Scopes()
        self.wake: Callable[[], None] = _nothing
        self.lose: Callable[[int], None] | None = None
        self.open = OpenTable()
        self.restart()

    def restart(self) -> None:
        """Start over, empty; in a forked child too, whose copy of this memory is the parent's to export."""
        self._lock = RLock()  # a finaliser that runs inside may record too
        self._free: list[Segment] = []
        self._full: list[Segment] = []
        self._reading: Segment | None = None
        self.current = Segment(min(SEGMENT_BYTES, self._size))
        self._used = self.current.limit
        self.open.clear()

    def turn(self, size: int) -> tuple[Segment, int]:
        """Go on to the next segment, unless another thread has done so; give a place there."""
        with self._lock:
            segment = self.current
            at = segment.head
            if at + size <= segment.limit:
                segment.words[at >> 3] = header(size - HEADER_BYTES, 0, 0, OPEN)
                segment.head = at + size
                return segment, at
            fresh = self._next(size)
            fresh.words[0] = header(size - HEADER_BYTES, 0, 0, OPEN)
            fresh.head = size
            # The next one is in place before the last is sealed: a finaliser that runs inside finds it, and records.
            full, self.current = self.current, fresh
            self._full.append(full)
            full.seal()
        self.wake()
        return fresh, 0

    def take(self, *, last: bool = False) -> list[Chunk]:
        """Give all records that are finished, oldest first, in chunks; they are gone from here then.

        A record that a thread has begun and not finished holds up what is behind it, for a second at most in a full
        segment; `last` waits for nothing.
        """
        chunks: list[Chunk] = []
        with self._lock:
            segments = [*self._full, self.current]
        for segment in segments:
            with self._lock:
                dropped = segment is not self.current and segment not in self._full
                self._reading = None if dropped else segment
            if not dropped:
                self._read(segment, chunks, last=last)
        with self._lock:
            self._reading = None
            for segment in segments:
                if segment.read == segment.sealed and segment in self._full:
                    self._full.remove(segment)
                    self._keep(segment)
        return chunks

    def _read(self, segment: Segment, chunks: list[Chunk], *, last: bool) -> None:
        """Read a segment as far as it goes; what was interrupted while it was written is stepped over, and counted."""
        segment.read = walk(segment, segment.read, chunks)
        while (word := self._open(segment)) and (last or self._is_given_up(segment)):
            self.torn += 1
            segment.read = walk(segment, segment.read + room(word & 0xFFFFFFFF), chunks)

    def _open(self, segment: Segment) -> int:
        """Give the header of the open record that holds a reader up; 0 where there is none."""
        word = segment.words[segment.read >> 3] if segment.read < segment.limit else 0
        return int(word) if word >> 56 == OPEN else 0

    def _is_given_up(self, segment: Segment) -> bool:
        """Tell whether the thread that had to finish a record has had its time."""
        if segment.sealed is None:
            return False
        now = monotonic_ns()
        if segment.stuck != segment.read:
            segment.stuck, segment.stuck_ns = segment.read, now
        return now - segment.stuck_ns > _PATIENCE_NS

    def _next(self, size: int) -> Segment:
        """Give an empty segment of at least this size; the oldest are dropped where there is no room for it."""
        usual = min(SEGMENT_BYTES, self._size)
        if size <= usual:
            if not self._free and self._used + usual > self._size:
                self._drop_oldest()
            if self._free:
                free = self._free.pop()
                free.reset()
                return free
            size = usual
        while self._used + size > self._size and self._let_go():
            pass
        self._used += size
        return Segment(size)

    def _let_go(self) -> bool:
        """Give memory back, of an empty segment or else of the oldest; tell whether there was one."""
        if not self._free and not self._drop_oldest():
            return False
        if self._free:
            free = self._free.pop()
            self._used -= free.limit
        return True

    def _drop_oldest(self) -> bool:
        """Drop the oldest segment that nobody is still busy with, and count its spans; tell whether there was one."""
        for segment in tuple(self._full):
            unread = self._unread(segment)
            if unread is not None and segment in self._full:
                self._full.remove(segment)
                self._keep(segment)
                if unread and self.lose is not None:
                    self.lose(unread)
                return True
        return False

    def _unread(self, segment: Segment) -> int | None:
        """Count what nobody has taken of a segment; None where a thread reads it, or has yet to finish a record."""
        if segment is self._reading:
            return None
        if self.lose is None:
            return 0  # nobody reads at all, so what a thread may still write there harms nobody
        chunks: list[Chunk] = []
        end = walk(segment, segment.read, chunks)
        return sum(len(chunk.flags) for chunk in chunks) if end == segment.sealed else None

    def _keep(self, segment: Segment) -> None:
        """Use a segment again; one that was made for a single large record is let go."""
        if segment.limit > SEGMENT_BYTES:
            self._used -= segment.limit
        else:
            self._free.append(segment)


def _nothing() -> None:
    """Wake nobody."""
