"""Translate families into OTLP metrics, with protobuf for the summaries that the SDK lacks.

Nothing is sent from here. It imports the SDK; `encoder` calls it for what no page holds, `courier` for exporters that
take nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from time import time_ns
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.sdk.metrics import Exemplar as SdkExemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Buckets,
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from telemetry.contracts import OVERFLOW, OVERFLOW_ATTRIBUTE, is_overflow
from telemetry.signals import AttributeValue, Distribution, ExponentialDistribution, Family, Quantiles, Series

from .translation import clean, clean_text

_CUMULATIVE: Final = AggregationTemporality.CUMULATIVE

_UCUM: Final = {
    "seconds": "s",
    "milliseconds": "ms",
    "minutes": "min",
    "hours": "h",
    "days": "d",
    "bytes": "By",
    "ratio": "1",
    "percent": "%",
}


def as_metrics_data(families: Iterable[Family], resource: Resource, scope: InstrumentationScope) -> MetricsData:
    """Translate all families but the summaries, as cumulative points."""
    metrics = [_metric(family) for family in families if family.kind != "summary"]
    return MetricsData([ResourceMetrics(resource, [ScopeMetrics(scope, metrics, "")], "")])


def as_summaries(families: Iterable[Family]) -> Iterator[metrics_pb2.Metric]:
    """Translate the summaries (OTLP 1.0, Summary: quantile estimates with a count and a sum)."""
    for family in families:
        if family.kind == "summary":
            points = [_summary_point(family, series) for series in family.series]
            yield metrics_pb2.Metric(
                name=clean_text(family.name),
                description=clean_text(family.description),
                unit=ucum_unit(family),
                summary=metrics_pb2.Summary(data_points=points),
            )


def without_summaries(families: Iterable[Family]) -> list[Family]:
    """Take each summary apart, into the series that a Prometheus makes of it: its quantiles, its sum and its count."""
    return [part for family in families for part in (_apart(family) if family.kind == "summary" else (family,))]


def _apart(family: Family) -> Iterator[Family]:
    held = [(series, series.value) for series in family.series if isinstance(series.value, Quantiles)]
    quantiles = tuple(
        replace(series, labels=(*series.labels, repr(share)), value=estimate)
        for series, value in held
        for share, estimate in value.values
    )
    yield replace(family, kind="gauge", labels=(*family.labels, "quantile"), series=quantiles)
    # Additive gauges: to the name of what is monotonic a Prometheus that receives OTLP appends `_total`.
    sums = tuple(replace(series, value=value.sum) for series, value in held)
    yield replace(family, name=f"{family.name}_sum", kind="gauge", additive=True, series=sums)
    counts = tuple(replace(series, value=value.count) for series, value in held)
    yield replace(family, name=f"{family.name}_count", kind="gauge", additive=True, series=counts, unit="")


def ucum_unit(family: Family) -> str:
    """Give the unit in UCUM codes, as OpenTelemetry asks, such that the name survives.

    A Prometheus that receives OTLP appends the unit's word to a name that lacks it. So a code goes out only where the
    name ends in its word (`_seconds`: `s`); any other unit goes out as an annotation (`{count}`), which appends
    nothing. A dotted name is OpenTelemetry's own, and so is its unit, as that of every metric in no contract.
    """
    unit = family.unit
    if not unit or "." in family.name or any(series.origin is not None for series in family.series[:1]):
        return unit
    spelled_out = family.name.removesuffix("_total").endswith(f"_{unit}")
    return _UCUM[unit] if spelled_out and unit in _UCUM else f"{{{unit}}}"


def _metric(family: Family) -> Metric:
    name = clean_text(family.convention or family.name)
    return Metric(name, clean_text(family.description), ucum_unit(family), _data(family))


def _data(family: Family) -> Sum | Gauge | Histogram | ExponentialHistogram:
    if family.kind == "histogram":
        fine = [(series, series.value) for series in family.series if isinstance(series.value, ExponentialDistribution)]
        if fine and len(fine) == len(family.series):
            return ExponentialHistogram([_exponential_point(family, *each) for each in fine], _CUMULATIVE)
        return Histogram([_histogram_point(family, series) for series in family.series], _CUMULATIVE)
    points = [_number_point(family, series) for series in family.series]
    if family.kind == "counter" or family.additive:
        return Sum(points, _CUMULATIVE, is_monotonic=family.kind == "counter")
    return Gauge(points)


def _number_point(family: Family, series: Series) -> NumberDataPoint:
    if isinstance(series.value, Distribution | Quantiles):
        raise _mismatch(family, series)
    value = float(series.value)
    return NumberDataPoint(
        _attributes(family, series), series.start_ns, _time_ns(family), value, exemplars=_exemplars(series)
    )


def _histogram_point(family: Family, series: Series) -> HistogramDataPoint:
    value = series.value
    if not isinstance(value, Distribution):
        raise _mismatch(family, series)
    return HistogramDataPoint(
        attributes=_attributes(family, series),
        start_time_unix_nano=series.start_ns,
        time_unix_nano=_time_ns(family),
        count=value.count,
        sum=value.sum,
        bucket_counts=value.buckets,
        explicit_bounds=family.bounds,
        exemplars=_exemplars(series),
        min=None,  # type: ignore[arg-type]  # optional in OTLP, and not recorded
        max=None,  # type: ignore[arg-type]
    )


def _exponential_point(family: Family, series: Series, value: ExponentialDistribution) -> ExponentialHistogramDataPoint:
    return ExponentialHistogramDataPoint(
        attributes=_attributes(family, series),
        start_time_unix_nano=series.start_ns,
        time_unix_nano=_time_ns(family),
        count=value.count,
        sum=value.sum,
        scale=value.scale,
        zero_count=value.zero_count,
        positive=Buckets(value.offset, value.counts),
        negative=Buckets(0, ()),
        flags=0,
        min=value.min if value.count else None,  # type: ignore[arg-type]  # optional in OTLP
        max=value.max if value.count else None,  # type: ignore[arg-type]
    )


def _summary_point(family: Family, series: Series) -> metrics_pb2.SummaryDataPoint:
    value = series.value
    if not isinstance(value, Quantiles):
        raise _mismatch(family, series)
    labels = labels_of(family.labels, series.labels)
    quantile_type = metrics_pb2.SummaryDataPoint.ValueAtQuantile
    return metrics_pb2.SummaryDataPoint(
        attributes=[KeyValue(key=name, value=_any(value)) for name, value in labels.items()],
        start_time_unix_nano=series.start_ns,
        time_unix_nano=_time_ns(family),
        count=value.count,
        sum=value.sum,
        quantile_values=[quantile_type(quantile=quantile, value=estimate) for quantile, estimate in value.values],
    )


def _exemplars(series: Series) -> list[SdkExemplar]:
    return [
        SdkExemplar(clean(each.attributes), float(each.value), each.time_ns, each.span_id, each.trace_id)
        for each in series.exemplars
    ]


def _attributes(family: Family, series: Series) -> dict[str, AttributeValue]:
    """Give the labels of a series; of one in no contract the attributes as they were, and their scope."""
    if series.origin is None:
        return labels_of(family.labels, series.labels)
    scope = {"otel.scope.name": series.origin.scope.name, "otel.scope.version": series.origin.scope.version}
    return clean({**series.origin.attributes, **scope})


def labels_of(names: Sequence[str], values: Sequence[str]) -> dict[str, AttributeValue]:
    """Give the labels of a series; in place of those that say that it overflowed, the attribute that does in OTLP."""
    pairs = zip(names, values, strict=True)
    found: dict[str, AttributeValue] = {name: clean_text(value) for name, value in pairs if value != OVERFLOW}
    return {**found, OVERFLOW_ATTRIBUTE: True} if is_overflow(values) else found


def _any(value: AttributeValue) -> AnyValue:
    return AnyValue(bool_value=value) if isinstance(value, bool) else AnyValue(string_value=str(value))


def _time_ns(family: Family) -> int:
    return family.time_ns or time_ns()


def _mismatch(family: Family, series: Series) -> TypeError:
    return TypeError(f"{family.kind} {family.name!r} has a {type(series.value).__name__} as the value of a series")
