"""Push the metrics of this process: at an interval, when asked, and again after a failure.

A push has the totals since the start, so one that failed loses nothing while another one follows. The worker's thread
calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import final

from telemetry.journal import Again, Refused, Taken, Verdict
from telemetry.signals import FamilySource

from .account import Account
from .backoff import Backoff
from .schedule import Schedule


@final
class Pushes:
    """The pushes of one source.

    Args:
        source: Gives the families of each push.
        push: Sends their current state; None where there was nothing to send.
        stamp: Called after each push that arrived.
        schedule: Sizes and times.
        account: Where pushes are counted.

    Attributes:
        backoff: When to try again.
        obstacle: Why the last push did not arrive, and will be tried again; empty where it did.
        refusal: Why the last push was refused, or could not be made; empty where it was not.
    """

    __slots__ = ("_account", "_due", "_interval", "_push", "_source", "_stamp", "backoff", "obstacle", "refusal")

    def __init__(
        self,
        source: FamilySource,
        push: Callable[[FamilySource], Verdict | None],
        stamp: Callable[[], None],
        schedule: Schedule,
        account: Account,
    ) -> None:
        self._source = source
        self._push = push
        self._stamp = stamp
        self._account = account
        self._interval = schedule.metrics_seconds
        self._due = monotonic() + self._interval
        self.backoff = Backoff(schedule.retry_seconds, schedule.longest_retry_seconds)
        self.obstacle = self.refusal = ""

    def left(self, *, hurried: bool) -> float:
        """Give the seconds until the next push; one in a hurry waits only for what the endpoint asked."""
        return self.backoff.left(hurried=hurried) if self.obstacle else max(self._due - monotonic(), 0.0)

    def turn(self, *, hurried: bool = False, asked: bool = False) -> None:
        """Push if it is time, or somebody waits for it."""
        self.refusal = ""
        if self.backoff.left(hurried=hurried) or not (asked or self.obstacle or monotonic() >= self._due):
            return
        self.obstacle = ""
        verdict = self._attempt()
        self._due = monotonic() + self._interval
        if isinstance(verdict, Again):
            self.obstacle = verdict.reason
            self.backoff.fail(verdict.after_seconds)
        else:
            self.backoff.succeed()
        if isinstance(verdict, Taken):
            self._account.export("metrics", 1)
            self._stamp()
        elif verdict is not None:
            self._account.lose("metrics", "export_failed", 1)
            self.refusal = "" if self.obstacle else verdict.reason

    def _attempt(self) -> Verdict | None:
        try:
            return self._push(self._source)
        except Exception as problem:  # noqa: BLE001 -- the thread outlives whatever an exporter or a source does
            return Refused(repr(problem))
