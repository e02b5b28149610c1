"""OTLP as lines of JSON, in the shape that the specification of file exporters gives."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
START, END = 1_700_000_000_000_000_000, 1_700_000_001_000_000_000
RUN_FIELDS = {"run_id": "r1", "organization_slug": "acme", "component": "specc", "env": "staging"}


def value(given: Any) -> dict[str, Any]:
    """Write a value as an `AnyValue`."""
    if isinstance(given, bool):
        return {"boolValue": given}
    if isinstance(given, int):
        return {"intValue": str(given)}
    if isinstance(given, float):
        return {"doubleValue": given}
    if isinstance(given, list):
        return {"arrayValue": {"values": [value(each) for each in given]}}
    return {"stringValue": given}


def attributes(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Write attributes as `KeyValue`s."""
    return [{"key": name, "value": value(each)} for name, each in given.items()]


def span(name: str, given: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Write a span."""
    times = {"startTimeUnixNano": str(START), "endTimeUnixNano": str(END)}
    ids = {"traceId": TRACE, "spanId": SPAN}
    return {**ids, "name": name, "kind": 1, **times, "attributes": attributes(given or {}), **more}


def line(event: str, given: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Write a log record with the fields of a run."""
    fields = attributes({**RUN_FIELDS, **(given or {})})
    when = {"timeUnixNano": str(START + 5), "severityNumber": 9}
    return {**when, "body": {"stringValue": event}, "attributes": fields, "traceId": TRACE, "spanId": SPAN, **more}


def traces(*spans: Mapping[str, Any], scope: str = "telemetry", service: str = "specc") -> str:
    """Write a request with spans."""
    return _line("resourceSpans", "scopeSpans", "spans", spans, scope, service)


def logs(*records: Mapping[str, Any], scope: str = "work", service: str = "specc") -> str:
    """Write a request with log records."""
    return _line("resourceLogs", "scopeLogs", "logRecords", records, scope, service)


def metrics(*given: Mapping[str, Any], scope: str = "telemetry", service: str = "specc") -> str:
    """Write a request with metrics."""
    return _line("resourceMetrics", "scopeMetrics", "metrics", given, scope, service)


def counter(name: str, number: float, labels: Mapping[str, Any], unit: str = "{count}") -> dict[str, Any]:
    """Write a monotonic sum of one point."""
    point = {"attributes": attributes(labels), "asDouble": number, "timeUnixNano": str(END)}
    return {
        "name": name,
        "unit": unit,
        "sum": {"isMonotonic": True, "aggregationTemporality": 2, "dataPoints": [point]},
    }


def histogram(name: str, bounds: Sequence[float], labels: Mapping[str, Any]) -> dict[str, Any]:
    """Write a histogram of one point."""
    counts = ["1"] + ["0"] * len(bounds)
    point = {"attributes": attributes(labels), "bucketCounts": counts, "explicitBounds": list(bounds), "count": "1"}
    return {"name": name, "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [point]}}


def _line(top: str, middle: str, bottom: str, records: Sequence[Mapping[str, Any]], scope: str, service: str) -> str:
    sdk = {"telemetry.sdk.name": "telemetry"} if scope != "elsewhere" else {"telemetry.sdk.name": "opentelemetry"}
    resource = {"attributes": attributes({"service.name": service, **sdk})}
    group = {"scope": {"name": scope, "version": "1.0"}, bottom: list(records)}
    return json.dumps({top: [{"resource": resource, middle: [group]}]}) + "\n"
