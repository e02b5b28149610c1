"""Ship one journal: send what waits in it, and move its cursor only when the endpoint has answered.

It knows no protocol and no clock: what sends is given, and whoever calls it decides when to try again. The worker of a
process ships its own journal with it, and those of the dead; the gateway all of a host.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from threading import RLock
from typing import Final, final

from telemetry._hotpath import extent

from .parcels import KINDS, Parcels, Send, Shipment
from .reader import Reader

BATCH_RECORDS: Final = 512
BATCH_BYTES: Final = 504 * 1024
"""What leaves 8 KiB of 512 to the resource and the scopes."""

_TAKEN: Final = {extent.SPAN: extent.SPANS_SHIPPED, extent.LOG: extent.LOGS_SHIPPED}
_REFUSED: Final = {extent.SPAN: extent.SPANS_REFUSED, extent.LOG: extent.LOGS_REFUSED}


@final
class Shipper:
    """Sends one journal, from its cursor on, a batch at a time; only who holds its ship lock has one.

    A batch with spans and log records is two requests, and the cursor moves behind it when both were answered. Until
    then the shipper knows which one was, and sends it no second time. Records leave twice only where a shipper ends
    between an answer and the store of the cursor.

    Args:
        reader: The journal.
        send: What sends.
        most: The most records of a request.
        size: The most bytes of a batch; a single record may have more.
        last: The process is dead or has stopped recording, so nobody finishes what is not finished.

    Attributes:
        reader: The journal.
        last: As above; it may be set later.
    """

    __slots__ = ("_behind", "_cursor", "_is_closed", "_lock", "_most", "_parcels", "_passed", "_size", "last", "reader")

    def __init__(
        self, reader: Reader, send: Send, *, most: int = BATCH_RECORDS, size: int = BATCH_BYTES, last: bool = False
    ) -> None:
        self.reader = reader
        self.last = last
        self._most = most
        self._size = size
        self._lock = RLock()
        self._is_closed = False
        self._parcels = Parcels(reader, send)
        self._cursor = self._behind = reader.cursor
        self._passed: Mapping[int, int] = {}

    def ship(self) -> Shipment | None:
        """Send the next records that wait, and give what became of them; None where there are none.

        After an `Again` the next call sends the same records, and after a `TooLarge` half of them.
        """
        with self._lock:
            if self._is_closed or not (self._parcels or self._load()):
                return None
        shipment = self._parcels.send()
        with self._lock:
            if self._is_closed:
                return None
            self._parcels.settle(shipment)
            if not self._parcels:
                self._acknowledge()
        return shipment

    def waiting(self) -> tuple[int, int]:
        """Count the spans and the log records that the endpoint has not answered for."""
        with self._lock:
            found = self.reader.pending()
            # What was answered of a batch while the rest was not is still behind the cursor.
            spans, logs = (
                count - self._parcels.taken[kind] - self._parcels.refused[kind]
                for kind, count in zip(KINDS, found, strict=True)
            )
            return spans, logs

    def close(self) -> None:
        """Send nothing more, and let go of the journal; an answer that still comes moves nothing."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self.reader.release()

    def _load(self) -> bool:
        """Take the next batch; tell whether there is something in it."""
        batch = self.reader.batch(self._cursor, most=self._most, size=self._size, last=self.last)
        self._behind = batch.cursor
        self._passed = {extent.SPANS_TORN: batch.torn, extent.SPANS_CORRUPT: batch.corrupt}
        self._parcels.add(batch.chunks)
        if not self._parcels and self._behind != self._cursor:
            self._acknowledge()
        return bool(self._parcels)

    def _acknowledge(self) -> None:
        """Store how far it is and what became of it, all at once: a kill finds both as they were, or both done."""
        counts = Counter(self._passed)
        for kind in KINDS:
            counts[_TAKEN[kind]] += self._parcels.taken[kind]
            counts[_REFUSED[kind]] += self._parcels.refused[kind]
        self._parcels.clear()
        self._cursor = self._behind
        memory = self.reader.memory
        words = [memory.word(word) + counts[word] for word in range(extent.CURSOR, extent.SPANS_CORRUPT + 1)]
        words[0] = self._cursor
        with suppress(OSError):  # a disk that fails: this shipper still knows, and sends nothing twice
            memory.put(extent.CURSOR, *words)
