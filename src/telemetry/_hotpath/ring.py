"""A ring of segments: where finished spans and log lines lie, as OTLP, until somebody has read them."""

from __future__ import annotations

from _thread import RLock

from . import extent
from .extent import LOG, OPEN, SEGMENT_HEADER_BYTES, TORN, WORD, room
from .scope import Scopes
from .segment import header
from .twin import OpenTable, Segment, Tip, count_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .region import Region


class Ring(Tip):
    """Segments that are filled one after the other, and used again once they are read.

    Who reads has a cursor, a word of the region. When all segments are full and unread, the oldest is overwritten, and
    its records are counted. Any thread writes; what was written is read from the region.

    Attributes:
        scopes: The instrumentation scopes of its records.
        wake: Called when a segment is full, from the recording thread.
        cursors: The words of the readers that a segment is kept for; with none nothing is kept, or missed.
    """

    __slots__ = (
        "__weakref__",
        "_aside",
        "_free",
        "_full",
        "_generation",
        "_is_asleep",
        "_is_busy",
        "_largest",
        "_lock",
        "_usual",
        "cursors",
        "scopes",
        "wake",
    )

    def __init__(self, region: Region, *, cursors: tuple[int, ...] = ()) -> None:
        super().__init__(region)
        self.cursors = cursors
        self.scopes = Scopes()
        self.wake: Callable[[], None] = _nothing
        self.open = OpenTable(region)
        self.restart(is_asleep=False)
        region.serve(self)

    def restart(self, *, is_asleep: bool = True) -> None:
        """Start over, in memory that is fresh; the first record of one that is asleep wakes who reads."""
        self._lock = RLock()  # a finaliser that runs inside may record too
        self._free: list[Segment] = []
        self._full: list[Segment] = []
        self._aside: list[Segment] = []
        self._is_busy = False
        self._generation = 0
        self._usual = self.words[extent.SEGMENT_BYTES_WORD]
        self._largest = self.words[extent.RING_BYTES] - self._usual
        first = self._allotted(self._usual)
        assert first is not None, "a region begins with room for two segments"
        self._use(first)
        self._is_asleep = is_asleep
        if is_asleep:
            first.head = first.limit + 1
        self.open.clear()

    def turn(self, size: int) -> tuple[Segment, int]:
        """Go on to the next segment, unless another thread has done so; give a place there.

        A finaliser or a signal handler that records while this goes on, in the same thread, writes aside.
        """
        segment = None
        try:
            with self._lock:
                if self._is_busy:
                    return self._place_aside(size)
                self._is_busy = True
                try:
                    segment, at, is_news = self._turned(size)
                finally:
                    self._is_busy = False
            self._bring_in()
            if is_news:
                self.wake()
        except BaseException:  # whoever asked will not write it
            if segment is not None:
                segment.words[at // WORD] = header(size - room(0), 0, 0, TORN)
            raise
        return segment, at

    def put_log(self, payload: bytes, scope: int) -> None:
        """Write one log record, or count it where none of its size ever has room."""
        self.words[extent.LOGS_WRITTEN] += 1  # one step: CPython looks for another thread only at calls
        if self._segments_of(room(len(payload))) is None:
            self.words[extent.LOGS_TOO_LARGE] += 1
        else:
            self.put(payload, 0, scope, LOG)

    def _turned(self, size: int) -> tuple[Segment, int, bool]:
        """Do that, with the lock held; tell also whether who reads has to know."""
        was_asleep, self._is_asleep = self._is_asleep, False
        taken = header(size - room(0), 0, 0, OPEN)
        full = self.current
        if was_asleep:
            full.head = full.at + SEGMENT_HEADER_BYTES
        at = full.head
        if at + size <= full.limit:
            full.head = at + size  # since its head was read nothing was called: other threads write there too
            full.words[at // WORD] = taken
            return full, at, was_asleep
        segment = self._next(size)
        if segment is None:
            return (*self._nowhere(size), was_asleep)
        at = segment.head
        segment.head = at + size
        segment.words[at // WORD] = taken
        self._use(segment)
        self._full.append(full)
        full.seal()
        return segment, at, True

    def prepare(self) -> None:
        """Have a segment ready before it is needed: to touch its pages takes a while that no recording thread has."""
        with self._lock:
            self._is_busy = True
            try:
                self._reclaim()
                ready = None if self._free else self._allotted(self.words[extent.SEGMENT_BYTES_WORD])
                if ready is not None:
                    self._free.append(ready)
            finally:
                self._is_busy = False
        self._bring_in()

    def _use(self, segment: Segment) -> None:
        self._generation += 1
        segment.begin(self._generation)
        self.current = segment

    def _next(self, size: int) -> Segment | None:
        """Give an empty segment with room for a record of this size; the oldest are overwritten where there is none."""
        wanted = self._segments_of(size)
        if wanted is None:
            return None
        self._reclaim()
        while True:
            found = self._joined(wanted) or self._allotted(wanted)
            if found is not None or not self._overwrite():
                return found

    def _segments_of(self, size: int) -> int | None:
        """Give the bytes of the segments that a record takes; None where it fits nowhere beside the current one."""
        usual = self._usual
        wanted = -(-(size + SEGMENT_HEADER_BYTES) // usual) * usual
        return wanted if wanted <= self._largest else None

    def _reclaim(self) -> None:
        """Make free what every reader is done with."""
        while self._full and self._is_read(self._full[0]):
            self._release(self._full.pop(0))

    def _is_read(self, segment: Segment) -> bool:
        done = extent.cursor(segment.generation, (segment.sealed or segment.limit) - segment.at)
        return all(self.words[word] >= done for word in self.cursors)

    def _release(self, segment: Segment) -> None:
        usual = self.words[extent.SEGMENT_BYTES_WORD]
        segment.empty()
        places = range(segment.limit - usual, segment.at, -usual)  # the first one last: readers go by its size
        self._free += [Segment(segment.memory, at, usual) for at in places]
        self._free.append(Segment(segment.memory, segment.at, usual) if places else segment)

    def _joined(self, wanted: int) -> Segment | None:
        """Give a free segment of this size, or put several together that lie side by side."""
        self._free.sort(key=_place)
        many = wanted // self.words[extent.SEGMENT_BYTES_WORD]
        for index in range(len(self._free) - many + 1):
            run = self._free[index : index + many]
            if run[-1].limit - run[0].at == wanted:
                del self._free[index : index + many]
                return run[0] if many == 1 else Segment(run[0].memory, run[0].at, wanted)
        return None

    def _allotted(self, size: int) -> Segment | None:
        """Give a segment that was never used; None where the ring has come to its bound, or the disk."""
        words = self.words
        used = words[extent.RING_USED]
        at = words[extent.RING_AT] + used
        if used + size > words[extent.RING_BYTES] or not self.region.reserve(words[extent.RING_AT], at + size):
            return None
        words[extent.RING_USED] = used + size
        return Segment(self.region.memory, at, size)

    def _overwrite(self) -> bool:
        """Make the oldest segment free that nobody is busy with, and count what it held; tell whether there is one."""
        for segment in tuple(self._full):
            # Said before one looks whether somebody reads; a reader claims first, and looks then whether this is said.
            self.words[extent.DROPPING] = segment.generation
            unread = None if self._is_claimed(segment.generation) else self._unread(segment)
            if unread is None:
                continue
            spans, logs = unread
            self._full.remove(segment)
            # It cannot be read from here on. Nothing is called until all is counted, so no interrupt comes in between.
            self.words[segment.at // WORD + extent.GENERATION] = 0
            self.words[extent.SPANS_OVERWRITTEN] += spans
            self.words[extent.LOGS_OVERWRITTEN] += logs
            self._release(segment)
            self.words[extent.DROPPING] = 0
            return True
        self.words[extent.DROPPING] = 0
        return False

    def _is_claimed(self, generation: int) -> bool:
        return generation in (self.words[extent.CLAIM], self.words[extent.LOCAL_CLAIM])

    def _unread(self, segment: Segment) -> tuple[int, int] | None:
        """Count the spans and log records of a segment that a reader has not taken.

        None where a thread has yet to finish a record in it.
        """
        if not self.cursors:
            return 0, 0  # nobody reads at all, so what a thread may still write there harms nobody
        generation, offset = extent.position(min(self.words[word] for word in self.cursors))
        if generation > segment.generation:
            return 0, 0  # a reader has come past it just now
        at = segment.at + SEGMENT_HEADER_BYTES
        if generation == segment.generation:
            at = max(at, segment.at + offset)
        end = segment.sealed or segment.limit
        spans, logs, reached = count_records(segment.memory, at, end)
        return (spans, logs) if reached == end else None

    def _nowhere(self, size: int) -> tuple[Segment, int]:
        """Give a place that nobody reads, for a record that there is no room for."""
        self.words[extent.SPANS_TOO_LARGE] += 1
        segment = _apart(size)
        return segment, segment.head

    def _place_aside(self, size: int) -> tuple[Segment, int]:
        """Give a place from which the record is brought into the ring, as soon as that is not being changed."""
        segment = _apart(size)
        self._aside.append(segment)
        return segment, segment.head

    def _bring_in(self) -> None:
        """Put what was written aside into the ring."""
        if not self._aside:
            return
        with self._lock:  # until the thread that writes aside has done so
            while (aside := self._next_aside()) is not None:
                self._bring(aside)

    def _next_aside(self) -> Segment | None:
        try:
            return self._aside.pop(0)
        except IndexError:
            return None

    def _bring(self, aside: Segment) -> None:
        begin, size = SEGMENT_HEADER_BYTES, aside.limit - SEGMENT_HEADER_BYTES
        word = aside.words[begin // WORD]
        if not word:
            self.words[extent.TORN_COUNT] += 1  # whoever was to write it was interrupted
            return
        segment = self.current
        at = segment.head
        if at + size > segment.limit:
            segment, at = self.turn(size)
        else:
            segment.head = at + size
        segment.memory[at + WORD : at + size] = aside.memory[begin + WORD : begin + size]
        segment.words[at // WORD] = word


def _apart(size: int) -> Segment:
    memory: Any = bytearray(SEGMENT_HEADER_BYTES + size)
    return Segment(memory, 0, SEGMENT_HEADER_BYTES + size)


def _place(segment: Segment) -> int:
    return segment.at


def _nothing() -> None:
    """Wake nobody."""
