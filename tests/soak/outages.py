"""A collector that is down, slow, hangs, refuses, or is cut off: nothing is lost, and the pipeline does not notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import final

from tests.collector import CUT_REQUEST, CUT_RESPONSE, HANG, OK, Collector, Fault, slow, status
from tests.soak.execution import finish, start, succeed, wait_for
from tests.soak.orders import Orders
from tests.soak.recovery import ledgers
from tests.soak.report import Ending
from tests.soak.truth import read_truth

_FIRST = 2
BATCH = 512
"""The most spans of one request: as many may come twice when an answer is lost."""


@final
@dataclass(frozen=True, slots=True)
class Outage:
    """One way in which a collector fails.

    Attributes:
        title: What it is called in the table.
        happen: What happens to the collector while a child records for some seconds.
        repeats: How many spans may come twice: where a collector took what it did not acknowledge.
        refuses: Whether it refuses some for good, which are to be counted.
    """

    title: str
    happen: Callable[[Collector, float], None]
    repeats: float = 0
    refuses: bool = False


def _nothing(_collector: Collector, seconds: float) -> None:
    sleep(seconds)


def _go_away(collector: Collector, seconds: float) -> None:
    with collector.away():
        sleep(seconds * 0.75)
    sleep(seconds / 4)


def _always(fault: Fault) -> Callable[[Collector, float], None]:
    """Fail at every request for three quarters of the time, and at the first ones whenever they come."""

    def happen(collector: Collector, seconds: float) -> None:
        collector.fail_next(*[fault] * _FIRST)
        collector.always(fault)
        sleep(seconds * 0.75)
        collector.always(OK)
        sleep(seconds / 4)

    return happen


def _for_good(fault: Fault) -> Callable[[Collector, float], None]:
    """Fail at every request, beyond the end of the child."""

    def happen(collector: Collector, _seconds: float) -> None:
        collector.always(fault)

    return happen


def _close(collector: Collector, _seconds: float) -> None:
    collector.close()


OUTAGES = {
    "none": Outage("none", _nothing),
    "back": Outage("down, back after three quarters of the time", _go_away),
    "down": Outage("down beyond the end", _close),
    "slow": Outage("slow: 0.5 s a request", _for_good(slow(0.5)), repeats=BATCH),
    "hang": Outage("takes connections, never answers, beyond the end", _for_good(HANG)),
    "429": Outage("429 with `Retry-After: 1`", _always(status(429, retry_after="1"))),
    "503": Outage("503", _always(status(503))),
    "400": Outage("400, beyond the end: refused for good", _for_good(status(400)), refuses=True),
    "cut": Outage("cut in the middle of a batch", _always(CUT_REQUEST)),
    "unacknowledged": Outage("takes batches, cut before the answer", _always(CUT_RESPONSE), repeats=float("inf")),
}


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        ending: How the child fared.
        ended: How many spans had ended.
        at_exit: How many of them had arrived when the child was gone.
        later: How many had arrived when the next process of the service had come and gone.
        repeated: How many times a span came again.
        refused: How many the ledgers count as refused.
        unbalanced: The ledgers that do not add up.
    """

    ending: Ending
    ended: int
    at_exit: int
    later: int
    repeated: int
    refused: int
    unbalanced: tuple[str, ...]

    @property
    def lost(self) -> int:
        """How many neither arrived nor were counted."""
        return self.ended - self.later - self.refused


def suffer(
    outage: Outage,
    folder: Path,
    *,
    seconds: float,
    spans_per_second: float,
    delay_ms: int = 5000,
    deadline_seconds: float = 1.0,
) -> Outcome:
    """Have a child record through an outage, and the next process of its service send what is left.

    Args:
        outage: How the collector fails.
        folder: Where all is kept; an empty one.
        seconds: How long the child records.
        spans_per_second: How fast.
        delay_ms: How often it sends.
        deadline_seconds: What its exit may take.
    """
    journal = folder / "journal"
    with Collector() as collector:
        orders = Orders(
            "ours",
            "exit",
            str(folder / "truth"),
            str(journal),
            collector.url,
            seconds=seconds,
            spans_per_second=spans_per_second,
        )
        variables = {
            "OTEL_BSP_SCHEDULE_DELAY": str(delay_ms),
            "TELEMETRY_SHUTDOWN_TIMEOUT_SECONDS": str(deadline_seconds),
        }
        child = start("steady", orders.written(), variables=variables)
        wait_for(child, folder / "truth")
        outage.happen(collector, seconds)
        ending = finish(child)
        ended = {f"{span_id:016x}" for span_id in read_truth(folder / "truth").ended}
        at_exit = len(ended & collector.spans.keys())
        books = ledgers(journal)
        _recover(collector)
        heir = Orders("ours", "term", str(folder / "heir"), str(journal), collector.url, spans=1)
        succeed(heir, lambda: ended <= collector.spans.keys(), within_seconds=1 if outage.refuses else 10)
        arrived = ended & collector.spans.keys()
        repeated = sum(collector.spans[span_id] - 1 for span_id in arrived)
    refused = sum(book["lost"]["refused"] for book in books)
    unbalanced = tuple(str(book) for book in books if not book["balances"])
    return Outcome(ending, len(ended), at_exit, len(arrived), repeated, refused, unbalanced)


def _recover(collector: Collector) -> None:
    collector.always(OK)
    collector.close()
    collector.open()
