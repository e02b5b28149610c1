"""A marked span, metric and log line, in the forms that engines take."""

from __future__ import annotations

from struct import pack
from time import time_ns
from typing import Any, Final

METRIC: Final = "telemetry_doctor_probe"
LABEL: Final = "probe_id"
_SERVICE: Final = "telemetry-doctor"
_LITERAL_BYTES: Final = 60  # the longest literal whose length fits into a snappy tag


def otlp(signal: str, mark: str) -> bytes:
    """Write a request of OTLP (protobuf) for `traces`, `metrics` or `logs`; the mark is the trace id too."""
    return bytes({"traces": _traces, "metrics": _metrics, "logs": _logs}[signal](mark).SerializeToString())


def _attributes(**values: str) -> list[Any]:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

    return [KeyValue(key=name, value=AnyValue(string_value=value)) for name, value in values.items()]


def _resource() -> Any:
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource

    return Resource(attributes=_attributes(**{"service.name": _SERVICE}))


def _traces(mark: str) -> Any:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

    now = time_ns()
    span = Span(
        trace_id=bytes.fromhex(mark),
        span_id=bytes.fromhex(mark[:16]),
        name="doctor.probe",
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=now - 1_000_000,
        end_time_unix_nano=now,
        attributes=_attributes(probe_id=mark),
    )
    return ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(resource=_resource(), scope_spans=[ScopeSpans(spans=[span])])]
    )


def _metrics(mark: str) -> Any:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics

    point = NumberDataPoint(as_double=1.0, time_unix_nano=time_ns(), attributes=_attributes(probe_id=mark))
    metric = Metric(name=METRIC, gauge=Gauge(data_points=[point]))
    return ExportMetricsServiceRequest(
        resource_metrics=[ResourceMetrics(resource=_resource(), scope_metrics=[ScopeMetrics(metrics=[metric])])]
    )


def _logs(mark: str) -> Any:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber

    record = LogRecord(
        time_unix_nano=time_ns(),
        severity_number=SeverityNumber.SEVERITY_NUMBER_INFO,
        severity_text="INFO",
        body=AnyValue(string_value=f"telemetry doctor {mark}"),
        trace_id=bytes.fromhex(mark),
        span_id=bytes.fromhex(mark[:16]),
        attributes=_attributes(probe_id=mark),
    )
    return ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(resource=_resource(), scope_logs=[ScopeLogs(log_records=[record])])]
    )


def prometheus_text(mark: str) -> bytes:
    """Write the metric as Prometheus text."""
    return f'{METRIC}{{{LABEL}="{mark}"}} 1 {time_ns() // 1_000_000}\n'.encode()


def remote_write(mark: str) -> bytes:
    """Write the metric for Prometheus' remote-write receiver: protobuf (remote write 1.0) in a block of snappy."""
    labels = b"".join(
        _field(1, _field(1, name.encode()) + _field(2, value.encode()))
        for name, value in (("__name__", METRIC), (LABEL, mark))
    )
    sample = b"\x09" + pack("<d", 1.0) + b"\x10" + _varint(time_ns() // 1_000_000)
    return _snappy(_field(1, labels + _field(2, sample)))


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    return (bytes([number & 0x7F | 0x80]) + _varint(number >> 7)) if number > 0x7F else bytes([number])


def _snappy(content: bytes) -> bytes:
    """Wrap bytes in literals, uncompressed (snappy format description, "Literals")."""
    parts = (content[at : at + _LITERAL_BYTES] for at in range(0, len(content), _LITERAL_BYTES))
    return _varint(len(content)) + b"".join(bytes([(len(part) - 1) << 2]) + part for part in parts)
