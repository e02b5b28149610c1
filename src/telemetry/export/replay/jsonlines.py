"""OTLP as lines of JSON, which the OpenTelemetry Collector's file receiver reads: one request a line.

It follows the JSON mapping of OTLP: ids in hex, lowerCamelCase names, enumerations as numbers, 64-bit integers as
text (OTLP specification 1.x, "JSON Protobuf Encoding"). It imports protobuf and the official types.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .request import Request, Signal

_TYPES: Final[Mapping[Signal, Callable[[], Any]]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
_IDS: Final = frozenset({"traceId", "spanId", "parentSpanId"})


def json_lines(requests: Iterable[Request]) -> Iterator[bytes]:
    """Give a line for each request, with its end."""
    for request in requests:
        message = _TYPES[request.signal]()
        message.ParseFromString(request.body)
        document = _hexed(MessageToDict(message, use_integers_for_enums=True))
        yield json.dumps(document, separators=(",", ":")).encode() + b"\n"


def _hexed(value: Any) -> Any:
    """Write ids in hex; names of attributes are values in this mapping, so no attribute is taken for an id."""
    if isinstance(value, dict):
        return {name: b64decode(each).hex() if name in _IDS else _hexed(each) for name, each in value.items()}
    return [_hexed(each) for each in value] if isinstance(value, list) else value
