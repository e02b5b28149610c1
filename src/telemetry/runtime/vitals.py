"""The vital signs of a runtime: what it recorded, passed on and lost, and what that cost.

Recording pays nothing for it: everything is read from the words of the journal when somebody scrapes or pushes. The
dispatcher loads this module with the first look, or where a budget is set.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from threading import RLock, Thread
from time import time_ns
from typing import Final, Protocol, final

from telemetry._hotpath import Ring, Site, extent
from telemetry.config import Settings
from telemetry.contracts import OVERFLOW
from telemetry.metrics import ExecutionMetrics
from telemetry.signals import Family, LogSink
from telemetry.tracing import Terms

from .admissions import Admissions
from .backlog import is_kept, live_spans, queue, written_bytes
from .breaches import Breaches
from .budget import Budget
from .observations import Observations
from .overhead import Overhead, Work
from .sampling import Sampling
from .signs import Exports, Sign, exported, families, queued, recorded
from .steward import Steward
from .stopwatch import Stopwatch
from .tariff import measure, measure_log_record
from .threads import OwnThreads
from .thrift import Thrift

_COUNTS: Final = (
    *("STARTED", "SAMPLED_OUT", "TORN_COUNT", "ABANDONED", "SPANS_OVERWRITTEN", "LOGS_OVERWRITTEN"),
    *("SPANS_TOO_LARGE", "LOGS_TOO_LARGE", "LOGS_WRITTEN", "SPANS_SHIPPED", "LOGS_SHIPPED", "SPANS_REFUSED"),
    *("LOGS_REFUSED", "SPANS_TORN", "SPANS_CORRUPT", "UNDECIDED_FULL", "UNDECIDED_DROPPED"),
)
_WORDS: Final[Mapping[str, int]] = {name.lower(): getattr(extent, name) for name in _COUNTS}
_PROTOCOLS: Final = {"http/protobuf": "otlp_http", "http/json": "otlp_http_json", "grpc": "otlp_grpc"}
_NAMED_METRICS: Final = 200
_SHIPPED: Final = ("spans_shipped", "logs_shipped", "spans_refused", "logs_refused")


class Living(Protocol):
    """The runtime whose vital signs are taken."""

    settings: Settings
    metrics: ExecutionMetrics
    terms: Terms
    sampling: Sampling
    breaches: Breaches
    admissions: Admissions

    @property
    def ring(self) -> Ring:
        """Where the hot path writes."""


@final
class Vitals:
    """Takes the vital signs of one runtime, and holds it to its overhead budget where one is set.

    Args:
        runtime: The runtime.
        stopwatch: Times what the runtime sends itself; None where it sends nothing.
        sinks: Who gets the steps of the budget as log records.

    Attributes:
        overhead: What telemetry costs.
        steward: Who holds it to the budget; None where there is none.
        thrift: Makes the runtime do with less.
    """

    __slots__ = (
        "_labels",
        "_lock",
        "_observations",
        "_pricing",
        "_runtime",
        "_stopwatch",
        "_threads",
        "overhead",
        "steward",
        "thrift",
    )

    def __init__(self, runtime: Living, *, stopwatch: Stopwatch | None = None, sinks: Sequence[LogSink] = ()) -> None:
        self._runtime = runtime
        self._stopwatch = stopwatch
        self._labels = {"environment": runtime.settings.environment}
        self._observations = Observations(runtime.metrics.memory)
        self._threads = OwnThreads()
        self.thrift = Thrift(runtime)
        self._lock = RLock()
        self._pricing: Thread | None = None
        self.overhead = Overhead(self.work, self._threads.seconds)
        self.steward = self._hired(runtime, sinks)

    def families(self) -> Sequence[Family]:
        """Take all vital signs; never raises. The first time, measuring the prices begins beside it."""
        try:
            self.price()
            signs = [*self._journal_signs(), *self._cost_signs(), *self._overflow_signs()]
            since_ns = self._runtime.ring.words[extent.CREATED_NS]
            return families(signs, self._labels, since_ns, time_ns())
        except Exception as error:  # noqa: BLE001 -- a scrape of the application's metrics must not fail for ours
            self._runtime.breaches.count("vitals_failed", f"{type(error).__name__}: {error}")
            return ()

    def trim(self, site: Site) -> bool:
        """Take from a site what the budget has no room for; tell whether it still has spans."""
        return self.thrift.trim(site)

    def start(self) -> None:
        """Hold the runtime to its budget from now on."""
        if self.steward is not None:
            self.price()
            self.steward.start()

    def stop(self) -> None:
        """Take no more steps."""
        if self.steward is not None:
            self.steward.stop()

    def restart(self) -> None:
        """Start over, in a forked child, which is on the same rung and knows the same prices."""
        self._lock = RLock()
        self._pricing = None
        self._threads.restart()
        self.overhead.restart()
        if self.steward is not None:
            self.steward.restart()

    def price(self, *, wait: bool = False) -> None:
        """See to it that all prices are known, by measuring them in a thread of their own, once.

        Args:
            wait: Come back when they are.
        """
        with self._lock:
            if self._pricing is None and self._lacks_prices():
                thread = Thread(target=self._measure, name="telemetry-tariff", daemon=True)
                with suppress(RuntimeError):  # an interpreter on its way out starts no threads any more (CPython 3.12)
                    thread.start()
                    self._pricing = thread
            pricing = self._pricing
        if wait and pricing is not None:
            pricing.join()

    def work(self) -> Work:
        """Count what was recorded so far."""
        ring = self._runtime.ring
        words = ring.words
        return Work(
            spans=words[extent.STARTED],
            bytes=written_bytes(ring),
            admissions=self._runtime.admissions.count,
            sampled_out=words[extent.SAMPLED_OUT],
            log_records=words[extent.LOGS_WRITTEN],
            observations=self._observations.count(),
        )

    def _hired(self, runtime: Living, sinks: Sequence[LogSink]) -> Steward | None:
        percent = runtime.settings.overhead_budget_percent
        if percent is None:
            return None
        from telemetry.export.notice import Notice

        say = (lambda _line: False) if runtime.breaches.quiet else Notice().say
        return Steward(Budget(percent / 100), self.thrift, self.overhead.sample, sinks=sinks, say=say)

    def _lacks_prices(self) -> bool:
        tariff = self.overhead.tariff
        if tariff is None:
            return True
        has_lines = self._runtime.ring.words[extent.LOGS_WRITTEN] > 0
        return not tariff.log_record and has_lines

    def _measure(self) -> None:
        try:
            tariff = self.overhead.tariff or measure()
            if not tariff.log_record and self._runtime.ring.words[extent.LOGS_WRITTEN] and "structlog" in sys.modules:
                tariff = replace(tariff, log_record=measure_log_record())
            self.overhead.tariff = tariff
        except Exception as error:  # noqa: BLE001 -- without prices no cost is shown, and nothing else is lost
            self._runtime.breaches.count("pricing_failed", f"{type(error).__name__}: {error}")
        self._threads.seconds()  # this thread is one of ours, and is gone at the next look
        self._pricing = None

    def _journal_signs(self) -> Iterator[Sign]:
        ring = self._runtime.ring
        counts = {name: ring.words[word] for name, word in _WORDS.items()}
        live = live_spans(ring)
        yield from recorded(counts, live)
        if not is_kept(ring):
            return
        records = counts["started"] - live + counts["logs_written"]
        is_shipped = self._stopwatch is not None or any(counts[name] for name in _SHIPPED)
        yield from queued(counts, live, queue(ring, records, is_shipped=is_shipped))
        if self._stopwatch is not None:
            protocol = _PROTOCOLS[self._runtime.settings.protocol]
            yield from exported(counts, Exports(protocol, self._stopwatch.inflight(), self._stopwatch.durations()))

    def _cost_signs(self) -> Iterator[Sign]:
        parts = self.overhead.parts()
        for part, seconds in parts.items():
            yield "telemetry_overhead_seconds_total", {"part": part}, seconds
        if parts:
            yield "telemetry_overhead_ratio", {}, self.overhead.ratio()
        if self.steward is not None:
            yield "telemetry_overhead_step", {}, self.steward.budget.rung.number
            yield "telemetry_overhead_sampling_ratio", {}, self.steward.budget.rung.share

    def _overflow_signs(self) -> Iterator[Sign]:
        """Count what went past a limit by metric; of instruments with names without number, the rest is one series."""
        counts = sorted(self._runtime.metrics.overflowed().items())
        for name, count in counts[:_NAMED_METRICS]:
            yield "telemetry_overflow_total", {"metric": name}, count
        if len(counts) > _NAMED_METRICS:
            yield "telemetry_overflow_total", {"metric": OVERFLOW}, sum(count for _, count in counts[_NAMED_METRICS:])
