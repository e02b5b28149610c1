"""The rows: each case does the work that it is compared by, all of it and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any

import pytest
from benchmarks import latency, ours, peers
from benchmarks.harness import Case, Effort, Subject
from benchmarks.memory import Growth, grow, peak_bytes
from benchmarks.rows import ROWS, encode, exposition, memory, push
from benchmarks.series import ENVIRONMENT, POINTS
from prometheus_client.parser import text_string_to_metric_families

from telemetry.journal import Batch, OwnMemory, Reader
from telemetry.runtime import TelemetryDispatcher
from telemetry.signals import Distribution, Family
from telemetry.testing import Recording, isolated

CALLS = 3
SPANS = {
    "stage": 1,
    "recorded": 1,
    "span": 1,
    "static": 1,
    "nested": 2,
    "foreign": 1,
    "block": 1,
    "coroutine": 1,
    "generator": 1,
    "exception": 1,
    "unsampled": 0,
}
ATTRIBUTES = {"stage": 3, "recorded": 3, "static": 3, "foreign": 3}
METRICS = {"stage": 1, "recorded": 1, "static": 1, "nested": 2, "foreign": 1, "timed": 1, "histogram": 1}
COUNTS = {"stage": 1, "recorded": 1, "static": 1, "nested": 2, "foreign": 1, "counter": 1, "labelled": 1}


def cases(who: str, rows: dict[str, int]) -> list[Any]:
    """Give the cases of some rows that one library does."""
    return [
        pytest.param(row, case, id=case.name)
        for row in rows
        for case in ROWS[row].cases
        if case.name.partition("/")[2].partition(",")[0] == who
    ]


def call(case: Case, stack: ExitStack) -> int:
    """Open a case, call it three times and let it settle; give the number of operations."""
    made = case.open(stack)
    subject = made if isinstance(made, Subject) else Subject(made)
    for _ in range(CALLS):
        subject.call()
    subject.settle()
    return CALLS * case.calls


def recorded_by(monkeypatch: pytest.MonkeyPatch) -> list[Recording]:
    """Have the rows of ours record into memory, where it can be read what they did."""
    made: list[Recording] = []

    def recording(stack: ExitStack, **settings: Any) -> Any:
        made.append(stack.enter_context(isolated(environment=ENVIRONMENT, **settings)))
        return made[-1].runtime

    monkeypatch.setattr(ours, "recording", recording)
    return made


@pytest.mark.parametrize(("row", "case"), cases("telemetry", SPANS))
def test_our_spans_are_recorded(row: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each operation of ours leaves as many spans as the row says, with their attributes, and nothing is lost."""
    with ExitStack() as stack:
        made = recorded_by(monkeypatch)
        operations = call(case, stack)
        spans = [span for recording in made for span in recording.spans]
        assert len(spans) == SPANS[row] * operations
        wanted = 3 if "3 attributes" in case.name else ATTRIBUTES.get(row, 0)
        own = [set(span.attributes) - {"host.kind", "error.code", "error.type"} for span in spans]
        assert [names for names in own if len(names) != wanted] == []
        assert {name for recording in made for name in recording.losses} <= {"sampled_out"}


@pytest.mark.parametrize(("row", "case"), cases("telemetry", METRICS | COUNTS))
def test_our_metrics_are_recorded(row: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each operation of ours observes and counts as often as the row says."""
    with ExitStack() as stack:
        made = recorded_by(monkeypatch)
        operations = call(case, stack)
        families = made[0].metrics
        assert observed(families) == METRICS.get(row, 0) * operations
        assert counted(families) == COUNTS.get(row, 0) * operations


def observed(families: dict[str, Family]) -> int:
    """Count the observations of the histogram that the rows use."""
    family = families.get("lowering_duration_seconds")
    values = [series.value for series in family.series] if family else []
    return sum(value.count for value in values if isinstance(value, Distribution))


def counted(families: dict[str, Family]) -> float:
    """Add up the counter that the rows use."""
    family = families.get("compile_success_total")
    values = [series.value for series in family.series] if family else []
    return sum(value for value in values if isinstance(value, int | float))


@pytest.mark.parametrize(("row", "case"), cases("opentelemetry", SPANS) + cases("logfire", SPANS))
def test_spans_of_opentelemetry_are_exported(row: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each operation of the peer leaves as many spans at the exporter as ours records."""
    if case.missing():
        pytest.skip(case.missing())
    made: list[peers.Exported] = []
    batch = peers._batch

    def watched(**options: bool) -> Any:
        exported, processor = batch(**options)
        made.append(exported)
        return exported, processor

    monkeypatch.setattr(peers, "_batch", watched)
    with ExitStack() as stack:
        operations = call(case, stack)
        assert sum(exported.spans for exported in made) == SPANS[row] * operations
        assert (sum(exported.bytes for exported in made) > 0) == ("opentelemetry" in case.name and row == "stage")


@pytest.mark.parametrize(("row", "case"), cases("opentelemetry", METRICS | COUNTS))
def test_metrics_of_opentelemetry_are_recorded(row: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each operation of the peer observes and counts as often as ours."""
    readers: list[Any] = []
    make = peers.opentelemetry_reader

    def watched(stack: ExitStack) -> Any:
        meter, reader = make(stack)
        readers.append(reader)
        return meter, reader

    monkeypatch.setattr(peers, "opentelemetry_reader", watched)
    with ExitStack() as stack:
        operations = call(case, stack)
        points = [point for reader in readers for point in points_of(reader)]
        assert sum(getattr(point, "count", 0) for point in points) == METRICS.get(row, 0) * operations
        assert sum(getattr(point, "value", 0) for point in points) == COUNTS.get(row, 0) * operations


def points_of(reader: Any) -> list[Any]:
    """Collect all points that a reader has."""
    scopes = [scope for each in reader.get_metrics_data().resource_metrics for scope in each.scope_metrics]
    return [point for scope in scopes for metric in scope.metrics for point in metric.data.data_points]


@pytest.mark.skipif(find_spec("ddtrace") is None, reason="ddtrace is not installed")
@pytest.mark.parametrize(("row", "case"), cases("ddtrace", SPANS))
def test_spans_of_ddtrace_are_written(row: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each operation of the peer leaves as many spans at the writer as ours records."""
    made: list[peers.Exported] = []
    take = peers.datadog_tracer

    def watched() -> Any:
        tracer, exported = take()
        made.append(exported)
        return tracer, exported

    monkeypatch.setattr(peers, "datadog_tracer", watched)
    with ExitStack() as stack:
        operations = call(case, stack)
        assert sum(exported.spans for exported in made) == SPANS[row] * operations


def opened(row_cases: tuple[Case, ...], name: str, stack: ExitStack) -> Any:
    """Open the case of a name and give what it would time."""
    made = next(case for case in row_cases if case.name == name).open(stack)
    if not isinstance(made, Subject):
        return made
    made.prepare()
    return made.call


@pytest.mark.parametrize("variant", ["", ", floats", ", 10 % changed", ", new"])
def test_pages_show_the_same_samples(variant: str) -> None:
    """Both libraries write the same 10 000 samples under the same labels, and no other lines that cost time."""
    with ExitStack() as stack:
        ours_page = opened(exposition.CASES, f"exposition/telemetry{variant}", stack)().decode()
        peer_page = opened(exposition.CASES, f"exposition/prometheus{variant}", stack)().decode()
    shown = samples(ours_page)
    assert len(shown) == POINTS
    assert samples(peer_page) == shown


def samples(page: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Parse a page into the value of each sample."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


@pytest.mark.parametrize("variant", ["", ", floats"])
def test_pushes_hold_the_same_points(variant: str) -> None:
    """Both encoders put the same 10 000 values into a request."""
    from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData

    with ExitStack() as stack:
        requests = [opened(push.CASES, f"push/{who}{variant}", stack)() for who in ("telemetry", "opentelemetry")]
    values = []
    for request in requests:
        metrics = [
            metric
            for each in MetricsData.FromString(request).resource_metrics
            for scope in each.scope_metrics
            for metric in scope.metrics
        ]
        points = [point for metric in metrics for point in (*metric.sum.data_points, *metric.gauge.data_points)]
        values.append(sorted(point.as_double or point.as_int for point in points))
    assert len(values[0]) == POINTS
    assert values[0] == values[1]


def written(runtime: TelemetryDispatcher) -> Iterator[Batch]:
    """Read everything that a runtime's ring holds."""
    reader, cursor = Reader(OwnMemory(runtime.region)), 0
    while (batch := reader.batch(cursor)).chunks:
        yield batch
        cursor = batch.cursor


def test_encoders_encode_the_same_spans() -> None:
    """Both make OTLP of as many spans with the same names and attributes; ours when they end, into the ring."""
    from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, TracesData

    import telemetry

    with ExitStack() as stack:
        opened(encode.CASES, "encode/telemetry", stack)()
        runtime = telemetry.current()
        assert runtime is not None
        chunks = [chunk for batch in written(runtime) for chunk in batch.chunks]
        request = opened(encode.CASES, "encode/opentelemetry", stack)()
    (resource,) = TracesData.FromString(request).resource_spans
    described = [
        [(span.name, *sorted((each.key, each.value.string_value) for each in span.attributes)) for span in spans]
        for spans in (
            [span for chunk in chunks for span in ScopeSpans.FromString(chunk.payload).spans],
            resource.scope_spans[0].spans,
        )
    ]
    assert len(described[0]) == encode.BATCH
    without_host = [tuple(each for each in span if each != ("host.kind", "online")) for span in described[0]]
    assert without_host == described[1]


def test_kept_objects_are_counted() -> None:
    """Whatever keeps a thousand bytes a call is seen to do so, in traced memory."""
    assert 1000 < grow(Case("memory/known", keeping_a_kilobyte), traced=True) < 1200


def keeping_a_kilobyte(stack: ExitStack) -> Growth:
    """Open a case that keeps a known number of bytes."""
    kept: list[bytes] = []
    return Growth(lambda: kept.append(bytes(1000)), number=500)


def test_held_bytes_of_ours_grow_with_the_series() -> None:
    """A series of ours is counted with its part of the mapped page, which `tracemalloc` does not see."""
    with ExitStack() as stack:
        growth = next(case for case in memory.CASES if case.name == "memory/telemetry, counter series").open(stack)
        growth.keep()
        before = growth.held_bytes()
        growth.keep()
        assert growth.held_bytes() > before


def test_peak_of_a_program_is_its_own() -> None:
    """A program that fills 50 MB shows them; one that does nothing does not show those of this process."""
    bare, filled = peak_bytes("pass"), peak_bytes("kept = bytearray(b'x') * 50_000_000")
    assert filled - bare == pytest.approx(50e6, rel=0.1)


def test_quick_latencies_have_both_phases() -> None:
    """A load that is scraped gives the mean and two tails for each phase, and the scrape really runs."""
    scrapes: list[None] = []
    load = latency.Load(lambda: None, lambda: scrapes.append(None))
    case = Case("scraped/known", lambda _stack: load)
    found = latency.measure([case], Effort(rounds=1, round_ns=1000), least_seconds=0.25)
    assert [each.name for each in found] == list(latency.figures(["scraped/known"]))
    assert len(scrapes) >= latency.ROUNDS
    mean, _, p99, _, tail, _ = (each.least for each in found)
    assert 100_000 < mean <= p99 <= tail
