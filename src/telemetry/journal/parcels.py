"""Records on their way to the endpoint, each parcel sent until it is answered.

One that is too large leaves in halves. It knows nothing of where they come from: `shipper` fills it from the ring,
`adoption` with spans that were open.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

from telemetry._hotpath import Chunk, extent, protobuf

from .reader import Reader
from .verdict import Again, Taken, TooLarge, Verdict

Send = Callable[[Reader, int, Sequence[Chunk]], Verdict]
"""Sends chunks of one kind (`extent.SPAN` or `extent.LOG`), with the resource and scopes of the reader, and gives what
the endpoint says."""

KINDS: Final = (extent.SPAN, extent.LOG)


@final
@dataclass(frozen=True, slots=True)
class Shipment:
    """Records of one kind that were sent together, and what the endpoint said."""

    kind: int
    count: int
    verdict: Verdict

    @property
    def refused(self) -> int:
        """The records among them that the endpoint will never take."""
        if isinstance(self.verdict, Taken):
            return min(self.verdict.rejected, self.count)
        return 0 if self.is_open else self.count

    @property
    def is_open(self) -> bool:
        """Whether they are still to be sent, together or in halves."""
        return isinstance(self.verdict, Again) or (isinstance(self.verdict, TooLarge) and self.count > 1)


@final
class Parcels:
    """Parcels of one journal, in the order in which they leave.

    Attributes:
        taken: How many records the endpoint has taken since the last `clear`, by kind.
        refused: How many it has refused.
    """

    __slots__ = ("_reader", "_send", "_waiting", "refused", "taken")

    def __init__(self, reader: Reader, send: Send) -> None:
        self._reader = reader
        self._send = send
        self._waiting: deque[tuple[int, tuple[Chunk, ...]]] = deque()
        self.taken: Counter[int] = Counter()
        self.refused: Counter[int] = Counter()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, chunks: Sequence[Chunk]) -> None:
        """Put chunks in, a parcel for each kind."""
        for kind in KINDS:
            if found := tuple(chunk for chunk in chunks if chunk.kind == kind):
                self._waiting.append((kind, found))

    def clear(self) -> None:
        """Begin to count anew."""
        self.taken.clear()
        self.refused.clear()

    def send(self) -> Shipment:
        """Send the first parcel; nothing changes before `settle`."""
        kind, chunks = self._waiting[0]
        return Shipment(kind, _count(chunks), self._send(self._reader, kind, chunks))

    def settle(self, shipment: Shipment) -> None:
        """Do what the endpoint said to the first parcel."""
        if isinstance(shipment.verdict, Again):
            return
        kind, chunks = self._waiting.popleft()
        if shipment.is_open:
            self._waiting.extendleft((kind, half) for half in reversed(_halves(chunks)))
            return
        self.taken[kind] += shipment.count - shipment.refused
        self.refused[kind] += shipment.refused


def _count(chunks: Sequence[Chunk]) -> int:
    return sum(len(chunk.flags) for chunk in chunks)


def _halves(chunks: Sequence[Chunk]) -> tuple[tuple[Chunk, ...], tuple[Chunk, ...]]:
    """Divide chunks into two of about as many records."""
    rest = _count(chunks) // 2
    first: list[Chunk] = []
    second: list[Chunk] = []
    for chunk in chunks:
        count = len(chunk.flags)
        if 0 < rest < count:
            front, back = _cut(chunk, rest)
            first.append(front)
            second.append(back)
        else:
            (first if rest else second).append(chunk)
        rest = max(rest - count, 0)
    return tuple(first), tuple(second)


def _cut(chunk: Chunk, count: int) -> tuple[Chunk, Chunk]:
    """Divide a chunk behind so many records."""
    end = 0
    for _ in range(count):
        end = protobuf.field_end(chunk.payload, end)
    return (
        Chunk(chunk.kind, chunk.scope, chunk.flags[:count], chunk.payload[:end]),
        Chunk(chunk.kind, chunk.scope, chunk.flags[count:], chunk.payload[end:]),
    )
