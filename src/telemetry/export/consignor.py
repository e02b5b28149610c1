"""Ship the records of this process out of its journal, and beside them what dead processes left.

It decides what is sent next and when to try again; `journal.Shipper` knows how far it is, `otlp` how to send. The
worker's thread calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import Final, final

from telemetry._hotpath import Chunk, Region, extent
from telemetry.journal import (
    Adoption,
    Again,
    Folder,
    JournalFile,
    OwnMemory,
    Reader,
    Shipment,
    Shipper,
    Taken,
    TooLarge,
    Verdict,
)

from .account import Account, LossReason, Signal
from .backoff import Backoff
from .schedule import Schedule

_SIGNALS: Final[dict[int, Signal]] = {extent.SPAN: "spans", extent.LOG: "logs"}
_ELSEWHERE: Final = "a gateway ships this journal, and has not come to its end"

Records = Callable[[Reader, int, Sequence[Chunk]], Verdict]


@final
class Consignor:
    """Ships what one process records, as long as no gateway does.

    Args:
        region: The memory that the process records in.
        records: Sends records of a journal.
        kinds: What is sent of `extent.SPAN` and `extent.LOG`; the rest is only passed over.
        schedule: Sizes and times.
        account: Where it is counted what became of the records of this process.

    Attributes:
        backoff: When to try again.
        is_last: Whether nothing more is recorded, so that nobody finishes what is not finished.
        is_elsewhere: Whether somebody else ships this process's journal, a gateway.
        obstacle: Why records could not be sent in the last turn, and will be later; empty where they could.
        refusal: What the endpoint said of records that it refused in the last turn; empty where it refused none.
    """

    __slots__ = (
        "_account",
        "_adoption",
        "_due",
        "_folder",
        "_has_shipped",
        "_is_adopting",
        "_key",
        "_kinds",
        "_look_due",
        "_reader",
        "_records",
        "_region",
        "_schedule",
        "_shipper",
        "backoff",
        "is_elsewhere",
        "is_last",
        "obstacle",
        "refusal",
    )

    def __init__(
        self, region: Region, records: Records, kinds: Collection[int], schedule: Schedule, account: Account
    ) -> None:
        self._region = region
        self._reader = Reader(OwnMemory(region))
        self._folder: Folder | None = region.folder if isinstance(region, JournalFile) and region.is_file else None
        self._key = self._reader.identity.key
        self._records = records
        self._kinds = kinds
        self._schedule = schedule
        self._account = account
        self._shipper: Shipper | None = None
        self._adoption = Adoption(self._folder, self._send, most=schedule.batch_size) if self._folder else None
        self._is_adopting = self._has_shipped = False
        self._due = monotonic() + schedule.delay_seconds
        self._look_due = monotonic() + schedule.adoption_seconds
        self.backoff = Backoff(schedule.retry_seconds, schedule.longest_retry_seconds)
        self.obstacle = self.refusal = ""
        self.is_elsewhere = self.is_last = False

    @property
    def is_kept(self) -> bool:
        """Whether what is not sent outlives the process: there is a file, and nobody has removed it."""
        return self._folder is not None and self._region.is_file

    def waiting(self) -> tuple[int, int]:
        """Count the spans and the log records of this process that nobody has answered for."""
        return self._shipper.waiting() if self._shipper else self._reader.pending()

    def left(self, *, hurried: bool) -> float:
        """Give the seconds until there is something to do; one in a hurry waits only for what the endpoint asked."""
        if self.obstacle:
            return self.backoff.left(hurried=hurried)
        due = min(self._due, 0.0 if self._is_adopting else self._look_due if self._adoption else self._due)
        return max(due - monotonic(), 0.0)

    def turn(self, *, hurried: bool = False, asked: bool = False) -> None:
        """Send what waits; unless somebody waits for it, also one request of what dead processes left.

        Args:
            hurried: Cut our own pause short; one that the endpoint asked for is kept.
            asked: Somebody waits for the records of this process.
        """
        self.refusal = ""
        if self.backoff.left(hurried=hurried):
            return
        self.obstacle = ""
        self._due = monotonic() + self._schedule.delay_seconds
        if self._ship(asked=asked) and not asked:
            self._adopt()

    def close(self) -> tuple[int, int]:
        """Send nothing more; give the spans and log records of this process that are left, and in nobody's care."""
        if self._shipper is not None:
            self._shipper.close()
        left = (0, 0) if self.is_elsewhere else self.waiting()
        if self._adoption is not None:
            self._adoption.close()
        if self._folder is not None:
            self._folder.release(self._key + 1)
        return left

    def _ship(self, *, asked: bool) -> bool:
        """Send what has been recorded until now; tell whether there was no obstacle."""
        shipper = self._own()
        if shipper is None:
            if asked and not self.is_last and any(self._reader.pending()):
                self._hold_up(Again(_ELSEWHERE))
            return not self.obstacle
        shipper.last = self.is_last
        left = sum(shipper.waiting())
        while (shipment := shipper.ship()) is not None:
            if isinstance(shipment.verdict, Again):
                self._hold_up(shipment.verdict)
                return False
            if not shipment.is_open:
                self._enter(shipment)
                left -= shipment.count
                if left <= 0:
                    break
        return True

    def _own(self) -> Shipper | None:
        """Give the shipper of our own journal; None while somebody else has its ship lock."""
        if self._shipper is None:
            self.is_elsewhere = self._folder is not None and _is_taken(self._folder, self._key + 1)
        if self._shipper is None and not self.is_elsewhere:
            most, size = self._schedule.batch_size, self._schedule.batch_bytes
            self._shipper = Shipper(self._reader, self._send, most=most, size=size)
        return self._shipper

    def _adopt(self) -> None:
        """Send one request of what dead processes left, if there is any."""
        if self._adoption is None or (not self._is_adopting and monotonic() < self._look_due):
            return
        if not self._is_adopting:
            self._adoption.look()
            self._look_due = monotonic() + self._schedule.adoption_seconds
        shipment = self._adoption.ship()
        self._is_adopting = shipment is not None
        if shipment is None:
            return
        if isinstance(shipment.verdict, Again):
            self._hold_up(shipment.verdict)
        else:
            self.backoff.succeed()

    def _send(self, reader: Reader, kind: int, chunks: Sequence[Chunk]) -> Verdict:
        if kind not in self._kinds:
            return Taken()
        try:
            return self._records(reader, kind, chunks)
        except Exception as problem:  # noqa: BLE001 -- the thread outlives whatever an exporter does, and the data too
            return Again(repr(problem))

    def _hold_up(self, verdict: Again) -> None:
        self.obstacle = verdict.reason
        self.backoff.fail(verdict.after_seconds)

    def _enter(self, shipment: Shipment) -> None:
        if shipment.kind not in self._kinds:
            return
        self.backoff.succeed()
        if not self._has_shipped:
            self._has_shipped, self._look_due = True, 0.0
        signal = _SIGNALS[shipment.kind]
        self._account.export(signal, shipment.count - shipment.refused)
        if shipment.refused:
            self._account.lose(signal, _reason(shipment.verdict), shipment.refused)
            self.refusal = shipment.verdict.reason


def _is_taken(folder: Folder, key: int) -> bool:
    """Tell whether somebody else holds a key; if nobody does, it is ours now.

    A daemon that closed what it inherited has no lock file any more, and its records are still to leave.
    """
    try:
        return not folder.hold(key) and folder.is_held(key)
    except OSError:
        return False


def _reason(verdict: Verdict) -> LossReason:
    if isinstance(verdict, Taken):
        return "rejected"
    return "too_large" if isinstance(verdict, TooLarge) else "refused"
