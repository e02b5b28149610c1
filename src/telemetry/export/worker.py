"""Export in the background: one thread ships the journal and pushes metrics, with one deadline.

It knows times and who waits, not protocols: what sends is an `Exporter`. `runtime` makes one and shuts it down. No
thread of the application waits for the network, but in `flush` and `shutdown`, which say how long.
"""

from __future__ import annotations

# What sends imports this in the worker's thread, which CPython refuses as soon as the end of the program has begun.
import concurrent.futures.thread  # noqa: F401
import os
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from math import inf
from threading import Event, RLock, Thread
from time import monotonic, time_ns
from typing import Final, Protocol, final
from weakref import WeakSet

from telemetry._hotpath import Chunk, Region, extent
from telemetry.journal import Reader, Verdict
from telemetry.signals import FamilySource

from .account import Account, Signal
from .alarm import Alarm
from .consignor import Consignor
from .outage import Outage
from .pushes import Pushes
from .schedule import Schedule
from .turnstile import Turnstile
from .vigil import Vigil

# What a shutdown keeps of its deadline for a request that it interrupts to come to its end.
_LAST_SHARE: Final = 0.1
_LEAST_SECONDS: Final = 0.01
"""A delay of zero, which `OTEL_BSP_SCHEDULE_DELAY` may ask for, would keep a core busy."""
_LONGEST_SECONDS: Final = 3600.0
_OPENING_SECONDS: Final = 1.0
_FORK_SECONDS: Final = 5.0
"""What a fork waits for an import to end; on a machine that has nothing else to do it takes 0.15 to 0.3 s."""
_BOTH: Final = frozenset((extent.SPAN, extent.LOG))

_OVERWRITTEN: Final = (
    extent.SPANS_OVERWRITTEN,
    extent.LOGS_OVERWRITTEN,
    extent.SPANS_TOO_LARGE,
    extent.LOGS_TOO_LARGE,
)


class Exporter(Protocol):
    """Sends what it is given, once, and gives what the endpoint says."""

    @property
    def target(self) -> str:
        """Where it goes, for messages."""

    def open(self) -> None:
        """Do the slow part of beginning."""

    def records(self, origin: Reader, kind: int, chunks: Sequence[Chunk], /) -> Verdict:
        """Send records of a journal, all of one kind."""

    def metrics(self, source: FamilySource, /) -> Verdict | None:
        """Send the current state of all metrics; None where there was nothing to send."""

    def close(self) -> None:
        """Interrupt what is under way, as far as that can be, and send no more."""

    def forget(self) -> None:
        """Drop the connections that a forked child inherits."""


@final
class ExportWorker:
    """Ships what a process records out of its journal, and pushes its metrics, in a thread of its own.

    What cannot be sent now stays in the journal, and is tried again later and later; nothing else waits anywhere. The
    thread starts with `start`, or when it is woken first; in a forked child, whose journal begins empty, also when it
    has metrics. An endpoint that fails is one line on stderr, and one when it is back.

    Args:
        exporter: What sends; the worker closes it.
        region: The memory that the process records in; without one no records leave.
        source: Gives the families of each push; without one no metrics leave.
        kinds: What is sent of `extent.SPAN` and `extent.LOG`; records of the other kind are passed over.
        schedule: Sizes and times.
    """

    __slots__ = (
        "__weakref__",
        "_account",
        "_alarm",
        "_closing",
        "_consignor",
        "_deadline",
        "_end_began",
        "_ended_well",
        "_exporter",
        "_is_behind",
        "_kinds",
        "_left",
        "_opened",
        "_outage",
        "_over",
        "_pushes",
        "_refusal",
        "_region",
        "_schedule",
        "_source",
        "_starting",
        "_thread",
        "_tried",
        "_turnstile",
        "_vigil",
    )

    _thread: Thread | None
    _consignor: Consignor | None
    _pushes: Pushes | None

    def __init__(
        self,
        exporter: Exporter,
        region: Region | None = None,
        source: FamilySource | None = None,
        *,
        kinds: Collection[int] = _BOTH,
        schedule: Schedule | None = None,
    ) -> None:
        self._exporter = exporter
        self._region = region
        self._source = source
        self._kinds = kinds
        self._schedule = schedule or Schedule()
        self._closing = self._over = False
        self._end_began = inf
        self._deadline = inf
        self._vigil: Vigil | None = None
        self._begin()
        _workers.add(self)

    def await_opening(self, seconds: float) -> None:
        """Wait for what the thread imports, as the end of the program has begun, after which imports fail.

        What this takes is taken off the deadline of the shutdown that comes.
        """
        self._end_began = monotonic()
        self._opened.wait(seconds)

    def finish_opening(self, seconds: float) -> None:
        """Wait for what the thread imports, as a fork begins: a child could never import what is half imported."""
        if self._is_opening() and self._thread is not threading.current_thread():
            self._opened.wait(seconds)

    def start(self) -> None:
        """Start the thread, which then imports what it needs; a second start does nothing."""
        with self._starting:
            if self._thread is not None or self._over:
                return
            self._end_vigil()
            thread = self._thread = Thread(target=self._run, name="telemetry-export", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # an interpreter on its way out starts no threads any more (CPython 3.12)
                self._thread = None

    def wake(self) -> None:
        """Ship now: a segment is full. It neither waits nor raises; recording threads call it."""
        if self._thread is None and not self._closing:
            self.start()
        self._alarm.ring()

    def flush(self, timeout_seconds: float = 5.0) -> bool:
        """Export what was recorded so far, metrics included; tell whether all of it arrived in time."""
        if self._closing:
            return False
        self.start()
        request = self._turnstile.ask()
        self._alarm.ring()
        return self._turnstile.wait(request, timeout_seconds)

    def shutdown(self, deadline_seconds: float = 1.0) -> bool:
        """Export what waits, then stop, within one deadline for all signals; tell whether nothing was ever lost.

        What has not left by the deadline stays in a journal that is a file, for the next process or the gateway; of one
        that is not, it is lost and counted. A request that the endpoint never answers is left to its daemon thread,
        which dies with the process. A second shutdown does nothing.
        """
        if self._closing:
            return False
        self._end_vigil()
        spent = max(0.0, monotonic() - self._end_began)
        end = self._deadline = monotonic() + max(deadline_seconds - spent, deadline_seconds / 2)
        self._closing = True
        self._finish(end - deadline_seconds * _LAST_SHARE)
        reason = self._obstacle() or self._refusal or ("no answer" if self._is_busy() else "")
        self._over = True
        self._alarm.ring()
        self._exporter.close()
        self._finish(end)
        self._settle()
        arrived = self._ended_well and not any(self._left) and not self.losses()
        if not arrived:
            self._outage.end(reason, deadline_seconds)
        return arrived

    def losses(self, *signals: Signal) -> dict[str, int]:
        """Give the number of lost records by reason: of the named signals, or else of spans and log records."""
        return self._account.losses(*signals)

    def exported(self) -> dict[str, int]:
        """Give the number of exported records by signal; of metrics, the number of pushes."""
        return self._account.exported()

    def _begin(self) -> None:
        self._account = Account()
        self._turnstile = Turnstile()
        self._starting = RLock()  # a finaliser that runs inside may record, and so wake
        self._alarm = Alarm()
        self._opened = Event()
        self._outage = Outage(self._exporter.target, self._state)
        self._thread = None
        self._tried = 0
        self._refusal = ""
        self._left = (0, 0)
        self._ended_well = self._source is None
        self._is_behind = self._source is not None
        region, source, schedule = self._region, self._source, self._schedule
        self._consignor = self._pushes = None
        if region is not None and self._kinds:
            self._consignor = Consignor(region, self._exporter.records, self._kinds, schedule, self._account)
        if source is not None:
            self._pushes = Pushes(source, self._exporter.metrics, self._stamp, schedule, self._account)

    def _begin_in_child(self) -> None:
        self._over = self._over or self._is_opening()  # then what this child records is for the parent to ship
        self._exporter.forget()
        self._end_vigil()
        self._begin()
        if self._region is not None and self._pushes is not None and not (self._over or self._closing):
            self._vigil = Vigil(self._region, self.start, self._schedule.metrics_seconds)

    def _end_vigil(self) -> None:
        vigil, self._vigil = self._vigil, None
        if vigil is not None:
            vigil.end()

    def _is_opening(self) -> bool:
        return self._thread is not None and not self._opened.is_set()

    def _parts(self) -> list[Consignor | Pushes]:
        return [part for part in (self._consignor, self._pushes) if part is not None]

    def _stamp(self) -> None:
        """Let the gateway know that nobody has to ship our metrics."""
        if self._region is not None:
            self._region.words[extent.METRICS_SHIPPED_NS] = time_ns()

    def _run(self) -> None:
        with suppress(Exception):  # what fails now fails again with the first request, and is told then
            self._exporter.open()
        self._opened.set()
        while not self._closing:
            self._alarm.sleep(self._seconds_left())
            if not self._closing:
                self._turn()
        self._end()

    def _seconds_left(self) -> float:
        is_hurried = self._turnstile.asked != self._tried
        left = min((part.left(hurried=is_hurried) for part in self._parts()), default=_LONGEST_SECONDS)
        return min(max(left, _LEAST_SECONDS), _LONGEST_SECONDS)

    def _turn(self, *, hurried: bool = False) -> None:
        request, is_asked = self._turnstile.asked, self._turnstile.waiting
        is_hurried, self._tried = hurried or request != self._tried, request
        for part in self._parts():
            _attempt(part, hurried=is_hurried, asked=is_asked or self._closing)
        refusals = [part.refusal for part in self._parts() if part.refusal]
        self._refusal = self._refusal or next(iter(refusals), "")
        if not self._over:
            self._tell(refusals)
        if is_asked and not self._obstacle():
            self._turnstile.answer(request, faultless=not self._refusal)
            self._refusal = ""

    def _end(self) -> None:
        """Send what is left, and try again while there is time, unless it is kept anyway."""
        if self._consignor is not None:
            self._consignor.is_last = True
        self._turn(hurried=True)
        self._is_behind = self._pushes is not None and bool(self._pushes.obstacle)
        is_kept = self._consignor is not None and self._consignor.is_kept
        while self._obstacle() and not (is_kept or self._over) and monotonic() + self._seconds_left() < self._deadline:
            self._alarm.sleep(self._seconds_left())
            self._turn()
        self._ended_well = not self._obstacle() and not self._refusal

    def _obstacle(self) -> str:
        return next((part.obstacle for part in self._parts() if part.obstacle), "")

    def _tell(self, refusals: Sequence[str]) -> None:
        if refusals:
            self._outage.refuse(refusals[0])
        is_elsewhere = self._consignor is not None and self._consignor.is_elsewhere
        if (obstacle := self._obstacle()) and not is_elsewhere:
            self._outage.fail(obstacle)
        elif not any(part.backoff.is_failing for part in self._parts()):
            self._outage.succeed()

    def _finish(self, end: float) -> None:
        """Let the thread come to its end, and wait for it until then; where nothing ever left, it starts only now."""
        has_records = self._consignor is not None and any(self._consignor.waiting())
        if self._thread is None and (has_records or self._source is not None):
            self.start()
        self._alarm.ring()
        if self._thread is not None:
            self._thread.join(max(end - monotonic(), 0))

    def _settle(self) -> None:
        """Give up what has not left, or leave it to the next one."""
        if self._consignor is None:
            return
        self._left = self._consignor.close()
        if not self._consignor.is_kept:
            spans, logs = self._left
            self._account.lose("spans", "export_timeout", spans)
            self._account.lose("logs", "export_timeout", logs)

    def _is_busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _state(self) -> str:
        """Say what waits, and what is lost."""
        lost = self.losses()
        words = () if self._region is None else self._region.words
        if overwritten := sum(words[word] for word in _OVERWRITTEN if words):
            lost["overwritten"] = overwritten
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(lost.items())) or "nothing"
        metrics = "the last metrics did not leave; " if self._over and self._is_behind else ""
        if self._consignor is None or (self._over and not self._consignor.is_kept):
            return f"{metrics}lost so far: {reasons}"
        spans, logs = self._consignor.waiting()
        where = " in the journal" if self._consignor.is_kept else ""
        return f"{metrics}{spans} spans and {logs} log records wait{where}; lost so far: {reasons}"


_workers: WeakSet[ExportWorker] = WeakSet()


def _begin_all_in_child() -> None:
    for worker in list(_workers):
        worker._begin_in_child()


def _finish_openings() -> None:
    end = monotonic() + _FORK_SECONDS
    for worker in list(_workers):
        worker.finish_opening(max(0.0, end - monotonic()))


os.register_at_fork(before=_finish_openings, after_in_child=_begin_all_in_child)


def _await_openings() -> None:
    end = monotonic() + _OPENING_SECONDS
    for worker in list(_workers):
        worker.await_opening(max(0.0, end - monotonic()))


# The exporters' libraries start threads while they are imported, which CPython refuses as soon as its own end has
# begun, and that is before `atexit` (3.11 to 3.14). A program that is over so soon would send nothing.
with suppress(AttributeError):
    threading._register_atexit(_await_openings)  # type: ignore[attr-defined]


def _attempt(part: Consignor | Pushes, *, hurried: bool, asked: bool) -> None:
    try:
        part.turn(hurried=hurried, asked=asked)
    except Exception as problem:  # noqa: BLE001 -- the thread outlives whatever there is in a journal or a source
        part.obstacle = repr(problem)
        part.backoff.fail()
