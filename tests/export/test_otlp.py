"""What an OTLP receiver gets from the exporter, decoded with OpenTelemetry's own protobuf types."""

from __future__ import annotations

import logging
import random
import subprocess
import sys
import warnings
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, get_value
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from telemetry.errors import ConfigurationError
from telemetry.export.otlp import OtlpExporter
from telemetry.export.size import log_bytes
from telemetry.logs import LogChannel, attach_stdlib, detach_stdlib
from telemetry.signals import AttributeValue, Family, LogRecord, Resource, Series

from .families import COUNTER, GAUGE, HISTOGRAM, SUMMARY, Fixed
from .records import LOG, RESOURCE, SPAN, TRACE_ID, chunks, plain_spans
from .servers import OtlpReceiver, attributes, eventually, free_port, silent_listener


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
    assert exporter.spans(chunks(SPAN)) == ""
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
    exporter.spans(chunks(replace(SPAN, parent_span_id=None, status="ok", status_description="", running_ns=None)))
    (span,) = receiver.spans
    assert (span.parent_span_id, span.status.code) == (b"", Status.STATUS_CODE_OK)
    assert attributes(span.attributes) == SPAN.attributes


def test_resource_and_scope(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """All three signals carry the same resource, as it was given, and the scope."""
    exporter.spans(chunks(SPAN))
    exporter.metrics(Fixed())
    exporter.logs([replace(LOG, logger="")])
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
    assert exporter.logs([LOG]) == ""
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
    exporter.logs([replace(LOG, trace_id=0, span_id=0, trace_flags=0)])
    (record,) = receiver.logs
    assert (record.trace_id, record.span_id, record.flags) == (b"", b"", 0)


def test_counter_is_a_cumulative_monotonic_sum(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """A counter keeps its name, its start and its labels."""
    assert exporter.metrics(Fixed([COUNTER])) == ""
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
    assert exporter.metrics(Fixed([GAUGE])) == ""
    (point,) = receiver.metrics["verification_block_rate"].gauge.data_points
    assert point.as_double == 0.25
    assert point.time_unix_nano > 1_700_000_000_000_000_000


def test_histogram_has_its_bounds(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """A histogram's buckets are not cumulative in OTLP, and its count is their sum."""
    assert exporter.metrics(Fixed([HISTOGRAM])) == ""
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
    assert exporter.metrics(Fixed([COUNTER, SUMMARY])) == ""
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
    assert exporter.spans(chunks(replace(SPAN, name="a\udce9", attributes=odd, running_ns=None), SPAN)) == ""
    span, _ = receiver.spans
    assert span.name == "a?"
    assert attributes(span.attributes) == {
        "path": "caf?",
        "big": str(1 << 70),
        "bigs": ("1", str(1 << 70)),
        "names": ("?",),
    }


_texts = st.text("aé😀\udce9\n", max_size=20)
_values: st.SearchStrategy[AttributeValue] = st.one_of(
    _texts, st.booleans(), st.integers(), st.floats(), st.lists(_texts, max_size=3).map(tuple)
)
_attributes = st.dictionaries(_texts, _values, max_size=4)


@given(_texts, _texts, _attributes)
def test_size_bounds_a_log_record_from_above(event: str, logger: str, fields: dict[str, AttributeValue]) -> None:
    """No log record takes more bytes in a request than its bound says."""
    from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
    from opentelemetry.sdk.resources import Resource as SdkResource
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    from telemetry.export.translation import as_log

    record = replace(LOG, event=event, logger=logger, fields=fields)
    log = as_log(record, SdkResource({}), InstrumentationScope("telemetry"))
    assert encode_logs([log]).ByteSize() <= log_bytes(record)


def test_official_settings_are_honoured(receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers and compression come from the standard variables, for one signal or for all."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20t")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "deflate")
    exporter = OtlpExporter(receiver.url, RESOURCE)
    exporter.spans(chunks(*plain_spans(50)))
    exporter.logs([LOG])
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
    assert exporter.spans(chunks(SPAN)) == ""
    exporter.close()
    assert len(receiver.spans) == 1


def test_a_signal_may_have_an_endpoint_of_its_own(receiver: OtlpReceiver) -> None:
    """A full URL for one signal is used as it is; the others follow the base."""
    with OtlpReceiver() as other:
        exporter = OtlpExporter(receiver.url + "/", RESOURCE, endpoints={"logs": f"{other.url}/v1/logs"})
        exporter.spans(chunks(SPAN))
        exporter.logs([LOG])
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


@pytest.mark.parametrize("protocol", ["grpc", "http/json", "HTTP"])
def test_other_protocols_are_refused(protocol: str) -> None:
    """A protocol that is not spoken is named, with the setting to change, rather than replaced in silence."""
    with pytest.raises(ConfigurationError, match=f"'{protocol}' is not spoken.*OTEL_EXPORTER_OTLP_PROTOCOL"):
        OtlpExporter("http://127.0.0.1:4317", RESOURCE, protocol=protocol)


def test_unknown_signal_is_refused() -> None:
    """A misspelt signal is refused with the list of those that there are."""
    with pytest.raises(ConfigurationError, match="no OTLP signal 'spans'; the signals are traces, metrics, logs"):
        OtlpExporter(None, RESOURCE, endpoints={"spans": "http://127.0.0.1:4318"})


def test_retries_what_the_endpoint_asks_to_retry(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """A 503 with Retry-After is tried again after that time, and arrives once."""
    receiver.answers.append((503, {"Retry-After": "0.2"}))
    began = monotonic()
    assert exporter.spans(chunks(SPAN)) == ""
    assert 0.2 <= monotonic() - began < 2
    assert len(receiver.spans) == 1


def test_refusal_is_a_reason(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """What the endpoint will never take is not tried again, and the reason is given."""
    receiver.answers.append((400, {}))
    assert "code: 400" in exporter.spans(chunks(SPAN))
    assert receiver.requests == []


def test_refused_connection_is_a_reason() -> None:
    """Where nobody listens, the innermost reason is given, and not a chain of wrappers."""
    exporter = OtlpExporter(f"http://127.0.0.1:{free_port()}", RESOURCE, timeout_seconds=1.5)
    assert exporter.spans(chunks(SPAN)) == "[Errno 111] Connection refused"
    exporter.close()


def test_hanging_endpoint_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that accepts and never answers costs our timeout; the variable, whose unit differs, is not read."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")
    with silent_listener() as url:
        exporter = OtlpExporter(url, RESOURCE, timeout_seconds=0.3)
        began = monotonic()
        assert "timeout" in exporter.logs([LOG])
        assert monotonic() - began < 1
        exporter.close()


def test_close_interrupts_a_backoff(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """An export that waits for its next try ends at once when the exporter is closed from another thread."""
    receiver.answers.append((503, {"Retry-After": "8"}))
    reasons: list[str] = []
    thread = Thread(target=lambda: reasons.append(exporter.spans(chunks(SPAN))))
    thread.start()
    assert eventually(lambda: not receiver.answers)
    began = monotonic()
    exporter.close()
    thread.join(2)
    assert monotonic() - began < 1
    assert reasons != [""]


def test_nothing_is_sent_after_close(exporter: OtlpExporter, receiver: OtlpReceiver) -> None:
    """A closed exporter says that it is closed."""
    exporter.close()
    with pytest.raises(ConfigurationError, match="is closed"):
        exporter.spans(chunks(SPAN))
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
        outcome.append(exporter.spans([]))
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
        exporter.spans(chunks(SPAN))
        exporter.spans(chunks(replace(SPAN, status="unset")))
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
        exporter.logs([LOG])
        logging.getLogger("corporate.auth").warning("idle")
    finally:
        detach_stdlib(handler)
    assert caplog.messages == ["token renewed", "idle"]
    assert lines == ["idle"]


def test_other_users_of_the_same_loggers_are_heard(exporter: OtlpExporter, caplog: pytest.LogCaptureFixture) -> None:
    """What others log through the same loggers, while an exporter is open and after, is not touched."""
    exporter.spans(chunks(SPAN))
    logging.getLogger("urllib3.connectionpool").warning("one")
    exporter.close()
    exporter.close()
    logging.getLogger("urllib3.connectionpool").warning("two")
    assert caplog.messages == ["one", "two"]
    assert logging.getLogger("urllib3.connectionpool").filters == []


def test_another_thread_is_heard_during_an_export(receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture) -> None:
    """Only the thread that exports is silent: the application's own use of the HTTP client keeps its log lines."""
    receiver.answers.append((503, {"Retry-After": "8"}))
    exporter = OtlpExporter(receiver.url, RESOURCE)
    thread = Thread(target=exporter.spans, args=(chunks(SPAN),))
    thread.start()
    assert eventually(lambda: not receiver.answers)
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
    exporter.spans(chunks(SPAN))
    exporter.metrics(Fixed([COUNTER]))
    exporter.logs([LOG])
    assert seen == [True, True, True]
    assert get_value(_SUPPRESS_INSTRUMENTATION_KEY) is None


def test_the_random_numbers_of_the_application_are_left_alone(receiver: OtlpReceiver) -> None:
    """A seeded generator gives the same numbers whether something was exported or not, retries included."""
    receiver.answers.append((503, {"Retry-After": "0.01"}))
    random.seed(7)
    before = random.getstate()
    exporter = OtlpExporter(receiver.url, RESOURCE)
    exporter.spans(chunks(SPAN))
    exporter.logs([LOG])
    exporter.metrics(Fixed())
    exporter.close()
    assert len(receiver.requests) == 3
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
            exporter.spans(chunks(SPAN)),
            exporter.logs([LOG, LogRecord(1, "info", "e")]),
            exporter.metrics(Fixed()),
        ] == [""] * 3
        exporter.close()
