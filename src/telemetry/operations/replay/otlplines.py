"""Metrics as OTLP JSON has them, as samples of the classic Prometheus series."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .part import Sample

_CUMULATIVE: Final = {2, "AGGREGATION_TEMPORALITY_CUMULATIVE", None}
_IDENTITY: Final = {"service.name": "job", "service.instance.id": "instance"}


def samples_of(request: Mapping[str, Any]) -> Iterator[Sample]:
    """Give the samples of one line: an ExportMetricsServiceRequest in OTLP's JSON form; lines of spans and logs none.

    Raises:
        ValueError: A metric counts from one export to the next; only cumulative ones have a history.
    """
    for resource in request.get("resourceMetrics", ()):
        common = _identity(resource.get("resource", {}))
        for scope in resource.get("scopeMetrics", ()):
            for metric in scope.get("metrics", ()):
                yield from _samples(metric, common)


def _samples(metric: Mapping[str, Any], common: Mapping[str, str]) -> Iterator[Sample]:
    kind = next((each for each in ("gauge", "sum", "histogram", "summary") if each in metric), None)
    if kind is None:
        return
    data, name = metric[kind], _clean(metric["name"])
    if data.get("aggregationTemporality") not in _CUMULATIVE:
        raise ValueError(f"{name} is a delta; let the exporter write cumulative values")
    if kind == "sum" and data.get("isMonotonic") and not name.endswith("_total"):
        name += "_total"
    for point in data.get("dataPoints", ()):
        labels, at = {**common, **_attributes(point)}, int(point["timeUnixNano"]) // 1_000_000
        for ending, more, value in _PARTS[kind](point):
            yield {"__name__": name + ending, **labels, **more}, at, value


def _of_number(point: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str], float]]:
    yield "", {}, float(point["asDouble"] if "asDouble" in point else point["asInt"])


def _of_histogram(point: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str], float]]:
    so_far = 0
    bounds = [*(f"{bound:g}" for bound in point.get("explicitBounds", ())), "+Inf"]
    for bound, count in zip(bounds, map(int, point.get("bucketCounts", ())), strict=False):
        so_far += count
        yield "_bucket", {"le": bound}, float(so_far)
    yield "_count", {}, float(point["count"])
    yield "_sum", {}, float(point.get("sum", 0))


def _of_summary(point: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str], float]]:
    for each in point.get("quantileValues", ()):
        yield "", {"quantile": f"{float(each['quantile']):g}"}, float(each["value"])
    yield "_count", {}, float(point["count"])
    yield "_sum", {}, float(point.get("sum", 0))


_PARTS: Final = {"gauge": _of_number, "sum": _of_number, "histogram": _of_histogram, "summary": _of_summary}


def _identity(resource: Mapping[str, Any]) -> dict[str, str]:
    """Tell processes apart as a scrape would; the other attributes are no labels."""
    found = {each["key"]: _value(each["value"]) for each in resource.get("attributes", ())}
    return {label: found[key] for key, label in _IDENTITY.items() if key in found}


def _attributes(point: Mapping[str, Any]) -> dict[str, str]:
    return {_clean(each["key"]): _value(each["value"]) for each in point.get("attributes", ())}


def _value(value: Mapping[str, Any]) -> str:
    found = next(iter(value.values()), "")
    return str(found).lower() if isinstance(found, bool) else str(found)


def _clean(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_:]", "_", name)
