"""What is recorded through handles, as a reader of families sees it."""

from __future__ import annotations

import gc
import math
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import islice
from typing import Any

import prometheus_client
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.instrument.shop import REGISTRY

from telemetry import metric
from telemetry.signals import Distribution, Quantiles
from telemetry.testing import Recording, isolated

BOUNDS = (0.001, 0.01, 0.1, 1)
NO_NUMBERS: tuple[Any, ...] = (math.nan, math.inf, -math.inf, "3", b"1", None, 10**400, object())
DETERMINISTIC = settings(max_examples=25, deadline=None, derandomize=True)


def worker(name: str, label: str = "w") -> Any:
    """Give the child of a metric that has a label `worker`."""
    return metric(name).labels(worker=label)


def distribution(recording: Recording, name: str) -> Distribution:
    """Read a histogram of one series."""
    found = recording.value(name)
    assert isinstance(found, Distribution)
    return found


def quantiles(recording: Recording) -> Quantiles:
    """Read the summary."""
    found = recording.value("shop_job_size_bytes")
    assert isinstance(found, Quantiles)
    return found


def test_a_counter_only_rises(recording: Recording) -> None:
    """By one, or by any finite amount that is not negative, of any type of number; the rest is refused and counted."""
    child = worker("shop_jobs_total")
    for amount in ((), (2,), (0.5,), (True,), (Fraction(1, 2),), (0,)):
        child.inc(*amount)
    for wrong in (-1, *NO_NUMBERS):
        child.inc(wrong)
    assert recording.value("shop_jobs_total") == 5.0
    assert recording.losses == {"value_out_of_range": 1 + len(NO_NUMBERS)}


def test_a_gauge_is_set_and_moved_within_its_range(recording: Recording) -> None:
    """Set, inc and dec; a value outside of the contract's range, or that is no number, leaves the last one."""
    load = worker("shop_worker_load")
    load.set(50)
    load.inc()
    load.dec(2)
    wrong: list[Callable[[], None]] = [
        lambda: load.set(101),
        lambda: load.inc(52),
        lambda: load.dec(50),
        *(lambda value=value: load.set(value) for value in NO_NUMBERS),
    ]
    for use in wrong:
        use()
        assert recording.value("shop_worker_load") == 49.0
    assert recording.losses == {"value_out_of_range": len(wrong)}


@DETERMINISTIC
@given(st.lists(st.one_of(st.floats(-1, 2), st.sampled_from(BOUNDS), st.integers(-3, 20)), max_size=50))
def test_buckets_are_those_of_prometheus(values: list[float]) -> None:
    """Every observation falls into the bucket that prometheus_client puts it in: a bound belongs to its bucket."""
    registry = prometheus_client.CollectorRegistry()
    theirs = prometheus_client.Histogram("h", "x", buckets=BOUNDS, registry=registry)
    with isolated(registry=[REGISTRY]) as recording:
        ours = worker("shop_job_duration_seconds")
        ours.observe(0.5)
        theirs.observe(0.5)
        for value in values:
            ours.observe(value)
            theirs.observe(value)
        found = distribution(recording, "shop_job_duration_seconds")
    cumulative = [sum(found.buckets[: index + 1]) for index in range(len(found.buckets))]
    samples = [sample for sample in next(iter(theirs.collect())).samples if sample.name == "h_bucket"]
    assert cumulative == [sample.value for sample in samples]
    assert found.count == len(values) + 1
    assert found.sum == pytest.approx(sum(values) + 0.5)


def test_what_is_no_number_is_not_observed(recording: Recording) -> None:
    """Neither by a histogram nor by a summary, which takes nothing negative either."""
    for name in ("shop_job_depth", "shop_job_size_bytes"):
        for wrong in NO_NUMBERS:
            metric(name).observe(wrong)
    metric("shop_job_size_bytes").observe(-1)
    assert recording.losses == {"value_out_of_range": 2 * len(NO_NUMBERS) + 1}
    counts = [series.value.count for family in recording.metrics.values() for series in family.series]  # type: ignore[union-attr]
    assert set(counts) <= {0}


def _geometric(start: float, factor: float) -> Iterator[float]:
    while True:
        yield start
        start *= factor


def _mixed(draw: Callable[[], float], first: float) -> Iterator[float]:
    yield first
    while True:
        yield draw()


_draw = random.Random(11)
SHAPES: dict[str, Iterator[float]] = {
    "exponential": iter(lambda: _draw.expovariate(3), None),
    "log-normal": iter(lambda: _draw.lognormvariate(2, 1.2), None),
    "uniform": iter(lambda: _draw.uniform(1, 1000), None),
    "rising": _geometric(0.001, 1.002),
    "falling": _geometric(5e4, 1 / 1.002),
    "outlier first": _mixed(lambda: _draw.uniform(0.002, 0.004), 30.0),
    "tiny": iter(lambda: _draw.choice((1e-300, 1e-297)) * _draw.uniform(1, 2), None),
    "two peaks": iter(lambda: _draw.choice((10, 10_000)) * _draw.uniform(0.9, 1.1), None),
    "with zeros": iter(lambda: _draw.choice((0.0, _draw.expovariate(1))), None),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_quantiles_are_within_one_per_cent(shape: str, recording: Recording) -> None:
    """Of many shapes, in any order, as long as the values span no more than a factor of 27 000."""
    observed = list(islice(SHAPES[shape], 3000))
    child = metric("shop_job_size_bytes")
    for value in observed:
        child.observe(value)
    found = quantiles(recording)
    assert found.count == len(observed)
    assert found.sum == pytest.approx(sum(observed))
    observed.sort()
    for share, estimate in found.values:
        exact = observed[int(share * (len(observed) - 1))]
        assert estimate == pytest.approx(exact, rel=0.0101), share


def test_what_lies_too_low_collapses_and_the_rest_stays_exact(recording: Recording) -> None:
    """Over ten powers of ten the largest values keep their accuracy, and the count is right, in either order."""
    observed = [10.0 ** (number / 100) for number in range(-500, 500)]
    for order in (observed, observed[::-1]):
        for value in order:
            metric("shop_job_size_bytes").observe(value)
    found = quantiles(recording)
    exact = sorted(observed * 2)
    assert found.count == len(exact)
    for share, estimate in found.values:
        if share >= 0.9:
            assert estimate == pytest.approx(exact[int(share * 1999)], rel=0.0101), share
    lowest = dict(found.values)[0]
    assert lowest == pytest.approx(max(observed) / 27_500, rel=0.02)


@DETERMINISTIC
@given(st.lists(st.floats(5e-324, 1.7e308), min_size=1, max_size=40))
def test_no_positive_double_is_too_small_or_too_large(values: list[float]) -> None:
    """Every one is counted, and the largest quantile is that of the largest."""
    with isolated(registry=[REGISTRY]) as recording:
        for value in values:
            metric("shop_job_size_bytes").observe(value)
        found = quantiles(recording)
        assert (found.count, recording.losses) == (len(values), {})
    if max(values) > 1e-300:
        assert dict(found.values)[1] == pytest.approx(max(values), rel=0.0101)


def test_an_empty_summary_has_no_quantiles(recording: Recording) -> None:
    """A bound child shows NaN until it observes, as Prometheus' own clients do; zero where all are zero."""
    child = metric("shop_job_size_bytes").labels()
    child.observe(-1)
    if recording.value("shop_job_size_bytes") is not None:
        assert all(math.isnan(estimate) for _, estimate in quantiles(recording).values)
    child.observe(0)
    assert {estimate for _, estimate in quantiles(recording).values} == {0.0}


@contextmanager
def eager_switching() -> Iterator[None]:
    """Let the interpreter switch threads as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def together(threads: int, work: Callable[[], None]) -> None:
    """Run in so many threads at once."""
    with eager_switching():
        running = [threading.Thread(target=work) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()


def test_eight_threads_lose_nothing(recording: Recording) -> None:
    """What they count and observe at once adds up exactly, of floats and of ints."""
    counter, histogram = worker("shop_jobs_total"), worker("shop_job_duration_seconds")

    def work() -> None:
        for _ in range(10_000):
            counter.inc()
            counter.inc(2)
            histogram.observe(0.05)
            histogram.observe(1)

    together(8, work)
    assert recording.value("shop_jobs_total") == 240_000.0
    found = distribution(recording, "shop_job_duration_seconds")
    assert found.buckets == (0, 0, 80_000, 80_000, 0)
    assert found.sum == pytest.approx(84_000)


def test_gauges_and_summaries_lose_nothing_either(recording: Recording) -> None:
    """A gauge that threads count up and down, and a summary whose values move away, keep every step."""
    gauge, summary = metric("shop_queue_depth").labels(), metric("shop_job_size_bytes").labels()
    steps = iter(range(10**9))

    def work() -> None:
        for _ in range(1000):
            gauge.inc(3)
            gauge.dec()
            summary.observe(1.01 ** (next(steps) % 500))

    together(6, work)
    assert recording.value("shop_queue_depth") == 6 * 1000 * 2
    assert quantiles(recording).count == 6000


def test_threads_that_meet_a_new_series_make_one(recording: Recording) -> None:
    """Many threads that record a combination for the first time at once share one cell."""
    barrier = threading.Barrier(8)

    def work() -> None:
        for number in range(20):
            barrier.wait()
            worker("shop_jobs_total", f"w{number}").inc()

    together(8, work)
    assert [series.value for series in recording.metrics["shop_jobs_total"].series] == [8.0] * 20


def test_a_finaliser_or_signal_handler_may_record_too(recording: Recording) -> None:
    """Code that the interpreter runs in the middle of a write writes to the same cell without a deadlock.

    One of the two may be lost then, since neither can wait for the other.
    """
    gauge, summary = metric("shop_queue_depth").labels(), metric("shop_job_size_bytes").labels()
    handled = []

    class Last:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            summary.observe(2)
            gauge.inc()

    def handle(*_: Any) -> None:
        handled.append(1)
        gauge.inc()
        summary.observe(1)

    before, threshold = signal.signal(signal.SIGVTALRM, handle), gc.get_threshold()
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.0005, 0.0005)
    gc.set_threshold(1)
    try:
        for number in range(1000):
            Last()
            summary.observe(1.02 ** (number % 700))
            gauge.set(0)
    finally:
        gc.set_threshold(*threshold)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    gc.collect()
    assert 1000 <= quantiles(recording).count <= 2000 + len(handled)
    assert recording.losses == {}


def test_every_kind_comes_back_as_it_was_recorded(recording: Recording) -> None:
    """Values, labels in the contract's order, unit, bounds and the time of the first recording."""
    before = time.time_ns()
    worker("shop_jobs_total").inc(3)
    metric("shop_queue_depth").set(7)
    metric("shop_job_depth").observe(2)
    metric("shop_job_size_bytes").observe(1000)
    found = recording.metrics
    assert list(found) == ["shop_jobs_total", "shop_job_depth", "shop_queue_depth", "shop_job_size_bytes"]
    [jobs], [depth] = found["shop_jobs_total"].series, found["shop_queue_depth"].series
    assert (found["shop_jobs_total"].labels, jobs.labels) == (("worker", "environment"), ("w", "development"))
    assert before <= jobs.start_ns <= found["shop_jobs_total"].time_ns
    assert (found["shop_queue_depth"].kind, found["shop_queue_depth"].unit, depth.value) == ("gauge", "jobs", 7.0)
    histogram = distribution(recording, "shop_job_depth")
    assert (found["shop_job_depth"].bounds, histogram.buckets, histogram.count) == ((1, 2, 5), (0, 1, 0, 0), 1)
    summary = quantiles(recording)
    assert [share for share, _ in summary.values] == [0, 0.5, 0.9, 0.99, 1]
    assert (summary.count, summary.sum) == (1, 1000.0)


def test_a_forked_child_counts_from_zero(recording: Recording) -> None:
    """The child's cells are empty, and what it counts does not reach the parent's."""
    counter, gauge = worker("shop_jobs_total"), metric("shop_queue_depth").labels()
    counter.inc(7)
    gauge.set(9)
    pid = os.fork()
    if pid == 0:
        try:
            counter.inc()
            gauge.inc()
            counts = recording.value("shop_jobs_total"), recording.value("shop_queue_depth")
            os._exit(0 if counts == (1.0, 1.0) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert (recording.value("shop_jobs_total"), recording.value("shop_queue_depth")) == (7.0, 9.0)


def test_a_child_records_where_another_thread_held_everything(recording: Recording) -> None:
    """A fork in the middle of other threads' writes leaves no lock behind in the child."""
    gauge, summary = metric("shop_queue_depth").labels(), metric("shop_job_size_bytes").labels()
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            gauge.inc()
            summary.observe(1)

    threads = [threading.Thread(target=write) for _ in range(2)]
    with eager_switching():
        for thread in threads:
            thread.start()
        try:
            ends = [_recorded_in_a_child() for _ in range(10)]
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert ends == [0] * 10


def _recorded_in_a_child() -> int:
    """Record into both metrics in a forked child, which has ten seconds; give how it ended."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(10)
            metric("shop_queue_depth").set(3)
            metric("shop_job_size_bytes").observe(3)
            metric("shop_job_depth").observe(1)
            os._exit(0)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("name", ["shop_job_duration_seconds", "shop_job_wait_seconds"])
def test_a_block_is_timed_in_the_contracts_unit(name: str, recording: Recording) -> None:
    """`time()` observes seconds where the contract says seconds, also when the block raises."""
    with pytest.raises(ValueError, match="mine"), worker(name).time():
        raise ValueError("mine")
    found: Any = recording.value(name)
    assert found.count == 1
    assert 0 < found.sum < 0.1


def test_a_derived_gauge_is_the_share_within_its_counter(recording: Recording) -> None:
    """It follows from the counter, by the gauge's own labels; nothing counted, nothing shown."""
    assert recording.value("shop_job_failure_rate") is None
    for code, times in (("io", 1), ("timeout", 3)):
        metric("shop_job_failures_total").labels(error_code=code).inc(times)
    assert recording.value("shop_job_failure_rate") == 0.25
    for backend, outcome, times in (("c-gcc", "passed", 3), ("c-gcc", "blocked", 1), ("python", "passed", 1)):
        metric("verification_total").labels(backend=backend, outcome=outcome).inc(times)
    assert recording.value("verification_block_rate", backend="c-gcc") == 0.25
    assert recording.value("verification_block_rate", backend="python") == 0.0


def test_settings_give_ambient_labels_and_a_call_may_override_them(recording: Recording) -> None:
    """`environment` need not be named; named, the call's word counts."""
    metric("shop_ticks_total").inc()
    metric("shop_ticks_total").labels(environment="production").inc()
    labels = {series.labels for series in recording.metrics["shop_ticks_total"].series}
    assert labels == {("development",), ("production",)}
