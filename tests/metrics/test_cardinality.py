"""Limits of series: late known values, hostile unknown ones, what is counted, what is named, what memory it takes."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Iterator
from functools import partial
from math import fsum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import metrics as opentelemetry_metrics
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as classic_families

from telemetry.contracts import load_registry
from telemetry.export.encoder import FamiliesEncoder, encoder
from telemetry.export.exposition import expose
from telemetry.instrument import metric, record_metric
from telemetry.journal import Folder, readers
from telemetry.metrics import MergedMetrics, MergedPages, Part, Rule, parts_of
from telemetry.signals import Series
from telemetry.testing import Recording, isolated

LIMIT = 6
MEMO = 4096
"""What the memo of a handle, and of a site, keeps before it begins anew: so often, and it is where it was."""
KNOWN = ("c-gcc", "c-clang")
METRICS: list[dict[str, Any]] = [
    {"name": "runs_total", "kind": "counter", "unit": "count", "labels": ["backend", "environment"]},
    {"name": "level", "kind": "gauge", "unit": "count", "labels": ["backend", "environment"], "across": "last"},
    {"name": "size_bytes", "kind": "summary", "unit": "bytes", "labels": ["backend", "environment"],
     "quantiles": [0.5]},
    {"name": "took_seconds", "kind": "histogram", "unit": "seconds", "labels": ["backend", "environment"],
     "buckets": [0.1, 1, 10]},
]  # fmt: skip


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a registry of one metric of each kind, each with the same limit, and two known backends."""
    path = tmp_path_factory.mktemp("registry") / "registry.json"
    common = {"description": "What it is.", "owner": "pipeline", "cardinality": {"default": LIMIT}}
    content = {
        "reserved": {"backend": list(KNOWN)},
        "cardinality": {"foreign": LIMIT},
        "metrics": [{**common, **each} for each in METRICS],
    }
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def recording(registry: Path) -> Iterator[Recording]:
    """Record by that registry."""
    with isolated(registry=registry) as recording:
        yield recording


def flood(number: int) -> None:
    """Record so many values that nobody knows."""
    for index in range(number):
        metric("runs_total").labels(backend=f"odd{index}").inc(2.0)


def test_late_known_values_have_their_series(recording: Recording) -> None:
    """However many unknown values came before, each known one counts from its first observation."""
    flood(100)
    for backend in KNOWN:
        metric("runs_total").labels(backend=backend).inc(3.0)
        assert recording.value("runs_total", backend=backend) == 3.0
    family = recording.metrics["runs_total"]
    assert len(family.series) == LIMIT + 1
    assert fsum(each.value for each in family.series if isinstance(each.value, float)) == 206.0


def test_each_write_past_the_limit_is_counted(recording: Recording) -> None:
    """Through handles that are kept or not, decorators and meters, each observation counts, and not each lookup."""
    flood(LIMIT)
    kept = metric("runs_total").labels(backend="kept")
    before = recording.losses.get("cardinality_overflow", 0)
    for _ in range(5):
        kept.inc()

    @record_metric("runs_total", capture={"backend": "backend"})
    def run(backend: str) -> None:
        pass

    for _ in range(4):
        run("kept")
    counter = opentelemetry_metrics.get_meter("m").create_counter("runs_total")
    for _ in range(3):
        counter.add(1, {"backend": "kept"})
    assert recording.losses["cardinality_overflow"] - before == 12
    overflowed = {family.name: family for family in recording.runtime.vitals.families()}["telemetry_overflow_total"]
    (series,) = overflowed.series
    assert (series.labels[0], series.value) == ("runs_total", recording.losses["cardinality_overflow"])
    assert recording.value("runs_total", backend="_overflow") == 2.0 * before + 12.0


def test_the_first_offender_is_named_once(recording: Recording) -> None:
    """The note has the metric, the limit, the labels and the line that recorded it; what follows is only counted."""
    flood(20)
    ((reason, detail),) = recording.runtime.breaches.named()
    assert reason == "cardinality_overflow"
    assert detail.startswith(f"runs_total: more than {LIMIT} series; the first past it was backend='odd4', at ")
    assert f"{Path(__file__).name}:" in detail


def test_nobody_may_give_the_word_for_the_rest(recording: Recording) -> None:
    """A value that is called like the overflow series is refused, and counted."""
    metric("runs_total").labels(backend="_overflow").inc()
    assert recording.losses == {"label_value": 1}
    assert "runs_total" not in recording.metrics


def test_observed_values_past_the_limit_add_up(recording: Recording) -> None:
    """Absolute values of many combinations: the overflow series rises by what all of them rose."""
    readings = [1, 3]
    observe = lambda _: [  # noqa: E731
        opentelemetry_metrics.Observation(readings[0], {"backend": f"odd{number}"}) for number in range(10)
    ]
    opentelemetry_metrics.get_meter("m").create_observable_counter("runs_total", [observe])
    assert recording.value("runs_total", backend="_overflow") == 6.0
    readings.pop(0)
    assert recording.value("runs_total", backend="_overflow") == 18.0


def points(request: bytes) -> list[list[dict[str, Any]]]:
    """Give the attributes of all data points of an encoded request, metric by metric."""
    parsed = ExportMetricsServiceRequest.FromString(request)
    found = [each for one in parsed.resource_metrics for scope in one.scope_metrics for each in scope.metrics]
    return [
        [
            {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in point.attributes}
            for point in getattr(each, each.WhichOneof("data")).data_points
        ]
        for each in found
    ]


def test_otlp_has_the_attribute_of_the_specification(recording: Recording) -> None:
    """The overflow series has `otel.metric.overflow`, true, in place of labels that say so; on both ways out."""
    for number in range(10):
        labels = {"backend": f"odd{number}"}
        metric("runs_total").labels(**labels).inc()
        metric("level").labels(**labels).set(1)
        metric("size_bytes").labels(**labels).observe(1)
        metric("took_seconds").labels(**labels).observe(1)
    wanted = {"environment": "development", "otel.metric.overflow": True}
    for made in (encoder(recording.runtime.metrics, b"", b""), FamiliesEncoder(recording.runtime.metrics, b"", b"")):
        shown = [each for each in points(made.encode_metrics()) if wanted in each]
        assert len(shown) == len(METRICS)
        assert not [point for each in shown for point in each if "_overflow" in point.values()]


def test_names_of_one_metric_share_their_fate(tmp_path: Path) -> None:
    """While a metric is being renamed both names keep the limit, and the sums of both are whole."""
    common = {**METRICS[0], "description": "What it is.", "owner": "pipeline", "cardinality": LIMIT}
    old = {"name": "old_total", "stability": "deprecated", "since": "2026-01-31", "replaced_by": "new_total"}
    path = tmp_path / "renamed.json"
    path.write_text(json.dumps({"metrics": [{**common, **old}, {**common, "name": "new_total"}]}))
    with isolated(registry=path) as recording:
        for number in range(2 * LIMIT):
            metric("old_total").labels(backend=f"old{number}").inc()
            metric("new_total").labels(backend=f"new{number}").inc(2.0)
        for name in ("old_total", "new_total"):
            series = recording.metrics[name].series
            assert (len(series), fsum(map(plain, series))) == (LIMIT + 1, 6.0 * LIMIT)


def test_series_that_look_alike_are_one(recording: Recording) -> None:
    """Attributes that become the same labels are one series of a scrape, with their sum; over OTLP they are apart."""
    counter = opentelemetry_metrics.get_meter("m").create_counter("library.calls")
    for attributes in ({"user.id": 1}, {"user.id": "1"}, {"user_id": "1", "team": ""}):
        counter.add(1, attributes)
    text = expose(recording.runtime.metrics).write("text").text.decode()
    (family,) = (each for each in classic_families(text) if each.name == "library_calls")
    assert [sample.value for sample in family.samples] == [3.0]
    (shown,) = points(encoder(recording.runtime.metrics, b"", b"").encode_metrics())
    assert len(shown) == 3


def test_values_without_number_take_no_memory(recording: Recording) -> None:
    """Handles, decorators, meters with exemplars, and foreign instruments: after a warm-up nothing grows."""

    @record_metric("took_seconds", capture={"backend": "backend"})
    def run(backend: str) -> None:
        pass

    meter = opentelemetry_metrics.get_meter("m")
    contracted, foreign = meter.create_histogram("took_seconds"), meter.create_counter("library.calls")

    def record(start: int, number: int) -> None:
        for index in range(start, start + number):
            metric("runs_total").labels(backend=f"odd{index}").inc()
            run(f"odd{index}")
            contracted.record(1.0, {"backend": f"odd{index}"})
            foreign.add(1, {"user": f"odd{index}"})

    record(0, MEMO)
    gc.collect()
    tracemalloc.start()
    try:
        record(MEMO, MEMO)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        record(2 * MEMO, MEMO)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 256 * 1024
    finally:
        tracemalloc.stop()
    metric("runs_total").labels(backend="c-gcc").inc(7.0)
    assert recording.value("runs_total", backend="c-gcc") == 7.0
    assert all(len(family.series) <= LIMIT + 1 for family in recording.metrics.values())


def plain(series: Series) -> float:
    """Give the value of a counter."""
    assert isinstance(series.value, float)
    return series.value


def living(pages: list[bytes]) -> list[tuple[Part, bool]]:
    """Make parts of pages, as of processes that live."""
    return [(part, True) for part in parts_of(pages)]


def test_workers_share_the_limit(registry: Path, tmp_path: Path) -> None:
    """Workers, each with label values of its own: merged there is one limit, sums are whole, known ones stay apart."""
    pages: list[bytes] = []
    for worker in range(8):
        with isolated(registry=registry, journal=tmp_path / f"{worker}"):
            calls = opentelemetry_metrics.get_meter("m").create_counter("library.calls")
            for number in range(LIMIT):
                metric("runs_total").labels(backend=f"w{worker}n{number}").inc()
                calls.add(1, {"user": f"w{worker}n{number}"})
            metric("runs_total").labels(backend=KNOWN[worker % 2]).inc(10.0)
            for reader in readers(Folder.open(tmp_path / f"{worker}"), only_read=True):
                with reader:
                    pages += reader.snapshots()
    dead = MergedPages(Rule(load_registry(registry), keep_all=True))
    dead.merge([(part, False) for part in parts_of(pages)], now_ns=1)
    for held in (pages, [*dead.snapshots(), *dead.snapshots(foreign=True)]):
        merged = MergedMetrics(load_registry(registry), partial(living, held))
        families = {each.name: each for each in merged.families()}
        runs = {series.labels[0]: plain(series) for series in families["runs_total"].series}
        assert {name: runs[name] for name in KNOWN} == dict.fromkeys(KNOWN, 40.0)
        assert (len(runs), fsum(runs.values())) == (LIMIT + 1, 8 * LIMIT + 80.0)
        shared = families["library.calls"].series
        assert (len(shared), fsum(map(plain, shared))) == (LIMIT + 1, 8.0 * LIMIT)


ANY_VALUE = st.one_of(
    st.sampled_from([*KNOWN, "odd", "", "_overflow", "a b", "password=hunter2", "AKIAIOSFODNN7EXAMPLE", "é", "\ud800"]),
    st.text(max_size=6),
    st.text(min_size=120, max_size=140),
    st.integers(),
    st.none(),
    st.booleans(),
    st.binary(max_size=3),
    st.integers(0, 20).map(lambda number: f"odd{number}"),
)
WAYS = ("handle", "kept", "decorator", "meter", "foreign", "front")


def write(way: str, value: Any, run: Any) -> None:
    """Record one observation in one of the ways that there are."""
    meter = opentelemetry_metrics.get_meter("m")
    if way == "handle":
        metric("runs_total").labels(backend=value).inc()
    elif way == "kept":
        child = metric("took_seconds").labels(backend=value)
        child.observe(1.0)
    elif way == "decorator":
        run(value)
    elif way == "meter":
        meter.create_counter("runs_total").add(1, {"backend": value})
    elif way == "foreign":
        meter.create_counter("library.calls").add(1, {"user": value})
    else:
        metric("size_bytes").labels(backend=value).observe(1.0)


def total(recording: Recording) -> float:
    """Add up the observations of all metrics."""
    found = 0.0
    for family in recording.metrics.values():
        for series in family.series:
            found += series.value if isinstance(series.value, int | float) else series.value.count
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(writes=st.lists(st.tuples(st.sampled_from(WAYS), ANY_VALUE), max_size=80))
def test_whatever_is_written(registry: Path, writes: list[tuple[str, Any]]) -> None:
    """Nothing raises, no format passes a limit, each write is in a sum or among the refused, and all text parses."""
    with isolated(registry=registry) as recording:

        @record_metric("runs_total", capture={"backend": "backend"})
        def run(backend: Any) -> None:
            pass

        for way, value in writes:
            write(way, value, run)
        losses = recording.losses
        refused = losses.get("label_value", 0) + losses.get("label_missing", 0) + losses.get("capture_failed", 0)
        assert total(recording) + refused == len(writes)
        assert all(len(family.series) <= LIMIT + 1 for family in recording.metrics.values())
        metrics = recording.runtime.metrics
        assert all(len(each) <= LIMIT + 1 for each in points(encoder(metrics, b"", b"").encode_metrics()))
        page = expose(metrics)
        for parse, text in (
            (classic_families, page.write("text").text.decode()),
            (open_families, page.write("openmetrics").text.decode() + "# EOF\n"),
        ):
            for family in parse(text):
                series = {tuple(sorted(each.labels.items())) for each in family.samples if "le" not in each.labels}
                plain = {labels for labels in series if "quantile" not in dict(labels)}
                assert len(plain) <= LIMIT + 1
