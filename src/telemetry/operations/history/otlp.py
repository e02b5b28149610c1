"""Series out of OTLP's JSON documents: of all points that are in them, not the latest alone.

Field names and encodings are those of the OTLP specification 1.x, "JSON Protobuf Encoding". Points of delta
temporality are added up. A cumulative point that says when it began was 0 then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import accumulate
from math import inf, nan
from typing import Any, Final, final

from telemetry.operations.view.field import as_whole, items, mapping, number, text, values, whole

from .sample import Query, Reading, Sample, Series

_SECOND: Final = 1e9
_DELTA: Final = (1, "AGGREGATION_TEMPORALITY_DELTA")
_FORMS: Final = ("sum", "gauge", "histogram", "exponentialHistogram", "summary")
_NO_VALUE: Final = 1  # DataPointFlags, FLAG_NO_RECORDED_VALUE
_UNREADABLE: Final = (TypeError, ValueError, AttributeError, LookupError, OverflowError, RecursionError)
_RESOURCE_LABELS: Final[Mapping[str, str]] = {
    "environment": "deployment.environment.name",
    "host_region": "cloud.region",
}


@final
class OtlpSeries:
    """The series of one metric while documents are read.

    Args:
        query: What is asked for.
    """

    __slots__ = ("_found", "_query", "_unread")

    def __init__(self, query: Query) -> None:
        self._query = query
        self._found: dict[tuple[tuple[str, str], ...], tuple[str, list[tuple[float, bool, Sample]]]] = {}
        self._unread = 0

    def take(self, document: object, origin: str) -> bool:
        """Take one request or line; tell whether it was OTLP at all."""
        if not isinstance(document, Mapping):
            self._unread += 1
            return False
        for batch in _safe(items, document, "resourceMetrics"):
            try:
                self._batch(batch, origin)
            except _UNREADABLE:
                self._unread += 1
        return any(name in document for name in ("resourceMetrics", "resourceSpans", "resourceLogs"))

    def reading(self, name: str) -> Reading:
        """Give what was found within the times of the query."""
        problems = (
            [f"{name}: {self._unread} lines or batches cannot be read, and were left out"] if self._unread else []
        )
        series = (Series(dict(key), list(_cumulated(points)), origin) for key, (origin, points) in self._found.items())
        return Reading([kept for each in series if (kept := self._within(each)).samples], problems)

    def _within(self, series: Series) -> Series:
        return replace(
            series, samples=[each for each in series.samples if self._query.start_s <= each.time_s <= self._query.end_s]
        )

    def _batch(self, batch: Mapping[str, Any], origin: str) -> None:
        resource = values(mapping(batch, "resource"), "attributes")
        given = {label: str(resource[name]) for label, name in _RESOURCE_LABELS.items() if name in resource}
        who = origin or str(resource.get("service.instance.id", resource.get("process.pid", "")))
        for scope in items(batch, "scopeMetrics"):
            for metric in items(scope, "metrics"):
                if text(metric, "name") == self._query.metric:
                    self._metric(metric, given, who)

    def _metric(self, metric: Mapping[str, Any], given: Mapping[str, str], origin: str) -> None:
        form = next(form for form in _FORMS if form in metric)
        data = mapping(metric, form)
        is_delta = data.get("aggregationTemporality") in _DELTA
        for point in items(data, "dataPoints"):
            labels = {**given, **{name: str(value) for name, value in values(point, "attributes").items()}}
            if all(labels.get(name) == value for name, value in self._query.labels.items()):
                key = tuple(sorted({**labels, "instance": origin}.items()))
                began_s = whole(point, "startTimeUnixNano") / _SECOND if form != "gauge" else 0.0
                self._found.setdefault(key, (origin, []))[1].append((began_s, is_delta, _sample(point, form)))


def _safe(read: Any, document: Mapping[str, Any], name: str) -> Iterable[Any]:
    try:
        return list(read(document, name))
    except _UNREADABLE:
        return ()


def _sample(point: Mapping[str, Any], form: str) -> Sample:
    time_s = whole(point, "timeUnixNano") / _SECOND
    if whole(point, "flags") & _NO_VALUE:
        return Sample(time_s, nan)
    if form in ("sum", "gauge"):
        return Sample(time_s, float(whole(point, "asInt")) if "asInt" in point else number(point, "asDouble"))
    total, count = number(point, "sum"), float(whole(point, "count"))
    if form == "summary":
        return Sample(time_s, total, count)
    bounds, counts = _explicit(point) if form == "histogram" else _exponential(point)
    return Sample(time_s, total, count, dict(zip((*bounds, inf), accumulate(counts), strict=True)))


def _explicit(point: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    bounds = [float(each) for each in items(point, "explicitBounds")]
    return bounds, [float(as_whole(each)) for each in items(point, "bucketCounts")] or [float(whole(point, "count"))]


def _exponential(point: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    positive, base = mapping(point, "positive"), 2.0 ** (2.0 ** -whole(point, "scale"))
    counts = [float(as_whole(each)) for each in items(positive, "bucketCounts")]
    low = whole(point, "zeroCount") + sum(as_whole(each) for each in items(mapping(point, "negative"), "bucketCounts"))
    bounds = [base ** (whole(positive, "offset") + index) for index in range(len(counts) + 1)]
    return bounds, [float(low), *counts, 0.0]


def _cumulated(points: list[tuple[float, bool, Sample]]) -> Iterator[Sample]:
    """Give samples by time; with a zero where a cumulative series began, and deltas added up."""
    last: Sample | None = None
    for began_s, is_delta, sample in sorted(points, key=lambda each: each[2].time_s):
        if last is None and 0 < began_s < sample.time_s:
            yield Sample(began_s, 0.0, 0.0, dict.fromkeys(sample.buckets, 0.0))
        last = _added(last, sample) if is_delta and last is not None else sample
        yield last


def _added(last: Sample, delta: Sample) -> Sample:
    buckets = {bound: count + last.buckets.get(bound, 0.0) for bound, count in delta.buckets.items()}
    return Sample(delta.time_s, last.value + delta.value, last.count + delta.count, buckets)
