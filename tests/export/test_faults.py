"""A collector that is down, slow, silent or overloaded: nothing is lost, memory is bounded, people get one line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Thread
from time import monotonic, sleep

import pytest
from tests.collector import CUT_REQUEST, CUT_RESPONSE, HANG, OK, Collector, Fault, at_most, eventually, slow, status
from tests.grpccollector import GrpcCollector

from telemetry.export import ExportWorker, Schedule
from telemetry.export.otlp import OtlpExporter

from .recorder import Recorder
from .records import RESOURCE
from .servers import in_child

PROMPT = Schedule(delay_seconds=0.05, metrics_seconds=60, retry_seconds=0.05, longest_retry_seconds=0.2)

Any2 = Collector | GrpcCollector


@pytest.fixture(params=["http/protobuf", "grpc"])
def collector(request: pytest.FixtureRequest) -> Iterator[Any2]:
    """A running collector for each protocol."""
    with Collector() if request.param == "http/protobuf" else GrpcCollector() as running:
        yield running


def worker_to(collector: Any2, recorder: Recorder, *, timeout_seconds: float = 0.5) -> ExportWorker:
    """Make a worker that ships promptly, and gives an endpoint half a second to answer."""
    protocol = "grpc" if isinstance(collector, GrpcCollector) else "http/protobuf"
    exporter = OtlpExporter(collector.url, RESOURCE, timeout_seconds=timeout_seconds, protocol=protocol)
    worker = ExportWorker(exporter, recorder.region, schedule=PROMPT)
    recorder.ring.wake = worker.wake
    worker.start()
    return worker


@pytest.mark.parametrize(
    "fault",
    [slow(0.2), HANG, status(429, retry_after="0.1"), status(503), status(502), status(504), CUT_REQUEST],
    ids=["slow", "hang", "429", "503", "502", "504", "cut"],
)
def test_nothing_is_lost(collector: Any2, fault: Fault) -> None:
    """Whatever the endpoint did for a while, every span and log record arrives once it takes them again."""
    recorder = Recorder()
    worker = worker_to(collector, recorder)
    collector.always(fault)
    ids = recorder.spans(1_500)
    recorder.logs(20)
    sleep(0.4)
    ids += recorder.spans(500)
    collector.always(OK)
    assert worker.flush(10)
    assert set(collector.spans) == set(ids)
    assert len(collector.logs) >= 20
    assert worker.losses() == {}
    assert recorder.counted("spans_shipped", "spans_overwritten", "logs_shipped") == [2_000, 0, 20]
    assert worker.shutdown()


def test_an_answer_that_is_cut_costs_a_duplicate_and_no_loss(collector: Any2) -> None:
    """Where the endpoint took a request and its answer was lost, the same ids come again: at least once, never less."""
    recorder = Recorder()
    collector.fail_next(CUT_RESPONSE)
    worker = worker_to(collector, recorder)
    ids = recorder.spans(30)
    assert worker.flush(5)
    assert set(collector.spans) == set(ids)
    assert set(collector.spans.values()) == {2}
    assert worker.exported() == {"spans": 30}
    assert worker.shutdown()


def test_too_large_requests_leave_in_parts(collector: Any2) -> None:
    """An endpoint with a limit of its own gets what fits, and the one span that never does is counted."""
    if isinstance(collector, GrpcCollector):
        collector.always(Fault(largest=4_000, message="Received message larger than max"))
    else:
        collector.always(at_most(4_000))
    recorder = Recorder()
    worker = worker_to(collector, recorder)
    ids = recorder.spans(200)
    poison = recorder.spans(1, value="x" * 5_000)
    ids += recorder.spans(100)
    assert not worker.flush(5)
    assert set(collector.spans) == set(ids)
    assert set(collector.spans.values()) == {1}
    assert worker.losses() == {"too_large": 1}
    assert not set(poison) & set(collector.spans)
    worker.shutdown()


def test_an_outage_under_load(collector: Any2, capfd: pytest.CaptureFixture[str]) -> None:
    """Down for three seconds at a thousand spans a second: all arrive, memory stays, one line says so, and one the end.

    The server's part of gRPC, which is in this process too, writes lines of its own.
    """
    recorder = Recorder(ring_bytes=8 << 20)
    worker = worker_to(collector, recorder)
    ids = recorder.spans(100)
    assert worker.flush()
    before = resident_bytes()
    with collector.away():
        end = monotonic() + 3
        while monotonic() < end:
            ids += recorder.spans(20)
            sleep(0.02)
    assert eventually(lambda: set(collector.spans) == set(ids), within_seconds=10)
    assert eventually(lambda: not any(worker._consignor.waiting()))  # type: ignore[union-attr]
    assert resident_bytes() - before < 16 << 20
    assert worker.shutdown()
    assert (worker.losses(), recorder.counted("spans_overwritten")) == ({}, [0])
    down, back = (line for line in capfd.readouterr().err.splitlines() if line.startswith("telemetry"))
    assert re.match(rf"telemetry: cannot export to {collector.url}: .*; \d+ spans and 0 log records wait; ", down)
    assert re.match(rf"telemetry: exports to {collector.url} again, after \d+ s; .*lost so far: nothing", back)


def resident_bytes() -> int:
    """Give the memory of this process that is resident (proc(5), `/proc/self/statm`)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_what_the_ring_cannot_hold_is_counted(collector: Any2) -> None:
    """A long outage overwrites the oldest, and the ledger balances to the span."""
    recorder = Recorder(ring_bytes=1 << 20)
    collector.always(status(503))
    worker = worker_to(collector, recorder)
    threads = [Thread(target=recorder.spans, args=(8_000,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    collector.always(OK)
    assert worker.flush(10)
    started, shipped, overwritten = recorder.counted("started", "spans_shipped", "spans_overwritten")
    assert overwritten > 0
    assert started == shipped + overwritten == 24_000
    assert shipped == len(collector.spans) == sum(collector.spans.values())
    assert worker.shutdown()


def test_random_faults_lose_nothing(collector: Any2) -> None:
    """Under a random sequence of failures and answers every span arrives, and the counts agree."""
    chance = Random(20)
    faults = [OK, status(503), CUT_REQUEST, status(429, retry_after="0.02"), slow(0.02)]
    collector.fail_next(*chance.choices(faults, k=30))
    recorder = Recorder()
    worker = worker_to(collector, recorder)
    ids = []
    for _ in range(40):
        ids += recorder.spans(chance.randrange(100))
        recorder.logs(chance.randrange(3))
        sleep(0.01)
    assert worker.flush(10)
    assert set(collector.spans) == set(ids)
    assert recorder.counted("spans_shipped", "spans_refused") == [len(ids), 0]
    assert worker.shutdown()


@pytest.mark.parametrize("fault", [HANG, status(503), slow(3)], ids=["hang", "503", "slow"])
def test_the_end_keeps_its_deadline(collector: Any2, fault: Fault) -> None:
    """Whatever the endpoint does, a shutdown takes no longer than it may."""
    recorder = Recorder()
    worker = worker_to(collector, recorder, timeout_seconds=10)
    collector.always(fault)
    recorder.spans(700)
    began = monotonic()
    assert not worker.shutdown(0.5)
    assert monotonic() - began < 0.75
    assert worker.losses() == {"export_timeout": 700}
    collector.always(OK)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # CPython 3.12 warns of forks beside threads
def test_a_forked_child_has_a_connection_of_its_own(collector: Any2) -> None:
    """A child of a process that has exported exports too, by either protocol."""
    recorder = Recorder()
    worker = worker_to(collector, recorder)
    recorder.spans(3)
    assert worker.flush()

    def arrives() -> bool:
        recorder.spans(2)
        return worker.flush(5) and worker.exported() == {"spans": 2} and worker.shutdown()

    child = in_child(arrives)
    assert os.waitpid(child, 0)[1] == 0
    assert sum(collector.spans.values()) == 5
    recorder.spans(1)
    assert worker.shutdown()
    assert sum(collector.spans.values()) == 6


def test_the_endpoint_is_left_alone_as_long_as_it_asks(collector: Any2) -> None:
    """No request comes before the time that the endpoint has set, and the first one soon after."""
    recorder = Recorder()
    worker = worker_to(collector, recorder)
    collector.fail_next(status(429, retry_after="1"))
    recorder.spans(1)
    assert eventually(lambda: len(collector.spans) == 1)
    first, second = (arrival.at for arrival in collector.arrivals)
    assert 1.0 <= second - first < 1.6
    assert worker.shutdown()


def pauses(collector: Any2, count: int) -> list[float]:
    """Give the times between the first requests."""
    assert eventually(lambda: len(collector.arrivals) > count, within_seconds=10)
    times = [arrival.at for arrival in collector.arrivals[: count + 1]]
    return [later - earlier for earlier, later in pairwise(times)]


def test_pauses_grow(collector: Any2) -> None:
    """Each pause may be twice as long as the one before, up to a bound, and none is shorter than half of that."""
    recorder = Recorder()
    collector.always(status(503))
    worker = worker_to(collector, recorder)
    recorder.spans(1)
    seen = pauses(collector, 6)
    for pause, most in zip(seen, (0.05, 0.1, 0.2, 0.2, 0.2, 0.2), strict=True):
        assert most / 2 <= pause < most + 0.25
    collector.always(OK)
    assert worker.shutdown()
