"""What an OTLP receiver gets from the exporter, decoded with OpenTelemetry's own protobuf types."""

from __future__ import annotations

import logging
import random
import subprocess
import sys
import warnings
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import replace
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, get_value
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.collector import Collector
from tests.grpccollector import GrpcCollector

from telemetry._hotpath import Chunk, protobuf
from telemetry.errors import ConfigurationError
from telemetry.export.otlp import OtlpExporter
from telemetry.export.request import records_request
from telemetry.journal import Again, Refused, Taken, TooLarge, Verdict
from telemetry.logs import LogChannel, attach_stdlib, detach_stdlib
from telemetry.signals import AttributeValue, Family, LogRecord, Resource, Series

from .families import COUNTER, GAUGE, HISTOGRAM, SUMMARY, Fixed
from .records import LOG, ORIGIN, RESOURCE, SPAN, TRACE_ID, chunks, log_chunks, plain_spans
from .servers import OtlpReceiver, attributes, free_port, silent_listener


def send(exporter: OtlpExporter, records: Sequence[Chunk]) -> Verdict:
    """Send chunks of one kind, as recorded by `RESOURCE`."""
    return exporter.records(ORIGIN, records[0].kind, records)


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    """A running OTLP receiver."""
    with OtlpReceiver() as running:
        yield running


@pytest.fixture
def exporter(receiver: OtlpReceiver) -> Iterator[OtlpExporter]:
    """An exporter to the receiver."""
    made = OtlpExporter(receiver.url, RESOURCE, scope=("telemetry", "0.1.0"))
    yield made
    made.close()


def test_span_arrives_whole(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """Every field of a span record has its place in OTLP, the counts of what was dropped included."""
    assert send(exporter, chunks(SPAN)) == Taken()
    (span,) = receiver.spans
    assert span.trace_id.hex() == f"{TRACE_ID:032x}"
    assert span.span_id.hex() == "00f067aa0ba902b7"
    assert span.parent_span_id.hex() == "00f067aa0ba902b0"
    assert (span.name, span.kind) == ("codegen.lower", Span.SPAN_KIND_CLIENT)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (SPAN.start_ns, SPAN.end_ns)
    assert attributes(span.attributes) == {**SPAN.attributes, "telemetry.running_ns": 7_000_000}
    assert (span.status.code, span.status.message) == (Status.STATUS_CODE_ERROR, "exit status 1")
    assert span.trace_state == "vendor=opaque,other=2"
    assert span.flags & 0x300 == 0x300  # the parent is known to be remote (OTLP 1.0, SpanFlags)
    assert (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count) == (3, 2, 1)
    (event,) = span.events
    assert (event.name, event.time_unix_nano) == ("exception", 1_700_000_000_001_000_000)
    assert attributes(event.attributes) == {"exception.type": "ToolchainError"}
    (link,) = span.links
    assert (int(link.trace_id.hex(), 16), int(link.span_id.hex(), 16)) == (0xABC, 0xDEF)
    assert attributes(link.attributes) == {"why": "retry"}


def test_root_has_no_parent(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """A root is sent without a parent id, a successful span with the status that it was given."""
    send(exporter, chunks(replace(SPAN, parent_span_id=None, status="ok", status_description="", running_ns=None)))
    (span,) = receiver.spans
    assert (span.parent_span_id, span.status.code) == (b"", Status.STATUS_CODE_OK)
    assert attributes(span.attributes) == SPAN.attributes


def test_resource_and_scope(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """All three signals carry the same resource, as it was given, and the scope."""
    send(exporter, chunks(SPAN))
    exporter.metrics(Fixed())
    send(exporter, log_chunks(replace(LOG, logger="")))
    spans, metrics, logs = (request.message for request in receiver.requests)
    for part in (spans.resource_spans[0], metrics.resource_metrics[0], logs.resource_logs[0]):
        assert attributes(part.resource.attributes) == RESOURCE.attributes
    for scope in (
        spans.resource_spans[0].scope_spans[0].scope,
        metrics.resource_metrics[0].scope_metrics[0].scope,
        logs.resource_logs[0].scope_logs[0].scope,
    ):
        assert (scope.name, scope.version) == ("telemetry", "0.1.0")


def test_log_arrives_whole(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """A log record keeps its event, severity, fields and span; its logger is its scope."""
    assert send(exporter, log_chunks(LOG)) == Taken()
    (record,) = receiver.logs
    assert (record.event_name, record.body.string_value) == ("verify.block", "verify.block")
    assert (record.severity_number, record.severity_text) == (13, "warning")
    assert record.time_unix_nano == record.observed_time_unix_nano == LOG.time_ns
    assert attributes(record.attributes) == LOG.fields
    assert (record.trace_id.hex(), record.span_id.hex()) == (f"{TRACE_ID:032x}", "00f067aa0ba902b7")
    assert record.flags == 1
    assert receiver.requests[0].message.resource_logs[0].scope_logs[0].scope.name == "pipeline.verify"


def test_log_outside_of_a_span_has_no_ids(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """Zero ids, which W3C Trace Context calls invalid, are left out."""
    send(exporter, log_chunks(replace(LOG, trace_id=0, span_id=0, trace_flags=0)))
    (record,) = receiver.logs
    assert (record.trace_id, record.span_id, record.flags) == (b"", b"", 0)


def test_counter_is_a_cumulative_monotonic_sum(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """A counter keeps its name, its start and its labels."""
    assert exporter.metrics(Fixed([COUNTER])) == Taken()
    metric = receiver.metrics["compile_success_total"]
    assert (metric.description, metric.unit) == ("Toolchain runs that succeeded.", "{count}")
    assert metric.sum.is_monotonic
    assert metric.sum.aggregation_temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    first, second = metric.sum.data_points
    assert (first.as_double, second.as_double) == (12.0, 3.0)
    assert (first.start_time_unix_nano, first.time_unix_nano) == (1_000, 2_000)
    assert attributes(first.attributes) == {"backend": "c-gcc", "environment": "production"}


def test_gauge_is_stamped_now_when_it_has_no_time(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """A family without a time is one of this instant: a receiver drops points of the year 1970."""
    assert exporter.metrics(Fixed([GAUGE])) == Taken()
    (point,) = receiver.metrics["verification_block_rate"].gauge.data_points
    assert point.as_double == 0.25
    assert point.time_unix_nano > 1_700_000_000_000_000_000


def test_histogram_has_its_bounds(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """A histogram's buckets are not cumulative in OTLP, and its count is their sum."""
    assert exporter.metrics(Fixed([HISTOGRAM])) == Taken()
    metric = receiver.metrics["lowering_duration_seconds"]
    (point,) = metric.histogram.data_points
    assert metric.unit == "s"
    assert list(point.explicit_bounds) == [0.5, 1.0, 2.5]
    assert list(point.bucket_counts) == [1, 2, 0, 1]
    assert (point.count, point.sum) == (4, 9.5)
    assert not point.HasField("min")
    assert not point.HasField("max")


def test_summary_has_its_quantiles(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """A summary, for which the SDK has no type, is an OTLP summary, in the same request as the others."""
    assert exporter.metrics(Fixed([COUNTER, SUMMARY])) == Taken()
    assert len(receiver.requests) == 1
    metric = receiver.metrics["offline_bundle_size_bytes"]
    (point,) = metric.summary.data_points
    assert metric.unit == "By"
    assert (point.count, point.sum) == (9, 123456789.0)
    assert [(pair.quantile, pair.value) for pair in point.quantile_values] == [(0.5, 2048.0), (0.99, 1e7)]
    assert attributes(point.attributes) == {"target": "linux"}
    assert "compile_success_total" in receiver.metrics


@pytest.mark.parametrize(
    ("name", "unit", "sent"),
    [
        ("lowering_duration_seconds", "seconds", "s"),
        ("sent_bytes_total", "bytes", "By"),
        ("cicd_success_ratio", "ratio", "1"),
        ("parse_duration_ms", "milliseconds", "{milliseconds}"),
        ("migration_velocity_weekly", "modules/week", "{modules/week}"),
        ("builds_total", "count", "{count}"),
        ("plain", "", ""),
        ("http.server.duration", "s", "s"),
    ],
)
def test_units(exporter: OtlpExporter, receiver: OtlpReceiver, name: str, unit: str, sent: str) -> None:
    """A unit goes out in UCUM where that leaves the name alone in a Prometheus that receives it."""
    exporter.metrics(Fixed([Family(name, "gauge", unit, "", (), (Series((), 1.0),))]))
    assert receiver.metrics[name].unit == sent


def test_odd_values_do_not_cost_the_batch(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """Half a surrogate pair becomes a question mark, and an integer beyond 64 bits becomes text."""
    odd: dict[str, AttributeValue] = {"path": "caf\udce9", "big": 1 << 70, "bigs": (1, 1 << 70), "names": ("\udce9",)}
    assert send(exporter, chunks(replace(SPAN, name="a\udce9", attributes=odd, running_ns=None), SPAN)) == Taken()
    span, _ = receiver.spans
    assert span.name == "a?"
    assert attributes(span.attributes) == {
        "path": "caf?",
        "big": str(1 << 70),
        "bigs": ("1", str(1 << 70)),
        "names": ("?",),
    }


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_both_protocols_bring_the_same(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All three signals arrive by either protocol, with the headers of the standard variables."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=t1")
    with Collector() if protocol == "http/protobuf" else GrpcCollector() as collector:
        exporter = OtlpExporter(collector.url, RESOURCE, protocol=protocol)
        verdicts = [send(exporter, chunks(SPAN)), send(exporter, log_chunks(LOG)), exporter.metrics(Fixed([COUNTER]))]
        exporter.close()
    assert verdicts == [Taken()] * 3
    assert list(collector.spans) == ["00f067aa0ba902b7"]
    assert collector.intake.span["00f067aa0ba902b7"].SerializeToString() == protobuf.span(SPAN)
    assert [log.event_name for log in collector.logs] == ["verify.block"]
    assert set(collector.metrics) == {"compile_success_total"}
    assert {arrival.headers["x-tenant"] for arrival in collector.arrivals} == {"t1"}


def test_an_encoded_request_leaves_as_it_is(receiver: OtlpReceiver, exporter: OtlpExporter) -> None:
    """Whoever has a whole request, say out of a bundle, sends it unchanged."""
    request = records_request(chunks(SPAN, *plain_spans(3)), ORIGIN)
    assert exporter.request("traces", request) == Taken()
    assert receiver.requests[0].message.SerializeToString() == request
    assert len(receiver.spans) == 4


def test_a_request_that_is_too_large_does_not_leave(receiver: OtlpReceiver, exporter: OtlpExporter) -> None:
    """More than 512 KiB in one request are for the sender to divide; a single record leaves whatever its size."""
    large = [replace(SPAN, attributes={"value": "x" * 300_000})] * 2
    assert isinstance(send(exporter, chunks(*large)), TooLarge)
    assert receiver.requests == []
    assert send(exporter, chunks(replace(SPAN, attributes={"value": "x" * 700_000}))) == Taken()


def test_official_settings_are_honoured(receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers and compression come from the standard variables, for one signal or for all."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20t")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "deflate")
    exporter = OtlpExporter(receiver.url, RESOURCE)
    send(exporter, chunks(*plain_spans(50)))
    send(exporter, log_chunks(LOG))
    exporter.close()
    spans, logs = receiver.requests
    assert spans.headers["authorization"] == "Bearer t"
    assert (spans.headers["content-encoding"], logs.headers["content-encoding"]) == ("gzip", "deflate")
    assert spans.wire_bytes < spans.body_bytes
    assert len(receiver.spans) == 50


def test_standard_endpoint_serves_where_none_is_given(receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an endpoint of our own, the base and the single ones of the standard variables are used."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{receiver.url}/v1/traces")
    exporter = OtlpExporter(None, RESOURCE)
    assert send(exporter, chunks(SPAN)) == Taken()
    exporter.close()
    assert len(receiver.spans) == 1


def test_a_signal_may_have_an_endpoint_of_its_own(receiver: OtlpReceiver) -> None:
    """A full URL for one signal is used as it is; the others follow the base."""
    with OtlpReceiver() as other:
        exporter = OtlpExporter(receiver.url + "/", RESOURCE, endpoints={"logs": f"{other.url}/v1/logs"})
        send(exporter, chunks(SPAN))
        send(exporter, log_chunks(LOG))
        exporter.close()
        assert (len(receiver.spans), len(receiver.logs)) == (1, 0)
        assert len(other.logs) == 1


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("collector:4318", "not an HTTP URL; write it as http://host:4318"),
        ("", None),
        ("grpc://collector:4317", "not an HTTP URL"),
        ("http://", "not an HTTP URL"),
        ("http://collector:4318/v1/traces", "is the URL of one signal; leave out '/v1/traces'"),
    ],
)
def test_endpoints_are_checked_at_once(endpoint: str, message: str | None) -> None:
    """A wrong endpoint is refused where it is configured, with the way to write it; an empty one is none."""
    if message is None:
        assert OtlpExporter(endpoint, RESOURCE).target
        return
    with pytest.raises(ConfigurationError, match=message):
        OtlpExporter(endpoint, RESOURCE)


def test_passwords_are_not_shown() -> None:
    """What a URL carries besides the address appears in no message."""
    url = "http://me:s3cret@collector:4318/otlp?key=s3cret"
    assert OtlpExporter(url, RESOURCE).target == "http://collector:4318/otlp"
    with pytest.raises(ConfigurationError) as raised:
        OtlpExporter(url.replace("http", "ftp"), RESOURCE)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("protocol", ["http/json", "HTTP"])
def test_other_protocols_are_refused(protocol: str) -> None:
    """A protocol that is not spoken is named, with the setting to change, rather than replaced in silence."""
    with pytest.raises(ConfigurationError, match=f"'{protocol}' is not spoken.*OTEL_EXPORTER_OTLP_PROTOCOL"):
        OtlpExporter("http://127.0.0.1:4317", RESOURCE, protocol=protocol)


def test_unknown_signal_is_refused() -> None:
    """A misspelt signal is refused with the list of those that there are."""
    with pytest.raises(ConfigurationError, match="no OTLP signal 'spans'; the signals are traces, metrics, logs"):
        OtlpExporter(None, RESOURCE, endpoints={"spans": "http://127.0.0.1:4318"})


def test_nothing_is_tried_again(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """When to try again is not the exporter's to decide: a 503 is an answer at once, with the time that it asks for."""
    receiver.answers.append((503, {"Retry-After": "30"}))
    began = monotonic()
    assert send(exporter, chunks(SPAN)) == Again("HTTP 503 Service Unavailable", 30.0)
    assert monotonic() - began < 1
    assert receiver.spans == []


def test_refusal_is_a_reason(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """What the endpoint will never take is refused, and the reason is given."""
    receiver.answers.append((400, {}))
    assert send(exporter, chunks(SPAN)) == Refused("HTTP 400 Bad Request")
    assert receiver.requests == []


def test_refused_connection_is_a_reason() -> None:
    """Where nobody listens, the innermost reason is given, and not a chain of wrappers."""
    exporter = OtlpExporter(f"http://127.0.0.1:{free_port()}", RESOURCE, timeout_seconds=1.5)
    assert send(exporter, chunks(SPAN)) == Again("[Errno 111] Connection refused")
    exporter.close()


def test_hanging_endpoint_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that accepts and never answers costs our timeout; the variable, whose unit differs, is not read."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")
    with silent_listener() as url:
        exporter = OtlpExporter(url, RESOURCE, timeout_seconds=0.3)
        began = monotonic()
        assert send(exporter, log_chunks(LOG)) == Again("timed out")
        assert monotonic() - began < 1
        exporter.close()


def test_a_stale_connection_is_replaced_at_once(exporter: OtlpExporter) -> None:
    """A collector that was restarted between two requests costs no second try of ours."""
    with Collector() as collector:
        exporter = OtlpExporter(collector.url, RESOURCE)
        assert send(exporter, chunks(SPAN)) == Taken()
        with collector.away():
            pass
        assert send(exporter, chunks(SPAN)) == Taken()
        exporter.close()


def test_nothing_is_sent_after_close(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """A closed exporter says that it is closed."""
    exporter.close()
    with pytest.raises(ConfigurationError, match="is closed"):
        send(exporter, chunks(SPAN))
    assert receiver.requests == []


def test_closing_while_another_thread_opens() -> None:
    """A process that ends while the first export still imports leaves no connection and no log filter behind."""
    code = """
import logging, sys, threading, time
from telemetry.export.otlp import OtlpExporter
from telemetry.signals import Resource
exporter = OtlpExporter("http://127.0.0.1:1", Resource({}))
outcome = []
def send():
    try:
        outcome.append(exporter.request("traces", b""))
    except Exception as error:
        outcome.append(str(error))
thread = threading.Thread(target=send)
thread.start()
time.sleep(0.02)
exporter.close()
assert "opentelemetry.exporter.otlp.proto.http.trace_exporter" not in sys.modules, "the test came too late"
thread.join()
loggers = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
print(outcome, [logger for logger in loggers if any("Silence" in repr(each) for each in logger.filters)])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "is closed; make another one" in run.stdout, run.stderr
    assert run.stdout.rstrip().endswith("[]")


def test_the_libraries_below_are_silent(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the exporters nor the HTTP client log anything while we export, at whatever level."""
    caplog.set_level(logging.DEBUG)
    with OtlpReceiver() as receiver:
        receiver.answers.append((400, {}))
        exporter = OtlpExporter(receiver.url, RESOURCE)
        send(exporter, chunks(SPAN))
        send(exporter, chunks(replace(SPAN, status="unset")))
        exporter.close()
    assert [record.getMessage() for record in caplog.records] == []


def test_log_lines_about_an_export_are_not_exported(
    exporter: OtlpExporter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What some other library logs while we send reaches the application's handlers, and not our log channel."""
    import requests

    lines: list[object] = []

    def keep(_logger: object, _method: str, line: MutableMapping[str, Any]) -> object:
        lines.append(line["event"])
        return line

    request = requests.Session.request

    def plugin(*arguments: object, **options: object) -> object:
        logging.getLogger("corporate.auth").warning("token renewed")
        return request(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "request", plugin)
    handler = attach_stdlib(LogChannel([keep]))
    try:
        send(exporter, log_chunks(LOG))
        logging.getLogger("corporate.auth").warning("idle")
    finally:
        detach_stdlib(handler)
    assert caplog.messages == ["token renewed", "idle"]
    assert lines == ["idle"]


def test_other_users_of_the_same_loggers_are_heard(exporter: OtlpExporter, caplog: pytest.LogCaptureFixture) -> None:
    """What others log through the same loggers, while an exporter is open and after, is not touched."""
    send(exporter, chunks(SPAN))
    logging.getLogger("urllib3.connectionpool").warning("one")
    exporter.close()
    exporter.close()
    logging.getLogger("urllib3.connectionpool").warning("two")
    assert caplog.messages == ["one", "two"]
    assert logging.getLogger("urllib3.connectionpool").filters == []


def test_another_thread_is_heard_during_an_export(caplog: pytest.LogCaptureFixture) -> None:
    """Only the thread that exports is silent: the application's own use of the HTTP client keeps its log lines."""
    with silent_listener() as url:
        exporter = OtlpExporter(url, RESOURCE, timeout_seconds=1.0)
        thread = Thread(target=send, args=(exporter, chunks(SPAN)))
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        logging.getLogger("urllib3.connectionpool").warning("mine")
        exporter.close()
        thread.join(2)
    assert caplog.messages == ["mine"]


def test_instrumentation_of_http_clients_is_suppressed(
    exporter: OtlpExporter, receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While we send, the context holds OpenTelemetry's key that tells instrumentation to stay out, and not after."""
    import requests

    seen: list[object] = []
    request = requests.Session.request

    def instrumented(*arguments: object, **options: object) -> object:
        seen.append(get_value(_SUPPRESS_INSTRUMENTATION_KEY))
        return request(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "request", instrumented)
    send(exporter, chunks(SPAN))
    exporter.metrics(Fixed([COUNTER]))
    send(exporter, log_chunks(LOG))
    assert seen == [True, True, True]
    assert get_value(_SUPPRESS_INSTRUMENTATION_KEY) is None


def test_the_random_numbers_of_the_application_are_left_alone(receiver: OtlpReceiver) -> None:
    """A seeded generator gives the same numbers whether something was exported or not, failures included."""
    receiver.answers.append((503, {"Retry-After": "0.01"}))
    random.seed(7)
    before = random.getstate()
    exporter = OtlpExporter(receiver.url, RESOURCE)
    send(exporter, chunks(SPAN))
    send(exporter, log_chunks(LOG))
    exporter.metrics(Fixed())
    exporter.close()
    assert len(receiver.requests) == 2
    assert random.getstate() == before


def test_making_one_imports_nothing_heavy() -> None:
    """Neither the room nor an exporter that has not sent pulls in the SDK, protobuf or an HTTP client."""
    code = """
import sys
import telemetry.export
from telemetry.export.otlp import OtlpExporter
from telemetry.signals import Resource
OtlpExporter("http://127.0.0.1:4318", Resource({}))
heavy = ("opentelemetry", "requests", "urllib3", "google", "prometheus_client", "http", "asyncio", "socket", "ssl")
sys.exit(", ".join(sorted({name.split(".")[0] for name in sys.modules} & set(heavy))) or 0)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_the_sdk_gives_no_warnings(receiver: OtlpReceiver) -> None:
    """No part of the SDK that we call is deprecated in the version at hand."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exporter = OtlpExporter(receiver.url, Resource({}))
        assert [
            send(exporter, chunks(SPAN)),
            send(exporter, log_chunks(LOG, LogRecord(1, "info", "e"))),
            exporter.metrics(Fixed()),
        ] == [Taken()] * 3
        exporter.close()
