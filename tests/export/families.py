"""Families to export: a handful of fixed ones, a strategy for any, and the same in prometheus_client's own types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from hypothesis import strategies as st
from prometheus_client import metrics_core
from prometheus_client.utils import floatToGoString

from telemetry.signals import Distribution, Family, MetricKind, Quantiles, Series

COUNTER = Family(
    "compile_success_total",
    "counter",
    "count",
    "Toolchain runs that succeeded.",
    ("backend", "environment"),
    (Series(("c-gcc", "production"), 12.0, 1_000), Series(("c-clang", "production"), 3.0, 1_000)),
    time_ns=2_000,
)
WAIVED = Family("escaped_defect_count", "counter", "count", "Defects that escaped.", ("team",), (Series(("qa",), 4.0),))
GAUGE = Family("verification_block_rate", "gauge", "ratio", "Share blocked.", (), (Series((), 0.25),))
HISTOGRAM = Family(
    "lowering_duration_seconds",
    "histogram",
    "seconds",
    "Lowering latency.",
    ("backend",),
    (Series(("c-gcc",), Distribution((1, 2, 0, 1), 9.5), 1_000),),
    bounds=(0.5, 1.0, 2.5),
    time_ns=2_000,
)
SUMMARY = Family(
    "offline_bundle_size_bytes",
    "summary",
    "bytes",
    "Bundle size.",
    ("target",),
    (Series(("linux",), Quantiles(((0.5, 2048.0), (0.99, 1e7)), 9, 123456789.0), 1_000),),
    time_ns=2_000,
)
ALL = (COUNTER, WAIVED, GAUGE, HISTOGRAM, SUMMARY)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A source that gives the same families every time."""

    held: Sequence[Family] = ALL

    def families(self) -> Sequence[Family]:
        """Give the families."""
        return self.held


@dataclass(frozen=True, slots=True)
class Custom:
    """What an application writes by hand to show values through prometheus_client: a custom collector."""

    metrics: Sequence[metrics_core.Metric]

    def collect(self) -> Iterable[metrics_core.Metric]:
        """Give the metrics."""
        return self.metrics


def go_float(value: float) -> str:
    """Write a float with prometheus_client's own function."""
    written: str = floatToGoString(value)  # type: ignore[no-untyped-call]
    return written


def in_prometheus_client(family: Family) -> metrics_core.Metric:
    """Build the family with prometheus_client's documented classes for custom collectors."""
    name, text, labels = family.name, family.description, family.labels
    unit = family.unit if name.removesuffix("_total").endswith("_" + family.unit) else ""
    if family.kind == "counter":
        counter = metrics_core.CounterMetricFamily(name, text, labels=labels, unit=unit)
        for series in family.series:
            assert isinstance(series.value, float)
            counter.add_metric(series.labels, series.value)
        return counter
    if family.kind == "gauge":
        gauge = metrics_core.GaugeMetricFamily(name, text, labels=labels, unit=unit)
        for series in family.series:
            assert isinstance(series.value, float)
            gauge.add_metric(series.labels, series.value)
        return gauge
    if family.kind == "histogram":
        return _histogram(family, metrics_core.HistogramMetricFamily(name, text, labels=labels, unit=unit))
    summary = metrics_core.SummaryMetricFamily(name, text, labels=labels, unit=unit)
    for series in family.series:
        assert isinstance(series.value, Quantiles)
        for quantile, value in series.value.values:
            pairs = dict(zip(labels, series.labels, strict=True))
            summary.add_sample(name, {**pairs, "quantile": go_float(quantile)}, value)
        summary.add_metric(series.labels, series.value.count, series.value.sum)
    return summary


def _histogram(family: Family, metric: metrics_core.HistogramMetricFamily) -> metrics_core.Metric:
    names = [*(go_float(bound) for bound in family.bounds), "+Inf"]
    for series in family.series:
        assert isinstance(series.value, Distribution)
        counts = accumulate(series.value.buckets)
        metric.add_metric(series.labels, list(zip(names, counts, strict=True)), series.value.sum)
    return metric


# prometheus_client's OpenMetrics writer turns a colon of a sample's name, but not of its headers, into an underscore.
_metric_names = st.builds("{}{}".format, st.sampled_from("ab_"), st.text("ab0_9Z", max_size=8))
_label_names = st.text("ablezZ_09.é -", min_size=1, max_size=6).filter(lambda name: name not in {"le", "quantile"})
legal_label_names = st.sampled_from(["a", "backend", "zone", "Le", "q_1"])
_texts = st.text('ab\\"\n\r\t {}=,#é😀\x00', max_size=12)
_floats = st.floats(allow_nan=True, allow_infinity=True)
_counts = st.integers(0, 10**15)


@st.composite
def families(draw: st.DrawFn, label_names: st.SearchStrategy[str] = _label_names) -> Family:
    """Draw any family that a contract could describe, with awkward label values and floats."""
    kind: MetricKind = draw(st.sampled_from(["counter", "gauge", "histogram", "summary"]))
    labels = tuple(draw(st.lists(label_names, max_size=4, unique=True)))
    bounds = tuple(sorted(draw(st.lists(st.floats(-10, 1e9), max_size=5, unique=True)))) if kind == "histogram" else ()
    unit = draw(st.sampled_from(["", "seconds", "bytes", "count", "modules/week"]))
    stem = draw(_metric_names) + draw(st.sampled_from(["", f"_{unit}" if unit.isalpha() else ""]))
    values = draw(st.lists(st.tuples(*[_texts] * len(labels)), max_size=3, unique=True))
    return Family(
        stem + ("_total" if kind == "counter" else ""),
        kind,
        unit,
        draw(_texts),
        labels,
        tuple(Series(value, draw(_values(kind, len(bounds)))) for value in values),
        bounds,
    )


def _values(kind: MetricKind, bounds: int) -> st.SearchStrategy[float | Distribution | Quantiles]:
    if kind == "histogram":
        buckets = st.tuples(*[_counts] * (bounds + 1))
        return st.builds(Distribution, buckets, _floats)
    if kind == "summary":
        quantile = st.tuples(st.floats(0, 1), _floats)
        return st.builds(Quantiles, st.lists(quantile, max_size=3).map(tuple), _counts, _floats)
    return _floats
