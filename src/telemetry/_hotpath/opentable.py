"""The table of open spans: what is running now, and what was running when a process died.

A slot holds the span as far as it is known at its start: ids, name, kind, start, and its attributes where they fit. A
long span would be lost in a ring that is used again; here it stays until its end. `extent` has the layout.
"""

from __future__ import annotations

from time import monotonic_ns

from . import extent
from .extent import SPAN, WORD
from .segment import Chunk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Slot:
    """A place in the table, as long as nobody takes it away from the span that has it.

    Attributes:
        place: Where its payload stands.
        mark: Where its word stands among the words; 0 once it was taken away.
        begun: When the span that had it last began, on the monotonic clock.
    """

    __slots__ = ("begun", "mark", "place")

    def __init__(self, at: int) -> None:
        self.place = at + WORD
        self.mark = at // WORD
        self.begun = 0


class OpenTable:
    """The slots, as the pure twin fills them.

    Attributes:
        memory: What they are a part of.
        words: The same as 64-bit words.
        free: Those that have no span.
        room: The bytes of a payload that fits.
        since: When it was cleared: a span that began before was open at a fork, and is the parent's.
    """

    __slots__ = ("_eldest", "_places", "_slots", "free", "memory", "room", "since", "words")

    def __init__(self, region: Any) -> None:
        self.memory = region.memory
        self.words = region.words
        begin, many, size = (self.words[word] for word in (extent.TABLE_AT, extent.SLOTS, extent.SLOT_BYTES))
        self._places = range(begin, begin + many * size, size)
        self._slots: list[Slot] = []
        self._eldest: list[tuple[int, int]] = []
        self.free: list[Slot] = []
        self.room = size - WORD
        self.since = 0

    def clear(self) -> None:
        """Forget all spans; one that is open still has no slot any more, and gives none back."""
        self.since = monotonic_ns()
        for slot in self._slots:
            slot.mark = 0
        self._slots = [Slot(at) for at in self._places]
        self._eldest = []
        for slot in self._slots:
            if self.words[slot.mark]:
                self.words[slot.mark] = 0
        self.free[:] = reversed(self._slots)

    def take(self, begun: int) -> Slot | None:
        """Give a slot to a span; the oldest makes way where there is none: maybe nobody will end it."""
        try:
            slot = self.free.pop()
        except IndexError:
            self.words[extent.EXHAUSTED] += 1
            found = self._displaced(self._eldest) or self._displaced(self._by_age())
            if found is None:
                return None  # other threads are filling all of them
            slot = found
        slot.begun = begun
        return slot

    def release(self, slot: Slot | None, *, is_sampled: bool) -> None:
        """Take a slot back; a span that has none, or lost it, counts as started from here on.

        Nothing is called until all is counted, so no interrupt comes in between.
        """
        words, free = self.words, self.free
        mark = 0 if slot is None else slot.mark
        if not mark:
            if is_sampled:
                words[extent.STARTED] += 1
            return
        if not is_sampled:
            words[extent.STARTED] -= 1
        words[mark] = 0
        free.append(slot)  # type: ignore[arg-type]  # what has a mark is one

    def snapshot(self) -> list[Chunk]:
        """Give the open spans as chunks of one span each, the oldest first."""
        taken = [slot for slot in self._slots if self.words[slot.mark]]
        return [chunk for slot in sorted(taken, key=_begun) if (chunk := self._chunk(slot)) is not None]

    def _by_age(self) -> list[tuple[int, int]]:
        """Order all slots, the oldest last: made once for as many spans as find no slot after it."""
        self._eldest = sorted(((slot.begun, number) for number, slot in enumerate(self._slots)), reverse=True)
        return self._eldest

    def _displaced(self, eldest: list[tuple[int, int]]) -> Slot | None:
        while eldest:
            begun, number = eldest.pop()
            slot = self._slots[number]
            anew = Slot(self._places[number])
            # One without word is being filled. From here on nothing is called, so nobody else ends or displaces it.
            if slot.begun == begun and slot.mark and self.words[slot.mark]:
                self.words[extent.STARTED] -= 1
                self.words[slot.mark] = slot.mark = 0
                self._slots[number] = anew
                return anew
        return None

    def _chunk(self, slot: Slot) -> Chunk | None:
        word = self.words[slot.mark]
        payload = self.memory[slot.place : slot.place + (word & 0xFFFF)]
        if not word or self.words[slot.mark] != word:
            return None
        return Chunk(SPAN, word >> 32 & 0xFFFF, bytes((word >> 48 & 0xFF,)), payload)


def _begun(slot: Slot) -> int:
    return slot.begun


def slot_word(length: int, site: int, scope: int, flags: int) -> int:
    """Make the word of a slot."""
    return length | site << 16 | scope << 32 | flags << 48 | SPAN << 56
