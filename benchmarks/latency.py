"""What a scrape costs those who do not ask for it: the latency of requests, quiet and while a thread scrapes.

A request is twenty times ten microseconds of Python and one operation of the library. A scraper that holds the
interpreter's lock shows as the tail of the requests' latencies, whoever owns the processor time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from threading import Event, Thread

from .harness import Call, Case, Effort, Measurement

PARTS = 20
PART_NS = 10_000
INTERVAL_SECONDS = 0.1
ROUNDS = 3
SHARES: dict[str, float | None] = {"mean": None, "p99": 0.99, "p99.9": 0.999}
PHASES = ("quiet", "scraped")
# The thousandth part of a second of requests is five of them; of less it would be an accident.
LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Load:
    """What a case gives: the operation inside of the requests, and the scrape beside them."""

    operation: Call
    scrape: Call


def measure(cases: Sequence[Case], effort: Effort, *, least_seconds: float = LEAST_SECONDS) -> tuple[Measurement, ...]:
    """Give mean, p99 and p99.9 of each case, quiet and scraped: six measurements a case, interleaved by rounds."""
    seconds = max(least_seconds, 50 * effort.round_ns / 1e9)
    spins = _spins()
    with ExitStack() as stack:
        loads = {case.name: case.open(stack) for case in cases}
        found: dict[str, list[float]] = {name: [] for name in figures(loads)}
        requests = dict.fromkeys(found, 0)
        for _ in range(ROUNDS):
            for name, phase in product(loads, PHASES):
                latencies = _phase(loads[name], phase, spins, seconds)
                for share, value in SHARES.items():
                    figure = f"{name}, {share} {phase}"
                    found[figure].append(percentile(latencies, value))
                    requests[figure] += len(latencies)
    return tuple(Measurement(name, requests[name], tuple(costs)) for name, costs in found.items())


def figures(cases: Iterable[str]) -> Iterator[str]:
    """Name the six measurements of each case.

    >>> list(figures(["scraped/telemetry"]))[:2]
    ['scraped/telemetry, mean quiet', 'scraped/telemetry, mean scraped']
    """
    return (f"{name}, {share} {phase}" for name in cases for share in SHARES for phase in PHASES)


def percentile(latencies: list[int], share: float | None) -> float:
    """Give the latency that a share of all requests kept; without a share, the mean.

    >>> percentile([5, 1, 3], 0.5), percentile([5, 1, 3], None)
    (3, 3.0)
    """
    if share is None:
        return sum(latencies) / len(latencies)
    return sorted(latencies)[int(share * len(latencies))]


def _phase(load: Load, phase: str, spins: int, seconds: float) -> list[int]:
    if phase == "quiet":
        return _requests(load.operation, spins, seconds)
    with _scraper(load.scrape):
        return _requests(load.operation, spins, seconds)


def _requests(operation: Call, spins: int, seconds: float) -> list[int]:
    latencies: list[int] = []
    begin = now = time.perf_counter_ns()
    end = begin + int(seconds * 1e9)
    while now < end:
        for _ in range(PARTS):
            _spin(spins)
            operation()
        before, now = now, time.perf_counter_ns()
        latencies.append(now - before)
    return latencies


@contextmanager
def _scraper(scrape: Call) -> Iterator[None]:
    stop = Event()

    def run() -> None:
        while not stop.wait(INTERVAL_SECONDS):
            scrape()

    thread = Thread(target=run, name="scraper")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _spin(spins: int) -> None:
    for _ in range(spins):
        pass


def _spins() -> int:
    """Find how many turns of an empty loop take ten microseconds here."""
    turns = 10_000
    best = min(_timed(turns) for _ in range(20))
    return max(1, round(turns * PART_NS / best))


def _timed(turns: int) -> int:
    begin = time.perf_counter_ns()
    _spin(turns)
    return time.perf_counter_ns() - begin
