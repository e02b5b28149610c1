"""Many spans at once, from one thread and from a crowd: every one is accounted for, and the metrics are exact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from tests.collector import Collector
from tests.soak.execution import finish, kill, start, succeed
from tests.soak.orders import Orders
from tests.soak.recovery import ledgers, recover
from tests.soak.scrape import scraped
from tests.soak.truth import read_truth


@final
@dataclass(frozen=True, slots=True)
class Burst:
    """What came of a burst: how many spans ended, and how many had arrived at the exit and after the next process."""

    ended: int
    at_exit: int
    later: int
    repeated: int
    unbalanced: tuple[str, ...]


def burst(folder: Path, spans: int) -> Burst:
    """Record some spans as fast as one thread can, and end, with a collector that is well."""
    journal = str(folder / "journal")
    with Collector() as collector:
        kill(
            Orders("ours", "exit", str(folder / "truth"), journal, collector.url, seconds=60, spans=spans),
            between=(0, 0),
        )
        ended = {f"{span_id:016x}" for span_id in read_truth(folder / "truth").ended}
        at_exit = len(ended & collector.spans.keys())
        books = ledgers(folder / "journal")
        heir = Orders("ours", "term", str(folder / "heir"), journal, collector.url, spans=1)
        succeed(heir, lambda: ended <= collector.spans.keys(), within_seconds=10)
        arrived = [collector.spans[span_id] for span_id in ended & collector.spans.keys()]
    return Burst(len(ended), at_exit, len(arrived), sum(arrived) - len(arrived), _unbalanced(books))


@final
@dataclass(frozen=True, slots=True)
class Overrun:
    """What came of more spans than the ring holds: those that ended, that are left, and that the ledger counts."""

    ended: int
    found: int
    overwritten: int
    unbalanced: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """Whether each span is either there or counted."""
        return self.found + self.overwritten == self.ended and not self.unbalanced


def overrun(folder: Path, spans: int) -> Overrun:
    """Record many times more than a small ring holds, and die without a word."""
    journal = folder / "journal"
    orders = Orders("ours", "os_exit", str(folder / "truth"), str(journal), seconds=60, spans=spans)
    kill(orders, between=(0, 0), variables={"TELEMETRY_JOURNAL_BYTES": str(1 << 20)})
    ended = read_truth(folder / "truth").ended
    books = ledgers(journal)
    overwritten = sum(book["lost"]["overwritten"] for book in books)
    return Overrun(len(ended), len(ended & recover(journal).finished.keys()), overwritten, _unbalanced(books))


@final
@dataclass(frozen=True, slots=True)
class Crowd:
    """What a crowd recorded by its own count, and what ledgers and metrics say of it.

    Attributes:
        recorded: How many spans, and how many observations, the threads counted.
        started: How many spans the ledgers have.
        lost: How many of these were overwritten or else lost, by the ledgers.
        counter: The sum of the counter.
        observations: The count of the histogram.
        total: The sum of the histogram.
        expected_total: That sum, by the threads' own count.
        unbalanced: The ledgers that do not add up.
    """

    recorded: int
    started: int
    lost: int
    counter: float
    observations: float
    total: float
    expected_total: float
    unbalanced: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """Whether all counts are those of the threads."""
        counts = {self.started, self.counter, self.observations}
        return counts == {self.recorded} and self.total == self.expected_total and not self.unbalanced


def crowd(folder: Path, seconds: float) -> Crowd:
    """Have four processes with eight threads each record for some seconds, all in one journal's folder."""
    journal = folder / "journal"
    ending = finish(start("crowd", Orders("ours", "exit", "", str(journal), seconds=seconds).written()))
    books = ledgers(journal)
    samples = scraped(journal)
    counts = ending.report.counts
    return Crowd(
        counts["recorded"],
        sum(book["started"] for book in books),
        sum(sum(book["lost"].values()) for book in books),
        samples["compile_success_total"],
        samples["pipeline_latency_seconds_count"],
        samples["pipeline_latency_seconds_sum"],
        counts["sum"],
        _unbalanced(books),
    )


def _unbalanced(books: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(str(book) for book in books if not book["balances"])
