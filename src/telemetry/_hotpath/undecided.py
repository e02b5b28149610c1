"""Undecided spans: those of refused traces, which are kept if something in them goes wrong.

Their records lie in an area of their own until the verdict: then they move into the ring, or are gone. A process that
dies before leaves them there, for whoever reads its journal. `extent` has the layout; `tracing` says what goes wrong.
"""

from __future__ import annotations

from _weakref import ref

from . import extent
from .extent import CELL, CELL_BYTES, WORD
from .protobuf import span as span_bytes
from .protobuf import spans_field
from .segment import header
from .tracecontext import SAMPLED, TraceContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from telemetry.signals import SpanRecord

PIECE_BYTES = CELL_BYTES - CELL.size


class Undecided(TraceContext):
    """The part of a trace that is below one local root, which is its `span_id`; all its spans share this.

    Attributes:
        is_kept: The verdict; None until there is one.
    """

    __slots__ = ("_area", "_held", "_keeps_failures", "_slow_ns", "is_kept")

    def __init__(self, root: Any, area: UndecidedArea, *, keeps_failures: bool, slow_ns: float) -> None:
        flags = root.trace_flags & ~SAMPLED
        super().__init__(root.trace_id, root.span_id, flags, root.tracestate, is_remote=False)
        self._area = area
        self._keeps_failures = keeps_failures
        self._slow_ns = slow_ns
        self._held: set[int] = set()
        self.is_kept: bool | None = None

    def is_recording(self) -> bool:
        """Say whether its spans are recorded: until it is known that nobody wants them."""
        return self.is_kept is not False

    def take(self, span_id: int, record: SpanRecord | None, scope: int) -> None:
        """Take a span that has ended, and counts as started; without a record it is torn.

        The first span that goes wrong keeps the trace, and the end of the root drops what is still undecided.
        """
        if self.is_kept is None:
            self._judge(span_id, record)
        area = self._area
        if self.is_kept is False:
            area.count_dropped()
        elif record is None:
            area.ring.words[extent.TORN_COUNT] += 1
        else:
            self._write(spans_field(span_bytes(record)), record.trace_flags | SAMPLED, scope)

    def is_dropped_by(self, span: Any) -> bool:
        """Drop the trace if this span, which has ended, is its root and nothing went wrong; tell whether it did.

        Whoever asks this first need not make a record of the root.
        """
        status = "unset" if span.more is None else span.more.status
        is_wrong = self._area.is_closed or self._is_wrong(status, span.elapsed_ns or 0)
        if span.span_id != self.span_id or is_wrong:
            return False
        self._decide(keep=False)
        return self.is_kept is False

    def holds(self, serial: int) -> None:
        """Note that a record of this number lies in the area."""
        self._held.add(serial)

    def lets_go(self, serial: int) -> None:
        """Note that it has made way for another trace's."""
        self._held.discard(serial)

    def _judge(self, span_id: int, record: SpanRecord | None) -> None:
        is_wrong = record is not None and self._is_wrong(record.status, record.end_ns - record.start_ns)
        if is_wrong or self._area.is_closed:
            self._decide(keep=True)
        elif span_id == self.span_id:
            self._decide(keep=False)

    def _is_wrong(self, status: str, elapsed_ns: int) -> bool:
        return (self._keeps_failures and status == "error") or elapsed_ns > self._slow_ns

    def _write(self, payload: bytes, flags: int, scope: int) -> None:
        if self.is_kept:
            self._area.ring.put(payload, flags, scope)
            return
        self._area.hold(payload, header(len(payload), flags, scope), self)
        if self._area.is_closed:  # meanwhile, or another thread has decided
            self._decide(keep=True)
        elif self.is_kept is not None:
            self._settle()

    def _decide(self, *, keep: bool) -> None:
        """Give the verdict, unless there is one."""
        if self.is_kept is None:
            self.is_kept = keep
            self.trace_flags |= SAMPLED if keep else 0
        self._settle()

    def _settle(self) -> None:
        serials = sorted(self._held)
        if self.is_kept:
            self._area.keep(serials)
        else:
            self._area.drop(serials)
        self._held.difference_update(serials)

    def __del__(self) -> None:
        if self._held and self.is_kept is None:  # its root was never ended, and nobody has it any more
            self._decide(keep=False)


class UndecidedArea:
    """The cells of one region, and who holds them.

    When all are taken, the oldest record makes way, and is counted. There is no lock, for which a finaliser that runs
    inside could wait: who takes a record out of the table has it for himself, and from looking at a number to changing
    it nothing is called, so that no other thread comes in between.

    Attributes:
        ring: Where what is kept goes: a `Ring`.
        is_closed: Whether everything is kept from now on: the runtime is shutting down.
    """

    __slots__ = ("__weakref__", "_free", "_next", "_oldest", "_records", "is_closed", "ring")

    def __init__(self, ring: Any) -> None:
        self.ring = ring
        self.is_closed = False
        self._next = 0
        self.restart()
        ring.region.serve(self)

    def restart(self) -> None:
        """Start over, in memory that is fresh: what a forked child has inherited is the parent's."""
        self._free: list[int] = []
        self._records: dict[int, tuple[list[int], ref[Undecided]]] = {}
        self._oldest = self._next  # numbers are never given twice: traces that were open at a fork still have theirs

    def __len__(self) -> int:
        return len(self._records)

    def hold(self, payload: bytes, word: int, owner: Undecided) -> None:
        """Write a record down until its owner has a verdict, the word last."""
        cells = self._cells(-(-len(payload) // PIECE_BYTES))
        if not cells:
            self.ring.words[extent.UNDECIDED_FULL] += 1
            return
        self._write(cells, payload)
        entry, words, first = (cells, ref(owner)), self.ring.words, cells[0] // WORD
        # From here to its place in the table nothing is called: no other thread makes it go in between.
        serial = self._next
        self._next = serial + 1
        words[first] = word
        self._records[serial] = entry
        owner.holds(serial)

    def keep(self, serials: Iterable[int]) -> None:
        """Move records into the ring."""
        words = self.ring.words
        for serial in serials:
            found = self._records.pop(serial, None)
            if found is not None:
                word = words[found[0][0] // WORD]
                self.ring.put(self._read(found[0], word & 0xFFFFFFFF), word >> 48 & 0xFF, word >> 32 & 0xFFFF)
                self._release(found[0])

    def keep_all(self) -> None:
        """Move all records into the ring, and have all that is still open kept."""
        self.is_closed = True
        self.keep(sorted(self._records))

    def drop(self, serials: Iterable[int]) -> None:
        """Count records as sampled out, and forget them."""
        for serial in serials:
            found = self._records.pop(serial, None)
            if found is not None:
                self._release(found[0])
                self.count_dropped()

    def count_dropped(self) -> None:
        """Count one span of a trace that was dropped."""
        self.ring.words[extent.UNDECIDED_DROPPED] += 1
        self.ring.words[extent.SAMPLED_OUT] += 1

    def _cells(self, count: int) -> list[int]:
        """Give so many cells; none where the area is too small for them."""
        cells: list[int] = []
        if count * CELL_BYTES <= self.ring.words[extent.UNDECIDED_BYTES]:
            while len(cells) < count and (cell := self._cell()):
                cells.append(cell)
        if len(cells) < count:
            self._free += cells
            return []
        return cells

    def _cell(self) -> int | None:
        while True:
            try:
                return self._free.pop()
            except IndexError:
                fresh: int | None = self.ring.region.cell()
            if fresh is not None or self._oldest >= self._next:
                return fresh
            self._evict()

    def _evict(self) -> None:
        """Let the oldest record make way, if this one has not gone yet."""
        serial = self._oldest
        self._oldest = serial + 1
        found = self._records.pop(serial, None)
        if found is None:
            return
        owner = found[1]()
        if owner is not None:
            owner.lets_go(serial)
        self.ring.words[extent.UNDECIDED_FULL] += 1
        self._release(found[0])

    def _release(self, cells: list[int]) -> None:
        self.ring.words[cells[0] // WORD] = 0
        self._free += cells

    def _write(self, cells: list[int], payload: bytes) -> None:
        from zlib import crc32

        area, memory = self.ring.words[extent.UNDECIDED_AT], self.ring.region.memory
        following = [*((cell - area) // CELL_BYTES + 1 for cell in cells[1:]), 0]
        checks = [crc32(payload), *(0 for _ in cells[1:])]
        for index, at in enumerate(cells):
            CELL.pack_into(memory, at, 0, following[index], checks[index])
            piece = payload[index * PIECE_BYTES : (index + 1) * PIECE_BYTES]
            memory[at + CELL.size : at + CELL.size + len(piece)] = piece

    def _read(self, cells: list[int], length: int) -> bytes:
        memory: Any = self.ring.region.memory
        return b"".join([memory[at + CELL.size : at + CELL_BYTES] for at in cells])[:length]
