"""Ships what processes recorded and do not ship themselves, and pushes the merged metrics.

It keeps no thread and no clock of its own: `gateway` calls it, again and again. What is dead or alive, it asks the
folder; what may be sent twice, the journals know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol, final

from telemetry._hotpath import extent
from telemetry.errors import JournalError
from telemetry.export.notice import Notice
from telemetry.journal import Again, Folder, Reader, Refused, Send, Shipper, Taken, Verdict, Ward, is_gone, open_journal
from telemetry.signals import FamilySource

from .directory import listed

RECORDS: Final = frozenset({extent.SPAN, extent.LOG})

STUCK_SECONDS: Final = 60.0
"""How long an endpoint may take nothing before the gateway says that it is not ready."""

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0


class Exporter(Protocol):
    """Sends requests to one endpoint."""

    target: str

    def records(self, origin: Reader, kind: int, chunks: Sequence[Any], /) -> Verdict:
        """Send records of a journal."""

    def metrics(self, source: FamilySource, /) -> Verdict | None:
        """Send the current state of all metrics; None where there was nothing to send."""

    def close(self) -> None:
        """Send no more."""


@final
class _Load:
    """A journal that is being shipped: its records, and when its process is gone the spans that it had open."""

    __slots__ = ("_reader", "_send", "_shipper", "_ward", "waits")

    def __init__(self, reader: Reader, send: Send) -> None:
        self._reader = reader
        self._send = send
        self._shipper = Shipper(reader, send)
        self._ward: Ward | None = None
        self.waits = False

    def ship(self, *, gone: bool) -> bool:
        """Send a batch; tell whether there may be more to send now."""
        self._shipper.last = gone
        shipment = self._shipper.ship()
        if shipment is None and gone:
            self._ward = self._ward or Ward(self._reader, self._send)
            shipment = self._ward.ship()
        self.waits = shipment is not None and isinstance(shipment.verdict, Again)
        return shipment is not None and not self.waits

    def close(self) -> None:
        (self._ward or self._shipper).close()
        self._reader.memory.close()


@final
class Freight:
    """The way out for all processes of one folder.

    Args:
        path: The folder.
        exporter: What sends.
        source: The merged metrics; None where they do not leave.
        kinds: What records leave; nobody wants others, and they are given up.
        delay_seconds: The longest that a record of a living process waits.
        metrics_seconds: The time between two pushes of metrics.
    """

    __slots__ = (
        "_delay_seconds",
        "_exporter",
        "_held",
        "_kinds",
        "_living_due",
        "_metrics_due",
        "_metrics_seconds",
        "_next",
        "_notice",
        "_path",
        "_pause",
        "_source",
        "_taken",
        "_trouble",
    )

    def __init__(
        self,
        path: Path,
        exporter: Exporter,
        source: FamilySource | None,
        *,
        kinds: Set[int] = RECORDS,
        delay_seconds: float = 0.0,
        metrics_seconds: float = 5.0,
    ) -> None:
        self._path = path
        self._exporter = exporter
        self._source = source
        self._kinds = kinds
        self._delay_seconds = delay_seconds
        self._metrics_seconds = metrics_seconds
        self._living_due = 0.0
        self._metrics_due = 0.0
        self._held: dict[int, _Load] = {}
        self._notice = Notice()
        self._pause = _FIRST_PAUSE
        self._next = 0.0
        self._taken = monotonic()
        self._trouble = ""

    @property
    def hindrance(self) -> str:
        """What is in the way, where the endpoint has taken nothing for a minute; empty otherwise."""
        waited = monotonic() - self._taken
        if not self._trouble or waited < STUCK_SECONDS:
            return ""
        return f"{self._exporter.target} has taken nothing for {waited:.0f} s: {self._trouble}"

    def ship(self, *, until: float, everything: bool = False) -> None:
        """Send what waits in all journals, a batch of each in turn, until a time of the monotonic clock.

        An endpoint that wants to be left alone is, unless `everything` is to leave now. What is not sent stays.
        """
        if monotonic() < self._next and not everything:
            return
        try:
            paths, folder = listed(self._path)
        except OSError as error:
            self._say(str(error))
            return
        self._let_go(folder, paths.keys())
        are_due = everything or monotonic() >= self._living_due
        if are_due:
            self._living_due = monotonic() + self._delay_seconds
        gone = {key for key, path in paths.items() if is_gone(folder, key, path)}
        due = paths.keys() if are_due else gone
        left = [key for key in paths if key in due and self._takes(key, paths[key], folder)]
        while left and monotonic() < until and not (self._trouble and monotonic() < self._next):
            left = [key for key in left if self._held[key].ship(gone=key in gone)]
        self._let_go(folder, [key for key, load in self._held.items() if load.waits])

    def push(self, *, everything: bool = False) -> None:
        """Push the merged metrics where it is time to."""
        now = monotonic()
        if self._source is None or (not everything and (now < self._metrics_due or now < self._next)):
            return
        self._metrics_due = now + self._metrics_seconds
        try:
            verdict = self._exporter.metrics(self._source)
        except Exception as problem:  # noqa: BLE001 -- a transport may raise anything, and the gateway goes on
            verdict = Again(repr(problem))
        self._judge(verdict)

    def close(self, folder: Folder | None) -> None:
        """Let go of all journals, and of the endpoint."""
        if folder is not None:
            self._let_go(folder, ())
        self._exporter.close()

    def _takes(self, key: int, path: Path, folder: Folder) -> bool:
        """Take a journal to ship it, unless its process does, or somebody else."""
        if key in self._held:
            return True
        if not folder.hold(key + 1):
            return False
        try:
            self._held[key] = _Load(open_journal(path), self._send)
        except JournalError:  # `roster` says so
            folder.release(key + 1)
            return False
        return True

    def _let_go(self, folder: Folder, kept: Iterable[int]) -> None:
        for key in self._held.keys() - set(kept):
            self._held.pop(key).close()
            folder.release(key + 1)

    def _send(self, reader: Reader, kind: int, chunks: Sequence[Any]) -> Verdict:
        if kind not in self._kinds:
            return Refused("no endpoint is set for records of this kind")
        verdict: Verdict
        try:
            verdict = self._exporter.records(reader, kind, chunks)
        except Exception as problem:  # noqa: BLE001 -- a transport may raise anything, and the gateway goes on
            verdict = Again(repr(problem))
        self._judge(verdict)
        return verdict

    def _judge(self, verdict: Verdict | None) -> None:
        """Take note of what the endpoint says."""
        if isinstance(verdict, Again):
            self._next = monotonic() + (verdict.after_seconds or self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            self._say(verdict.reason)
            return
        if verdict is None:
            return
        self._trouble, self._pause, self._next, self._taken = "", _FIRST_PAUSE, 0.0, monotonic()
        if isinstance(verdict, Refused) or (isinstance(verdict, Taken) and verdict.rejected):
            self._notice.say(f"telemetry: {self._exporter.target} refuses records for good: {verdict.reason}")

    def _say(self, reason: str) -> None:
        if not self._trouble:
            self._taken = monotonic()
        self._trouble = reason
        what = "what waits stays in the journals, and is sent again"
        self._notice.say(f"telemetry: nothing goes to {self._exporter.target}: {reason}; {what}")
