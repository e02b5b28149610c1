"""Draw up the balance of a journal: what became of each span and log record, with nothing left over.

It only reads and adds. The command line, the gateway's checks and the tests that kill processes call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Self, final

from .reader import Pending, Reader

_TRIES: Final = 3
_NOTHING: Final = Pending(0, 0, 0, 0)

TOLERANCE: Final = 1
"""A process that is killed between two stores leaves one span that was counted and not written, or the reverse."""


@final
@dataclass(frozen=True, slots=True)
class Ledger:
    """What became of the spans of one process, or of several.

    started = shipped + closed + pending + open + undecided + lost. Spans of traces that are not sampled stand beside:
    they count as nothing but `sampled_out`. Log records have the same terms; none is ever open.

    Attributes:
        shipped: What the endpoint has taken.
        closed: Spans that were open or undecided when their process died, and were closed and shipped since.
        pending: What waits to be shipped.
        open: Spans that have begun and not ended.
        undecided: Spans that have ended, in traces of which nobody knows yet whether they are kept.
        refused: What the endpoint does not take, ever.
        overwritten: What newer records took the place of.
        too_large: What there was no room for.
        torn: Spans whose writing was interrupted.
        corrupt: What was damaged; a record that cannot be told counts as one.
        abandoned: Spans that nothing holds any more, so that nobody can end them.
        undecided_full: Undecided spans that made way for newer ones.
        slack: How much happened while this was counted; 0 once the process is gone.
        processes: How many processes this is of.
    """

    started: int = 0
    shipped: int = 0
    closed: int = 0
    pending: int = 0
    open: int = 0
    refused: int = 0
    overwritten: int = 0
    too_large: int = 0
    torn: int = 0
    corrupt: int = 0
    abandoned: int = 0
    sampled_out: int = 0
    logs_written: int = 0
    logs_shipped: int = 0
    logs_pending: int = 0
    logs_refused: int = 0
    logs_overwritten: int = 0
    logs_too_large: int = 0
    slack: int = 0
    processes: int = 1
    undecided: int = 0
    undecided_full: int = 0

    @property
    def lost(self) -> Mapping[str, int]:
        """The spans that nobody will have, by reason."""
        return {name: getattr(self, name) for name in _LOSSES}

    @property
    def lost_logs(self) -> Mapping[str, int]:
        """The same of log records."""
        return {name: getattr(self, f"logs_{name}") for name in _LOG_LOSSES}

    @property
    def has_losses(self) -> bool:
        """Whether anything is lost, spans or log records."""
        return any(self.lost.values()) or any(self.lost_logs.values())

    @property
    def interrupted(self) -> int:
        """What is left over: counted and nowhere, or with a minus somewhere and not counted.

        Spans and logs are added up together, since of a damaged record nobody can tell which it was.
        """
        waiting = self.pending + self.open + self.undecided
        spans = self.started - self.shipped - self.closed - waiting - sum(self.lost.values())
        logs = self.logs_written - self.logs_shipped - self.logs_pending - sum(self.lost_logs.values())
        return spans + logs

    @property
    def balances(self) -> bool:
        """Whether no more is left over than the killed instant between two stores explains."""
        return abs(self.interrupted) <= TOLERANCE * self.processes + self.slack

    def __add__(self, other: Self) -> Self:
        return type(self)(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


_LOSSES: Final = ("refused", "overwritten", "too_large", "torn", "corrupt", "abandoned", "undecided_full")
_LOG_LOSSES: Final = ("refused", "overwritten", "too_large")

NOBODY: Final = Ledger(processes=0)
"""What a sum of ledgers begins with."""


def balance(reader: Reader, *, is_running: bool = False) -> Ledger:
    """Draw up the ledger of one journal.

    Args:
        reader: The journal.
        is_running: Its process lives: what is not finished may still be, and counts move while they are read.
    """
    before = reader.counts()
    for _ in range(_TRIES):
        found, left, after = reader.survey(), _left(reader), reader.counts()
        if before == after:
            break
        before, moved = after, _moved(before, after)
    else:
        return _drawn(after, found, left, slack=moved, is_running=is_running)
    return _drawn(after, found, left, slack=0, is_running=is_running)


@final
@dataclass(frozen=True, slots=True)
class _Left:
    """What is not in the ring: open spans, undecided ones, and places where neither can be made out."""

    opened: int
    undecided: int
    damaged: int


def _left(reader: Reader) -> _Left:
    (opened, damaged), (undecided, unreadable) = reader.table(), reader.waiting()
    return _Left(len(opened), len(undecided), damaged + unreadable)


def of_counts(counts: Mapping[str, int], processes: int) -> Ledger:
    """Draw up the ledger of processes that are gone and of which only the sums of their counts are left."""
    return _drawn(counts, _NOTHING, _Left(0, 0, 0), slack=0, is_running=False, processes=processes)


def _moved(before: Mapping[str, int], after: Mapping[str, int]) -> int:
    return sum(abs(after[name] - before[name]) for name in after if name != "metrics_shipped_ns")


def _drawn(
    counts: Mapping[str, int],
    found: Pending,
    left: _Left,
    *,
    slack: int,
    is_running: bool,
    processes: int = 1,
) -> Ledger:
    torn = 0 if is_running else found.torn
    undecided = 0 if counts["spans_closed"] else left.undecided  # they are closed with those that were open
    return Ledger(
        started=counts["started"] - counts.get("undecided_dropped", 0),
        shipped=counts["spans_shipped"],
        closed=counts["spans_closed"],
        pending=found.spans,
        open=max(left.opened + left.undecided - undecided - counts["spans_closed"], 0),
        refused=counts["spans_refused"],
        overwritten=counts["spans_overwritten"],
        too_large=counts["spans_too_large"],
        torn=counts["torn_count"] + counts["spans_torn"] + torn,
        corrupt=counts["spans_corrupt"] + found.corrupt + left.damaged,
        abandoned=counts["abandoned"],
        sampled_out=counts["sampled_out"],
        logs_written=counts["logs_written"],
        logs_shipped=counts["logs_shipped"],
        logs_pending=found.logs,
        logs_refused=counts["logs_refused"],
        logs_overwritten=counts["logs_overwritten"],
        logs_too_large=counts["logs_too_large"],
        slack=slack,
        processes=processes,
        undecided=undecided,
        undecided_full=counts.get("undecided_full", 0),
    )
