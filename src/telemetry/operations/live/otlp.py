"""Read OTLP as lines of JSON: each an export request of one signal, as file exporters write them.

OpenTelemetry, "OTLP File Exporter" and "JSON Protobuf Encoding": ids in hex, 64-bit numbers as text, enumerations as
numbers; names of enumerations are read too. Unknown keys are skipped, as the encoding asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from telemetry.signals import (
    Distribution,
    LogRecord,
    MetricKind,
    Quantiles,
    Scope,
    Severity,
    SpanEvent,
    SpanKind,
    SpanRecord,
    StatusCode,
)

from .logfile import line_record
from .recording import OWN_SCOPE, Recording, Sample
from .text import Lines

_LONGEST_LINE: Final = 32 * 1024 * 1024
_KINDS: Final[tuple[SpanKind, ...]] = ("internal", "internal", "server", "client", "producer", "consumer")
_STATUSES: Final[tuple[StatusCode, ...]] = ("unset", "ok", "error")
_SEVERITIES: Final[tuple[Severity, ...]] = ("debug", "debug", "debug", "info", "warning", "error", "critical")
_UNITS: Final = {
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "min": "minutes",
    "h": "hours",
    "By": "bytes",
    "%": "percent",
}
_OVERFLOW: Final = "otel.metric.overflow"
_SDK: Final = "telemetry.sdk.name"

Json = Mapping[str, Any]


def otlp_lines(file: BinaryIO, source: str) -> Iterator[Recording]:
    """Give what is in a file of OTLP JSON lines; lines of our own logs may stand among them.

    Raises:
        SourceError: A line is no such request.
    """
    lines = Lines(file, source, _LONGEST_LINE)
    for line in lines:
        if line.isspace():
            continue
        try:
            found = list(_recordings(_object(json.loads(line))))
        except json.JSONDecodeError as error:
            short = "" if lines.is_whole else ", and the file ends in the middle of it"
            lines.refuse(f"it is not JSON: {error.msg} at column {error.colno}{short}")
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError) as error:
            lines.refuse(f"it is no request of OTLP: {str(error)[:200] or type(error).__name__}")
        else:
            yield from found


def _recordings(request: Json) -> Iterator[Recording]:
    known = [key for key in _SIGNALS if key in request]
    if not known:
        yield Recording(line_record(request))
        return
    for key in known:
        scopes_key, records_key, read = _SIGNALS[key]
        for part in _list(request, key):
            resource = _attributes(_list(_mapping(part, "resource"), "attributes"))
            service, process = str(resource.get("service.name", "")), str(resource.get("service.instance.id", ""))
            is_own = resource.get(_SDK) == OWN_SCOPE
            for group in _list(part, scopes_key):
                scope = _scope(_mapping(group, "scope"))
                for record in _list(group, records_key):
                    for what in read(record, scope):
                        yield Recording(what, service, process or service, is_own)


def _scope(scope: Json) -> Scope:
    return Scope(_text(scope, "name"), _text(scope, "version"))


def _span(span: Json, scope: Scope) -> Iterator[SpanRecord]:
    status = _mapping(span, "status")
    parent = _text(span, "parentSpanId")
    yield SpanRecord(
        name=_text(span, "name"),
        trace_id=int(_text(span, "traceId") or "0", 16),
        span_id=int(_text(span, "spanId") or "0", 16),
        parent_span_id=int(parent, 16) if parent.strip("0") else None,
        start_ns=_int(span, "startTimeUnixNano"),
        end_ns=_int(span, "endTimeUnixNano"),
        attributes=_attributes(_list(span, "attributes")),
        kind=_KINDS[_enumerated(span, "kind", ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"))],
        status=_STATUSES[_enumerated(status, "code", ("UNSET", "OK", "ERROR"))],
        status_description=_text(status, "message"),
        events=tuple(map(_event, _list(span, "events"))),
        parent_is_remote=bool(_int(span, "flags") & 0x200),
        scope=None if scope.name == OWN_SCOPE else scope,
    )


def _event(event: Json) -> SpanEvent:
    return SpanEvent(_text(event, "name"), _int(event, "timeUnixNano"), _attributes(_list(event, "attributes")))


def _log(record: Json, scope: Scope) -> Iterator[LogRecord]:
    number = _enumerated(record, "severityNumber", ())
    body = _value(_mapping(record, "body"))
    yield LogRecord(
        time_ns=_int(record, "timeUnixNano") or _int(record, "observedTimeUnixNano"),
        severity=_SEVERITIES[min((number + 3) // 4, 6)] if number else "info",
        event=_text(record, "eventName") or ("" if body is None else str(body)),
        fields=_attributes(_list(record, "attributes")),
        logger=scope.name,
        trace_id=int(_text(record, "traceId") or "0", 16),
        span_id=int(_text(record, "spanId") or "0", 16),
    )


def _metric(metric: Json, scope: Scope) -> Iterator[Sample]:
    name, unit = _text(metric, "name"), _text(metric, "unit")
    kind, points, read = _data(metric)
    # Under a contract no name has a dot: those are what an SDK measures of itself, by OpenTelemetry's conventions.
    is_ours = scope.name == OWN_SCOPE and "." not in name
    for point in points:
        attributes = _attributes(_list(point, "attributes"))
        is_overflow = attributes.pop(_OVERFLOW, None) is True
        labels = {key: _label(value) for key, value in attributes.items()}
        value, bounds = read(point)
        known_as = unit[1:-1] if unit.startswith("{") and unit.endswith("}") else _UNITS.get(unit, "")
        yield Sample((name,), kind, known_as, labels, value, bounds, None if is_ours else scope, is_overflow)


_Read = Callable[[Json], tuple[Any, tuple[float, ...] | None]]


def _data(metric: Json) -> tuple[MetricKind | None, list[Json], _Read]:
    if "sum" in metric:
        data = _mapping(metric, "sum")
        return ("counter" if data.get("isMonotonic") is True else "gauge"), _list(data, "dataPoints"), _number
    for key, kind, read in _DATA:
        if key in metric:
            return kind, _list(_mapping(metric, key), "dataPoints"), read
    return None, [{}], lambda _point: (None, None)


def _number(point: Json) -> tuple[float | None, None]:
    if "asDouble" in point:
        return _float(point["asDouble"]), None
    return (float(_int(point, "asInt")) if "asInt" in point else None), None


def _histogram(point: Json) -> tuple[Distribution, tuple[float, ...]]:
    counts = tuple(int(each) for each in _list(point, "bucketCounts"))
    return Distribution(counts, _float(point.get("sum", 0))), tuple(map(_float, _list(point, "explicitBounds")))


def _exponential(_point: Json) -> tuple[None, None]:
    return None, None


def _summary(point: Json) -> tuple[Quantiles, None]:
    pairs = ((each.get("quantile", 0), each.get("value", 0)) for each in _list(point, "quantileValues"))
    values = tuple((_float(share), _float(value)) for share, value in pairs)
    return Quantiles(values, _int(point, "count"), _float(point.get("sum", 0))), None


_DATA: Final[tuple[tuple[str, MetricKind, _Read], ...]] = (
    ("gauge", "gauge", _number),
    ("histogram", "histogram", _histogram),
    ("exponentialHistogram", "histogram", _exponential),
    ("summary", "summary", _summary),
)
_SIGNALS: Final[Mapping[str, tuple[str, str, Callable[[Json, Scope], Iterator[Any]]]]] = {
    "resourceSpans": ("scopeSpans", "spans", _span),
    "resourceMetrics": ("scopeMetrics", "metrics", _metric),
    "resourceLogs": ("scopeLogs", "logRecords", _log),
}


def _attributes(pairs: Iterable[Json]) -> dict[str, Any]:
    return {_text(pair, "key"): _value(_mapping(pair, "value")) for pair in pairs}


def _value(given: Json) -> Any:  # noqa: PLR0911 -- one return a type
    for key, value in given.items():
        match key:
            case "stringValue" | "boolValue":
                return value
            case "bytesValue":
                return str(value).encode()
            case "intValue":
                return int(value)
            case "doubleValue":
                return _float(value)
            case "arrayValue":
                return tuple(_value(_object(each)) for each in _list(_object(value), "values"))
            case "kvlistValue":
                return _attributes(_list(_object(value), "values"))
    return None


def _label(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise TypeError(f"{str(value)[:60]!r} stands where an object must be")
    return value


def _mapping(message: Json, key: str) -> Json:
    return _object(message.get(key) or {})


def _list(message: Json, key: str) -> list[Any]:
    value = message.get(key)
    if value is not None and not isinstance(value, list):
        raise TypeError(f"{key} must be a list")
    return value or []


def _text(message: Json, key: str) -> str:
    value = message.get(key)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{key} must be text")
    return value or ""


def _int(message: Json, key: str) -> int:
    return int(message.get(key) or 0)


def _float(value: Any) -> float:
    """Read a double: a number, or text such as "NaN" and "Infinity"."""
    return float(value)


def _enumerated(message: Json, key: str, names: tuple[str, ...]) -> int:
    value = message.get(key) or 0
    if isinstance(value, str):
        name = value.rpartition("_")[2]
        value = names.index(name) if name in names else 0
    return int(value) if not names or 0 <= int(value) < len(names) else 0
