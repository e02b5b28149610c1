"""What telemetry says that it costs, beside what it costs by the process's own clock."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from statistics import median
from time import process_time, thread_time

import pytest

from telemetry import instrument_span, metric, record_metric
from telemetry.config import read_settings
from telemetry.runtime import TelemetryDispatcher, install, tariff
from telemetry.runtime.observations import Observations
from telemetry.runtime.overhead import Overhead, Sample, Work
from telemetry.runtime.tariff import Tariff
from telemetry.runtime.threads import OwnThreads
from telemetry.testing import isolated

Recorded = Callable[[str, str, str], str]

ROUNDS = 5
CALLS = 6000


def work(backend: str, operator: str, clause: str) -> str:
    """Do next to nothing, so that recording is what there is to measure."""
    return clause


@pytest.fixture
def recorded() -> Recorded:
    """The same as a function that is recorded, with a span, three attributes and a histogram."""
    span = {"backend.name": "backend", "operator.name": "operator", "clause.id": "clause"}
    labels = {"backend": "backend", "operator": "operator"}
    measured = record_metric("lowering_duration_seconds", labels={"maturity": "stable"}, capture=labels)
    return instrument_span("codegen.lower", capture=span)(measured(work))


@pytest.fixture
def runtime() -> Iterator[TelemetryDispatcher]:
    """A runtime that records for nobody: no thread of ours takes anything out."""
    made = TelemetryDispatcher(read_settings(environ={}, journal=False), quiet=True)
    before = install(made)
    yield made
    install(before)
    made.shutdown()


def seconds(function: Recorded, clauses: list[str]) -> float:
    """Give the CPU time of a call with each of these."""
    begun = process_time()
    for clause in clauses:
        function("c-gcc", "add", clause)
    return process_time() - begun


@pytest.mark.parametrize("distinct", [64, ROUNDS * CALLS], ids=["values that repeat", "values that never do"])
def test_the_estimate_is_near_the_truth(runtime: TelemetryDispatcher, recorded: Recorded, distinct: int) -> None:
    """By the process's clock recorded calls cost what is said, within a factor of 2; both are measured in turns."""
    overhead = runtime.vitals.overhead
    quotients = []
    for number in range(ROUNDS):
        overhead.tariff = tariff.measure()
        clauses = [f"clause {each % distinct}" for each in range(number * CALLS, (number + 1) * CALLS)]
        before = overhead.sample()
        taken = seconds(recorded, clauses)
        estimate = overhead.sample().since(before).recording
        quotients.append(estimate / (taken - seconds(work, clauses)))
    assert 0.5 <= median(quotients) <= 2.0, quotients


def test_prices_are_of_this_machine() -> None:
    """Every operation that records costs something, a span more than an observation, and a new value the most."""
    measured = tariff.measure()
    assert 0 < measured.observation < measured.span + 200 * measured.byte < 1e6
    assert measured.admission > measured.observation
    assert measured.sampled_out > 0
    assert measured.log_record == 0


def test_measuring_leaves_the_application_alone() -> None:
    """Nothing that is measured is recorded, no call in the measuring thread is left in a span, and it takes little."""
    with isolated() as recording:
        begun = thread_time()
        tariff.measure()
        taken = thread_time() - begun
        assert recording.spans == []
        assert recording.metrics == {}
    assert taken < 0.5


def test_a_log_line_has_a_price() -> None:
    """A line costs as much as its chain takes, in which everything happens to it but the writing."""
    assert 1_000 < tariff.measure_log_record() < 5_000_000


def test_parts_add_up() -> None:
    """Each kind of work is priced on its own, and bytes are those of the records that are spans."""
    work_done = Work(spans=10, bytes=4000, admissions=3, sampled_out=5, log_records=10, observations=7)
    overhead = Overhead(lambda: work_done, lambda: 0.25)
    assert overhead.parts() == {}
    overhead.tariff = Tariff(span=100, byte=2, admission=1000, sampled_out=50, observation=30, log_record=500)
    nanoseconds = {name: round(value * 1e9) for name, value in overhead.parts().items()}
    assert nanoseconds == {
        "spans": 10 * 100 + 2 * 2000,
        "admissions": 3000,
        "sampled_out": 250,
        "log_records": 5000,
        "observations": 210,
        "threads": 250_000_000,
    }


def test_a_ratio_is_of_the_time_in_between() -> None:
    """It is cost over CPU time of one window, 0 where nothing ran, and never more than 1."""
    earlier, later = Sample(0.0, 1.0, 0.5, 0.1), Sample(5.0, 3.0, 0.6, 0.2)
    assert later.since(earlier).ratio == pytest.approx(0.1)
    assert later.since(later).ratio == 0.0
    assert Sample(5.0, 1.1, 2.5, 0.1).since(earlier).ratio == 1.0


def test_threads_of_ours_are_counted_and_others_are_not() -> None:
    """CPU time of a thread with our prefix counts, after its end too; the application's own does not."""
    threads = OwnThreads()
    looked, over = threading.Event(), threading.Event()

    def spin() -> None:
        begun = thread_time()
        while thread_time() - begun < 0.05:
            pass
        looked.set()
        over.wait(10)

    before = threads.seconds()
    ours = threading.Thread(target=spin, name="telemetry-test")
    ours.start()
    assert looked.wait(10)
    taken = threads.seconds() - before
    over.set()
    ours.join()
    other = threading.Thread(target=spin, name="application")
    other.start()
    other.join()
    after = threads.seconds() - before
    assert 0.04 <= taken <= 0.5
    assert after - taken < 0.04


def test_observations_are_counted_where_they_lie(recorded: Recorded) -> None:
    """Those of histograms are, of every series and page, whoever made them; counters and gauges leave no trace."""
    with isolated() as recording:
        observations = Observations(recording.runtime.metrics.memory)
        assert observations.count() == 0
        histogram = metric("lowering_duration_seconds")
        for number in range(150):
            histogram.labels(backend="c-gcc", operator=f"operator{number}", maturity="stable").observe(0.1)
        metric("compile_success_total").labels(backend="c-gcc").inc(1000)
        assert observations.count() == 150
        recorded("c-gcc", "operator0", "x")
        assert observations.count() == 151


def test_nothing_is_loaded_before_somebody_looks() -> None:
    """A runtime without a budget, at which nobody looks, has not loaded what measures it."""
    import subprocess

    program = (
        "import sys, telemetry\n"
        "telemetry.configure('x', journal=False)\n"
        "telemetry.shutdown()\n"
        "print([name for name in sys.modules if name in ('telemetry.runtime.vitals', 'telemetry.runtime.tariff')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
