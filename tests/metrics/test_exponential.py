"""Exponential histograms: the buckets of OpenTelemetry's SDK, and classic ones for who reads only those."""

from __future__ import annotations

import bisect
import json
import math
import random
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Histogram,
    InMemoryMetricReader,
)
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client.parser import text_string_to_metric_families
from tests.metrics.twins import TWINS, Bench

from telemetry.contracts import MetricContract, Registry, load_registry
from telemetry.errors import ContractError
from telemetry.export.points import as_metrics_data
from telemetry.export.text import prometheus_text
from telemetry.metrics import ExecutionMetrics, collect
from telemetry.signals import Distribution, ExponentialDistribution, Family, Series

BOUNDS = (0.0, 0.01, 0.125, 1.0, 2.5, 10.0, 1024.0)
CONTRACT = MetricContract("x_seconds", "histogram", "seconds", "X.", "me", bounds=BOUNDS, exponential=True)


def _ours(twin: Any, values: Sequence[float]) -> ExponentialDistribution:
    bench = Bench(twin)
    page = type(bench.page)()
    at = page.allot("exponential", json.dumps(["x_seconds", [], BOUNDS]).encode(), 333)
    assert at is not None
    cell = twin.ExponentialHistogramCell(page, at, bench._refuse)
    for value in values:
        cell.observe(value)
    assert not bench.refused
    (family,) = collect([page.snapshot()], {"x_seconds": CONTRACT})
    (series,) = family.series
    assert isinstance(series.value, ExponentialDistribution)
    return series.value


def _theirs(values: Sequence[float]) -> ExponentialHistogramDataPoint:
    reader = InMemoryMetricReader()
    view = View(instrument_name="*", aggregation=ExponentialBucketHistogramAggregation())
    provider = MeterProvider([reader], views=[view], shutdown_on_exit=False)
    histogram = provider.get_meter("x").create_histogram("x")
    for value in values:
        histogram.record(value)
    data: Any = reader.get_metrics_data()
    point = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points[0]
    assert isinstance(point, ExponentialHistogramDataPoint)
    return point


def _assert_same(ours: ExponentialDistribution, theirs: ExponentialHistogramDataPoint) -> None:
    assert ours.scale == theirs.scale
    assert ours.zero_count == theirs.zero_count
    assert ours.count == theirs.count
    assert ours.sum == theirs.sum
    assert (ours.min, ours.max) == (theirs.min, theirs.max)
    assert ours.offset == theirs.positive.offset
    counts = list(theirs.positive.bucket_counts)
    assert list(ours.counts) == counts[: len(ours.counts)]
    assert not any(counts[len(ours.counts) :])


@pytest.mark.parametrize("seed", range(20))
def test_buckets_are_those_of_the_sdk(twin: Any, seed: int) -> None:
    """Scale, offset and every count are the same, at any spread of values and in any order."""
    draw = random.Random(seed)
    reach = draw.choice((0.001, 0.01, 0.1, 1, 3, 10, 100, 300))
    values = [10.0 ** draw.uniform(-reach, reach) for _ in range(400)]
    values += [2.0 ** draw.randint(-9, 9) for _ in range(20)] + [0.0] * draw.randrange(5)
    draw.shuffle(values)
    _assert_same(_ours(twin, values), _theirs(values))


@pytest.mark.parametrize(
    "values",
    [
        [1.0],
        [1.0, 1.0, 1.0],
        [5e-324],
        [5e-324, 2.2250738585072014e-308, 1.7976931348623157e308],
        [1.7976931348623157e308, 1.0],
        [2.0**power for power in range(-1022, 1024)],
        [2.0**power for power in reversed(range(-1022, 1024))],
        [0.0, 3.0],
        [3.0, 0.0],
        [1.0 + number * 2.0**-20 for number in range(1, 400)],
    ],
    ids=range(10),
)
def test_edges_are_those_of_the_sdk(twin: Any, values: list[float]) -> None:
    """A single value, the least and the greatest doubles, all powers of two, and values close together."""
    _assert_same(_ours(twin, values), _theirs(values))


@given(st.lists(st.floats(0, 1e300, allow_nan=False), min_size=1, max_size=60))
@settings(deadline=None, max_examples=60)
def test_each_value_lies_in_its_bucket(values: list[float]) -> None:
    """Both twins count each value above the lower bound of its bucket, and up to the upper one, within rounding."""
    for twin in TWINS.values():
        ours = _ours(twin, values)
        assert ours.count == len(values) == sum(ours.buckets)
        assert len(ours.counts) <= 160
        assert -10 <= ours.scale <= 20
        positive = sorted(max(value, 2.0**-1022) for value in values if value > 0)
        seen = 0
        for index, count in enumerate(ours.counts, ours.offset):
            inside = positive[seen : seen + count]
            assert all(_is_within(value, index, ours.scale) for value in inside)
            seen += count


def _is_within(value: float, index: int, scale: int) -> bool:
    octaves = math.log2(value)
    width = 2.0**-scale
    slack = 4e-16 * (1 + abs(octaves))
    return index * width - slack <= octaves <= (index + 1) * width + slack


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
@settings(deadline=None, max_examples=60)
def test_classic_counts_are_never_too_low_and_little_too_high(values: list[float]) -> None:
    """A cumulative count lies between the values up to the bound, and those up to the bound times the base."""
    for twin in TWINS.values():
        ours = _ours(twin, values)
        base = 2.0**2.0**-ours.scale * (1 + 1e-12)
        for bound, total in zip(BOUNDS, accumulate(ours.buckets[:-1]), strict=True):
            assert sum(value <= bound for value in values) <= total <= sum(value <= bound * base for value in values)


def test_classic_counts_never_fall(twin: Any) -> None:
    """As the scale falls with each wider value, no cumulative count does, which a scraper would take for a restart."""
    draw = random.Random(7)
    values = [10.0 ** draw.uniform(-spread, spread) for spread in (0.1, 0.5, 1, 2, 4) for _ in range(12)]
    before = [0] * (len(BOUNDS) + 1)
    scales = set()
    for count in range(1, len(values) + 1):
        ours = _ours(twin, values[:count])
        totals = list(accumulate(ours.buckets))
        assert all(map(int.__le__, before, totals))
        before = totals
        scales.add(ours.scale)
    assert len(scales) > 4


def test_classic_counts_are_exact_at_powers_of_two() -> None:
    """Bounds that are powers of two are bounds of exponential buckets at every scale above zero."""
    values = [draw / 16 for draw in range(400)]
    ours = _ours(TWINS["pure"], values)
    bounds = [2.0**power for power in range(-4, 6)]
    expected = [0] * (len(bounds) + 1)
    for value in values:
        expected[bisect.bisect_left(bounds, value)] += 1
    assert ours.classic(bounds).buckets == tuple(expected)
    assert ours.classic(()) == Distribution((400,), sum(values))


def test_nothing_observed(twin: Any) -> None:
    """An empty series has the finest scale, no buckets and neither least nor greatest value."""
    ours = _ours(twin, [])
    assert ours == ExponentialDistribution((0,) * (len(BOUNDS) + 1), 0.0)
    assert (ours.scale, ours.offset, ours.counts) == (20, 0, ())


METRIC: dict[str, Any] = {
    "name": "job_duration_seconds", "kind": "histogram", "unit": "seconds", "description": "One.", "owner": "me",
    "labels": ["shop", "environment"], "buckets": [0.1, 1, 8], "exponential": True,
}  # fmt: skip


def _registry(folder: Path, metric: dict[str, Any]) -> Registry:
    path = folder / "registry.json"
    path.write_text(json.dumps({"name": "shop", "metrics": [metric]}))
    return load_registry(path)


@pytest.fixture
def metrics(tmp_path: Path) -> ExecutionMetrics:
    """Record under a registry with one exponential histogram."""
    return ExecutionMetrics(_registry(tmp_path, METRIC), ambient={"environment": "development"}, limit=50)


@pytest.mark.parametrize("said", [{"exponential": True}, {"exponential": False}, {}])
def test_the_contract_says_it(tmp_path: Path, said: dict[str, bool]) -> None:
    """`exponential` is true or false, and false where it is not said."""
    plain = {key: value for key, value in METRIC.items() if key != "exponential"}
    contract = _registry(tmp_path, plain | said).metric("job_duration_seconds")
    assert contract.exponential is said.get("exponential", False)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"exponential": 1}, "must be true or false"),
        ({"exponential": "yes"}, "must be true or false"),
        ({"exponential": None}, "must be true or false"),
        ({"kind": "gauge"}, "only a histogram is exponential; this is a gauge"),
    ],
)
def test_a_wrong_contract_is_refused(tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    """Anything but a boolean, and a kind that has no buckets, is told with its place."""
    with pytest.raises(ContractError, match=problem) as caught:
        _registry(tmp_path, METRIC | change)
    assert "/metrics/0/exponential" in str(caught.value)


def _otlp(families: Sequence[Family]) -> ExponentialHistogram | Histogram:
    data = as_metrics_data(families, Resource({}), InstrumentationScope("x"))
    found = data.resource_metrics[0].scope_metrics[0].metrics[0].data
    assert isinstance(found, ExponentialHistogram | Histogram)
    return found


def test_a_contract_makes_it(metrics: ExecutionMetrics) -> None:
    """`"exponential": true` beside the buckets gives fine buckets to OTLP and the contract's to Prometheus."""
    values = (0.05, 0.5, 0.7, 4.0, 100.0, 0.0)
    for value in values:
        metrics.record("job_duration_seconds", value, shop="south")
    families = metrics.families()
    found = _otlp(families)
    assert isinstance(found, ExponentialHistogram)
    (point,) = found.data_points
    _assert_point(point, _theirs(values))
    assert point.attributes == {"shop": "south", "environment": "development"}
    (family,) = text_string_to_metric_families(prometheus_text(families).decode())
    buckets = [(each.labels["le"], each.value) for each in family.samples if each.name.endswith("_bucket")]
    assert buckets == [("0.1", 2.0), ("1.0", 4.0), ("8.0", 5.0), ("+Inf", 6.0)]


def _assert_point(ours: ExponentialHistogramDataPoint, theirs: ExponentialHistogramDataPoint) -> None:
    assert (ours.scale, ours.zero_count, ours.count) == (theirs.scale, theirs.zero_count, theirs.count)
    assert (ours.sum, ours.min, ours.max) == (theirs.sum, theirs.min, theirs.max)
    assert ours.positive.offset == theirs.positive.offset
    assert list(ours.positive.bucket_counts) == list(theirs.positive.bucket_counts)[: len(ours.positive.bucket_counts)]
    assert not any(ours.negative.bucket_counts)


def test_the_official_encoder_takes_it(metrics: ExecutionMetrics) -> None:
    """The bytes that leave are an exponential histogram, with its zero count and extremes."""
    from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics

    for value in (0.0, 2.0, 3.0):
        metrics.record("job_duration_seconds", value, shop="south")
    sent = encode_metrics(as_metrics_data(metrics.families(), Resource({}), InstrumentationScope("x")))
    point = sent.resource_metrics[0].scope_metrics[0].metrics[0].exponential_histogram.data_points[0]
    assert (point.count, point.sum, point.zero_count, point.min, point.max) == (3, 5.0, 1, 0.0, 3.0)
    assert sum(point.positive.bucket_counts) == 2


def test_a_family_of_both_kinds_is_sent_as_the_classic_one() -> None:
    """While an old process still counts in classic buckets only, all series of the metric go out as such."""
    fine = ExponentialDistribution((1, 0), 0.5, counts=(1,), offset=-1048576, min=0.5, max=0.5)
    series = (Series(("a",), fine), Series(("b",), Distribution((0, 1), 3.0)))
    found = _otlp([Family("x_seconds", "histogram", "seconds", "X.", ("shop",), series, (1.0,))])
    assert isinstance(found, Histogram)
    assert [list(point.bucket_counts) for point in found.data_points] == [[1, 0], [0, 1]]


def test_what_is_below_zero_is_refused(bench: Bench) -> None:
    """The kind has no buckets for negative values: they are counted as refused."""
    bench["exponential"].observe(-0.5)
    assert bench.refused == [("value_out_of_range", "-0.5")]
