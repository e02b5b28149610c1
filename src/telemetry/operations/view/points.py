"""Make metrics of OTLP's JSON objects: of each series the latest state, and all exemplars."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, final

from .discretion import Discretion
from .field import as_whole, identifier, items, mapping, number, text, values, whole
from .recording import Exemplar, Metric, Series

_Kind = Literal["counter", "gauge", "histogram", "summary"]
_KINDS: Final[Mapping[str, _Kind]] = {
    "sum": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "exponentialHistogram": "histogram",
    "summary": "summary",
}
_MOST_EXEMPLARS: Final = 32
_LARGEST_SCALE: Final = 20


@dataclass(slots=True)
class _Entry:
    """A metric while its points are read."""

    kind: _Kind
    unit: str
    description: str
    series: dict[str, Series] = field(default_factory=dict)


@final
class MetricDraft:
    """The metrics of a recording while documents are read.

    Args:
        discretion: What takes secrets out of labels.
    """

    __slots__ = ("_discretion", "_entries")

    def __init__(self, discretion: Discretion) -> None:
        self._discretion = discretion
        self._entries: dict[tuple[str, str], _Entry] = {}

    def take(self, given: Mapping[str, Any], process: int) -> None:
        """Take a `Metric`.

        Raises:
            ValueError: It has no name, or data of no kind that is known.
        """
        name = self._discretion.text(text(given, "name"))
        form = next((form for form in _KINDS if form in given), "")
        if not name or not form:
            raise ValueError("a metric without name or data")
        data = mapping(given, form)
        kind = "gauge" if form == "sum" and not data.get("isMonotonic") else _KINDS[form]
        new = _Entry(kind, text(given, "unit"), self._discretion.text(text(given, "description")))
        entry = self._entries.setdefault((name, kind), new)
        for point in items(data, "dataPoints"):
            series = self._series(point, form, process)
            key = f"{process} {json.dumps(series.labels, sort_keys=True, default=str)}"
            entry.series[key] = _later(entry.series.get(key), series)

    def finished(self) -> tuple[Metric, ...]:
        """Give the metrics by name, their series in the order of labels and process."""
        return tuple(
            Metric(name, entry.kind, entry.unit, entry.description, sorted(entry.series.values(), key=_position))
            for (name, _), entry in sorted(self._entries.items(), key=lambda each: each[0])
        )

    def _series(self, point: Mapping[str, Any], form: str, process: int) -> Series:
        labels = self._discretion.values(values(point, "attributes"))
        made = Series(process, labels, whole(point, "timeUnixNano"), 0.0, exemplars=tuple(_exemplars(point)))
        if form in ("sum", "gauge"):
            value = float(whole(point, "asInt")) if "asInt" in point else number(point, "asDouble")
            return replace(made, value=value)
        made = replace(made, value=number(point, "sum"), count=whole(point, "count"))
        if form == "summary":
            pairs = ((number(each, "quantile"), number(each, "value")) for each in items(point, "quantileValues"))
            return replace(made, quantiles=tuple(sorted(pairs)))
        bounds, buckets = _explicit(point) if form == "histogram" else _exponential(point)
        return replace(made, bounds=bounds, buckets=buckets)


def _later(before: Series | None, series: Series) -> Series:
    if before is None:
        return series
    latest = series if series.time_ns >= before.time_ns else before
    return replace(latest, exemplars=(*before.exemplars, *series.exemplars)[-_MOST_EXEMPLARS:])


def _position(series: Series) -> tuple[str, int]:
    return json.dumps(series.labels, sort_keys=True, default=str), series.process


def _explicit(point: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    bounds = tuple(float(each) for each in items(point, "explicitBounds"))
    buckets = tuple(as_whole(each) for each in items(point, "bucketCounts"))
    if buckets and len(buckets) != len(bounds) + 1:
        raise ValueError("a histogram with too few buckets")
    return bounds, buckets


def _exponential(point: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Give the buckets of an exponential histogram as explicit ones (OpenTelemetry, Metrics Data Model)."""
    scale, positive = whole(point, "scale"), mapping(point, "positive")
    if abs(scale) > _LARGEST_SCALE:
        raise ValueError("a scale that OTLP does not have")
    counts = [as_whole(each) for each in items(positive, "bucketCounts")]
    offset, base = whole(positive, "offset"), 2.0 ** (2.0**-scale)
    bounds = tuple(base ** (offset + index) for index in range(len(counts) + 1)) if counts else (0.0,)
    zeros = whole(point, "zeroCount") + sum(
        as_whole(each) for each in items(mapping(point, "negative"), "bucketCounts")
    )
    return bounds, (zeros, *counts, 0) if counts else (zeros, 0)


def _exemplars(point: Mapping[str, Any]) -> Iterator[Exemplar]:
    for each in items(point, "exemplars")[-_MOST_EXEMPLARS:]:
        value = float(whole(each, "asInt")) if "asInt" in each else number(each, "asDouble")
        ids = identifier(each, "traceId", 32), identifier(each, "spanId", 16)
        yield Exemplar(value, whole(each, "timeUnixNano"), *ids)
