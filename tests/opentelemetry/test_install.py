"""How OpenTelemetry's API and telemetry find each other, in either order of imports."""

from __future__ import annotations

import pytest
from tests.runtime.conftest import Run

BOTH = """
    {imports}
    from opentelemetry import metrics, trace
    provider = trace.get_tracer_provider()
    assert type(provider).__module__ == "telemetry.tracing.provider", provider
    assert type(metrics.get_meter_provider()).__module__ == "telemetry.metrics.meter"
    class Sink:
        spans_seen = []
        def spans(self, records):
            self.spans_seen += [record.name for record in records]
    with trace.get_tracer("library").start_as_current_span("api"):
        with telemetry.span("spec.parse"):
            trace.get_current_span().set_attribute("host.kind", "offline")
    metrics.get_meter("library").create_counter("my.calls").add(2)
    assert runtime.flush()
    print(sorted(family.name for family in runtime.families()), runtime.losses())
"""


@pytest.mark.parametrize(
    "imports",
    [
        "import telemetry; runtime = telemetry.configure('specc')",
        "import opentelemetry.trace, opentelemetry.metrics, telemetry; runtime = telemetry.configure('specc')",
        "import telemetry, opentelemetry.metrics, opentelemetry.trace; runtime = telemetry.configure('specc')",
        "import opentelemetry.sdk.trace, telemetry; runtime = telemetry.configure('specc')",
        "import telemetry; runtime = telemetry.configure('specc'); import opentelemetry.sdk.trace.export",
        "import telemetry; runtime = telemetry.configure('specc'); import opentelemetry.sdk.metrics",
        "import opentelemetry.context, telemetry; runtime = telemetry.configure('specc'); import opentelemetry.baggage",
    ],
)
def test_our_providers_are_there_whatever_comes_first(run: Run, imports: str) -> None:
    """After `configure`, `opentelemetry.trace` and `opentelemetry.metrics` record through us."""
    ended = run(BOTH.format(imports=imports))
    assert ended.status == 0, ended.stderr
    assert ended.stdout == "['my.calls'] {}\n"


def test_tracers_and_instruments_from_before_configure_come_to_life(run: Run) -> None:
    """A library that made its tracer and counter at import records from `configure` on."""
    ended = run("""
        from opentelemetry import metrics, trace
        tracer = trace.get_tracer("library")
        counter = metrics.get_meter("library").create_counter("my.calls")
        counter.add(1)
        assert not tracer.start_span("early").is_recording()
        import telemetry
        runtime = telemetry.configure("specc")
        counter.add(2)
        assert tracer.start_span("late").is_recording()
        (family,) = runtime.families()
        print(family.name, family.series[0].value)
    """)
    assert ended.stdout == "my.calls 2.0\n", ended.stderr


def test_configuring_and_recording_load_nothing_of_opentelemetry(run: Run) -> None:
    """Neither API nor SDK is imported until the application does; the API alone never brings the SDK."""
    ended = run("""
        import sys, telemetry
        telemetry.configure("specc")
        @telemetry.instrument_span("spec.parse")
        def parse(): ...
        parse()
        assert not [name for name in sys.modules if name.startswith("opentelemetry")]
        from opentelemetry import metrics, trace
        with trace.get_tracer("library").start_as_current_span("api") as span:
            parse()
            span.set_attribute("a", 1)
        metrics.get_meter("library").create_histogram("h").record(1)
        telemetry.current().families()
        print([name for name in sys.modules if name.startswith("opentelemetry.sdk")])
    """)
    assert ended.stdout == "[]\n", ended.stderr


def test_a_foreign_provider_that_is_set_already_stays_and_shares_the_context(run: Run) -> None:
    """It is said once on stderr; its spans and ours nest in one trace all the same."""
    ended = run("""
        from opentelemetry import metrics, trace
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.trace import TracerProvider
        theirs, meters = TracerProvider(), MeterProvider()
        trace.set_tracer_provider(theirs)
        metrics.set_meter_provider(meters)
        import telemetry
        runtime = telemetry.configure("specc")
        assert trace.get_tracer_provider() is theirs and metrics.get_meter_provider() is meters
        with trace.get_tracer("library").start_as_current_span("outer") as outer:
            with telemetry.span("spec.parse") as span:
                assert span.trace_id == outer.get_span_context().trace_id
                assert span.parent_span_id == outer.get_span_context().span_id
        telemetry.shutdown()
        telemetry.configure("specc")
        print("shared")
    """)
    assert ended.stdout == "shared\n", ended.stderr
    lines = ended.stderr.splitlines()
    assert len(lines) == 2, ended.stderr
    assert "tracer provider already" in lines[0] and "opentelemetry.sdk.trace.TracerProvider" in lines[0]
    assert "meter provider already" in lines[1]


def test_a_provider_that_is_set_later_is_refused_by_opentelemetry(run: Run) -> None:
    """OpenTelemetry lets a provider be set once: ours stays, and says what it always says."""
    ended = run("""
        import logging, telemetry
        logging.basicConfig(format="%(message)s")
        telemetry.configure("specc")
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        trace.set_tracer_provider(TracerProvider())
        print(type(trace.get_tracer_provider()).__module__)
    """)
    assert ended.stdout == "telemetry.tracing.provider\n", ended.stderr
    assert "Overriding of current TracerProvider is not allowed" in ended.stderr


def test_a_disabled_sdk_records_nothing_through_the_api(run: Run) -> None:
    """`OTEL_SDK_DISABLED=true` holds for tracers, meters and processors; nothing raises."""
    ended = run(
        """
        import telemetry
        runtime = telemetry.configure("specc")
        from opentelemetry import metrics, trace
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
        trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
        with trace.get_tracer("library").start_as_current_span("api") as span, telemetry.span("spec.parse"):
            assert not span.is_recording()
        metrics.get_meter("library").create_counter("my.calls").add(1)
        assert not runtime.families()
        print("fine")
        """,
        OTEL_SDK_DISABLED="true",
    )
    assert ended.stdout == "fine\n", ended.stderr


def test_spans_of_the_api_leave_by_otlp_with_their_scopes(run: Run) -> None:
    """Our own push sends both kinds, each under its scope, and metrics of both; its own requests are not traced."""
    ended = run("""
        import json, threading, telemetry
        from http.server import BaseHTTPRequestHandler, HTTPServer
        from opentelemetry.instrumentation.requests import RequestsInstrumentor
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
        spans, names = {}, set()
        class Collector(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/traces":
                    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                        for scope in resource.scope_spans:
                            spans.update((span.name, scope.scope.name) for span in scope.spans)
                elif self.path == "/v1/metrics":
                    for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                        for scope in resource.scope_metrics:
                            names.update(metric.name for metric in scope.metrics)
                self.send_response(200); self.end_headers()
            def log_message(self, *_): pass
        server = HTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        RequestsInstrumentor().instrument()
        runtime = telemetry.configure(
            "specc", endpoint=f"http://127.0.0.1:{server.server_port}", self_telemetry=False
        )
        from opentelemetry import metrics, trace
        with trace.get_tracer("library").start_as_current_span("api") as span, telemetry.span("spec.parse"):
            span.set_attribute("odd", {"nested": [1, "x", None, b"y"]})
        metrics.get_meter("library").create_counter("my.calls").add(1, {"code": 200})
        telemetry.metric("compile_success_total").labels(backend="c-gcc").inc()
        runtime.flush(10); runtime.shutdown(10)
        print(json.dumps([sorted(spans.items()), sorted(names)]))
        server.shutdown(); server.server_close()
    """)
    assert ended.status == 0, ended.stderr
    assert ended.said == [
        [["api", "library"], ["spec.parse", "telemetry"]],
        ["compile_success_total", "my.calls"],
    ]
    assert ended.stderr == ""


def test_a_forked_child_counts_from_zero_and_keeps_recording(run: Run) -> None:
    """Counters of meters start over in a child, ids differ, and processors see its spans."""
    ended = run("""
        import json, os, telemetry
        runtime = telemetry.configure("specc")
        from opentelemetry import metrics, trace
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        exporter = InMemorySpanExporter()
        trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
        tracer, counter = trace.get_tracer("library"), metrics.get_meter("library").create_counter("calls")
        counter.add(5)
        tracer.start_span("parent").end()
        read, write = os.pipe()
        if not os.fork():
            counter.add(1)
            tracer.start_span("child").end()
            ids = [span.context.span_id for span in exporter.get_finished_spans()]
            os.write(write, json.dumps([runtime.families()[0].series[0].value, len(ids), len(set(ids))]).encode())
            os._exit(0)
        os.wait()
        print(os.read(read, 999).decode(), runtime.families()[0].series[0].value)
    """)
    assert ended.stdout == "[1.0, 2, 2] 5.0\n", ended.stderr
