"""The table of open spans: what is running now, and what was running when a process died.

A slot holds the span as far as it is known at its start: ids, name, kind, start, and its attributes where they fit. A
long span would be lost in a ring that is used again; here it stays until its end. `extent` has the layout.
"""

from __future__ import annotations

from . import extent
from .extent import SPAN, WORD
from .segment import Chunk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class OpenTable:
    """The slots, as the pure twin fills them.

    Attributes:
        memory: What they are a part of.
        words: The same as 64-bit words.
        slots: Where a span stands, by the number of its id.
        free: Where another one can.
        room: The bytes of a payload that fits.
    """

    __slots__ = ("_at", "_count", "free", "memory", "room", "slots", "words")

    def __init__(self, region: Any) -> None:
        self.memory = region.memory
        self.words = region.words
        self.slots: dict[int, int] = {}
        self.free: list[int] = []
        self.room = self.words[extent.SLOT_BYTES] - WORD
        self._at = self.words[extent.TABLE_AT]
        self._count = self.words[extent.SLOTS]

    def clear(self) -> None:
        """Forget all spans."""
        size = self.room + WORD
        self.slots.clear()
        self.free[:] = range(self._at + (self._count - 1) * size, self._at - 1, -size)
        for at in self.free:
            if self.words[at // WORD]:
                self.words[at // WORD] = 0

    def place(self, number: int) -> int:
        """Give a place for the span of this id; the oldest makes way where there is none: maybe nobody will end it."""
        try:
            at = self.free.pop()
        except IndexError:
            at = self._displaced()
        self.slots[number] = at
        return at

    def put(self, number: int, payload: bytes, site: int, scope: int, flags: int) -> None:
        """Show a span, given as field 2 of `ScopeSpans`, where it fits."""
        at = self.place(number)
        self.memory[at + WORD : at + WORD + len(payload)] = payload
        word = slot_word(len(payload), site, scope, flags)
        self.words[at // WORD] = word
        self.words[extent.STARTED] += 1

    def take(self, number: int) -> None:
        """Forget the span of this id; one that has no slot any more counts as started anew."""
        at = self.slots.pop(number, 0)
        if at:
            self.words[at // WORD] = 0
            self.free.append(at)
        else:
            self.words[extent.STARTED] += 1

    def snapshot(self) -> list[Chunk]:
        """Give the open spans as chunks of one span each."""
        return [chunk for at in list(self.slots.values()) if (chunk := self._chunk(at)) is not None]

    def _displaced(self) -> int:
        oldest = next(iter(self.slots))
        self.words[extent.EXHAUSTED] += 1
        at = self.slots.pop(oldest)
        if self.words[at // WORD]:  # else it was interrupted at its start
            self.words[extent.STARTED] -= 1
        self.words[at // WORD] = 0
        return at

    def _chunk(self, at: int) -> Chunk | None:
        word = self.words[at // WORD]
        length = word & 0xFFFF
        payload = self.memory[at + WORD : at + WORD + length]
        if not word or self.words[at // WORD] != word:
            return None
        return Chunk(SPAN, word >> 32 & 0xFFFF, bytes((word >> 48 & 0xFF,)), payload)


def slot_word(length: int, site: int, scope: int, flags: int) -> int:
    """Make the word of a slot."""
    return length | site << 16 | scope << 32 | flags << 48 | SPAN << 56
