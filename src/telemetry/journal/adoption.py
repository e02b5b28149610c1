"""Ship what dead processes left in a folder: their records, then the spans that were open.

Each journal is shipped under its ship lock, so that only one heir has it. A file goes when nothing is left in it;
metrics are left to the gateway. The worker of a process has one for the folder that its own journal is in.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import Final, final

from telemetry._hotpath import extent
from telemetry.errors import JournalError

from .folder import Folder
from .ledger import balance
from .liveness import is_gone
from .parcels import Parcels, Send, Shipment
from .reader import Reader, open_journal
from .recovery import recover
from .shipper import BATCH_BYTES, BATCH_RECORDS, Shipper

_SAMPLED: Final = 1
_LEAST_KEY, _KEY_LIMIT = 8, 1 << 62
"""Below are the keys of the folder itself; the totals of the dead have no key."""


@final
class Ward:
    """The journal of one dead process, with its ship lock.

    Args:
        reader: The journal.
        send: What sends.
        most: The most records of a request.
        size: The most bytes of a batch.

    Attributes:
        path: The file.
        key: What the process held in the folder while it lived.
    """

    __slots__ = ("_closings", "_count", "_reader", "_shipper", "key", "path")

    def __init__(self, reader: Reader, send: Send, *, most: int = BATCH_RECORDS, size: int = BATCH_BYTES) -> None:
        assert reader.path is not None, "a dead process has left a file"
        self.path = reader.path
        self.key = reader.identity.key
        self._reader = reader
        self._shipper = Shipper(reader, send, most=most, size=size, last=True)
        self._closings = Parcels(reader, send)
        self._count = -1

    @property
    def is_over(self) -> bool:
        """Whether nobody needs the file, once everything was shipped: it has no metrics, and counts nothing lost.

        Of all others the totals of the dead are made first, by a gateway or by who keeps the folder small.
        """
        ledger = balance(self._reader)
        return not (self._reader.memory.word(extent.PAGES_USED) or ledger.has_losses)

    def ship(self) -> Shipment | None:
        """Send the next records, or else the next spans that were open; None when everything was answered for."""
        return self._shipper.ship() or self._ship_closings()

    def close(self) -> None:
        """Let go of the journal."""
        self._shipper.close()
        self._reader.memory.close()

    def _ship_closings(self) -> Shipment | None:
        if self._count < 0:
            self._close_spans()
        if not self._closings:
            return None
        shipment = self._closings.send()
        self._closings.settle(shipment)
        if not self._closings:
            with suppress(OSError):
                self._reader.memory.put(extent.SPANS_CLOSED, self._count)
        return shipment

    def _close_spans(self) -> None:
        """Prepare the spans that were open; none where an earlier heir has sent them."""
        chunks = [chunk for chunk in recover(self._reader).closed if chunk.flags[0] & _SAMPLED]
        self._count = len(chunks)
        self._closings.add(chunks)


@final
class Adoption:
    """Finds the journals of dead processes in a folder, and ships them one after the other.

    Args:
        folder: Where they are.
        send: What sends.
        most: The most records of a request.
        size: The most bytes of a batch.
    """

    __slots__ = ("_folder", "_found", "_is_closed", "_lock", "_most", "_send", "_size", "_ward")

    def __init__(self, folder: Folder, send: Send, *, most: int = BATCH_RECORDS, size: int = BATCH_BYTES) -> None:
        self._folder = folder
        self._send = send
        self._most = most
        self._size = size
        self._found: deque[Path] = deque()
        self._ward: Ward | None = None
        self._is_closed = False
        self._lock = RLock()

    def look(self) -> None:
        """Look who has died since the last time."""
        self._found = deque(self._folder.journals())

    def ship(self) -> Shipment | None:
        """Send some of what a dead process left; None where nothing is left of those that were found."""
        while (ward := self._adopted()) is not None:
            shipment = ward.ship()
            if shipment is not None:
                return shipment
            self._part(ward)
        return None

    def close(self) -> None:
        """Let go of whom it has adopted, even if a request is under way; what was not answered is for the next heir."""
        with self._lock:
            ward, self._ward, self._is_closed = self._ward, None, True
            if ward is not None:
                self._let_go(ward)

    def _adopted(self) -> Ward | None:
        with self._lock:
            if self._ward is None and not self._is_closed:
                self._ward = self._next()
            return self._ward

    def _part(self, ward: Ward) -> None:
        """Leave a journal that was shipped, and remove its file if nobody needs it."""
        with self._lock:
            if self._ward is not ward:  # closed meanwhile, by another thread
                return
            self._ward = None
            if ward.is_over:
                with suppress(OSError):
                    ward.path.unlink()
            self._let_go(ward)

    def _let_go(self, ward: Ward) -> None:
        ward.close()
        self._folder.release(ward.key + 1)

    def _next(self) -> Ward | None:
        """Take the next dead process out of those that were found."""
        while self._found:
            with suppress(JournalError):
                reader = open_journal(self._found.popleft())
                if self._inherit(reader):
                    return Ward(reader, self._send, most=self._most, size=self._size)
                reader.memory.close()
        return None

    def _inherit(self, reader: Reader) -> bool:
        """Take the ship lock of a process that is dead; False where it lives, or somebody else has the lock."""
        key = reader.identity.key
        if reader.path is None or not _LEAST_KEY <= key < _KEY_LIMIT:
            return False
        if not is_gone(self._folder, key, reader.path) or not self._folder.hold(key + 1):
            return False
        try:
            reader.memory.put(extent.CLAIM, 0)
        except OSError:  # what cannot be written cannot be marked as shipped
            self._folder.release(key + 1)
            return False
        return True
