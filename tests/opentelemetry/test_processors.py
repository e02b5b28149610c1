"""Span processors and exporters of the SDK, and a user's own, over the spans of both kinds."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExportResult,
)
from opentelemetry.sdk.trace.export import SpanExporter as SdkExporter
from opentelemetry.trace import StatusCode
from tests.opentelemetry.conftest import Shown, plug_in

import telemetry
from telemetry.testing import Recording, isolated


def add(processor: Any) -> None:
    """Add a processor as an application does."""
    trace.get_tracer_provider().add_span_processor(processor)  # type: ignore[attr-defined]


def both(body: Callable[[], Any] = lambda: None) -> None:
    """Record a decorated function around a block of the API."""

    @telemetry.instrument_span(
        "codegen.lower", attributes={"backend.name": "c-gcc"}, capture={"operator.name": "operator"}
    )
    def lower(operator: str) -> str:
        with trace.get_tracer("library").start_as_current_span("api", attributes={"n": 1}):
            body()
        return operator

    assert lower("add") == "add"


class Watching(SpanProcessor):
    """A user's processor, which looks at everything that it is shown, and sets attributes."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.seen: dict[str, Any] = {}
        self.finished: list[ReadableSpan] = []

    def on_start(self, span: SdkSpan, parent_context: Any = None) -> None:
        """Set an attribute at the start."""
        self.calls.append(("start", span.name))
        self.seen[span.name] = {
            "is sdk": isinstance(span, SdkSpan),
            "attributes": dict(span.attributes or {}),
            "recording": span.is_recording(),
            "kind": span.kind.name,
            "parent": span.parent and span.parent.span_id,
            "id": span.context.span_id,
            "start": span.start_time,
            "end": span.end_time,
            "service": span.resource.attributes["service.name"],
            "scope": span.instrumentation_scope.name if span.instrumentation_scope else None,
            "json": json.loads(span.to_json())["name"],
        }
        span.set_attribute("tenant", "t1")

    def _on_ending(self, span: SdkSpan) -> None:
        self.calls.append(("ending", span.name))
        span.set_attribute("last.words", "bye")
        span.add_event("ending")

    def on_end(self, span: ReadableSpan) -> None:
        """Keep what has ended."""
        self.calls.append(("end", span.name))
        self.finished.append(span)


def test_a_processor_sees_every_span_live_then_frozen(recording: Recording) -> None:
    """on_start, _on_ending, on_end come in this order; what the first two set is exported, by ours and by theirs."""
    watching = Watching()
    add(watching)
    both()
    assert watching.calls == [
        ("start", "codegen.lower"),
        ("start", "api"),
        ("ending", "api"),
        ("end", "api"),
        ("ending", "codegen.lower"),
        ("end", "codegen.lower"),
    ]
    assert [type(span) for span in watching.finished] == [ReadableSpan, ReadableSpan]
    for span, record in zip(watching.finished, recording.spans, strict=True):
        assert span.attributes is not None
        assert (span.attributes["tenant"], span.attributes["last.words"]) == ("t1", "bye")
        assert dict(span.attributes) == dict(record.attributes)
        assert [event.name for event in span.events] == ["ending"]
        assert (span.start_time, span.end_time) == (record.start_ns, record.end_ns)
        with pytest.raises(TypeError):
            span._attributes["more"] = 1  # type: ignore[index]


def test_the_live_view_reads_as_a_span_of_the_sdk(recording: Recording) -> None:
    """Captured and static attributes, ids, times, resource and scope are there from the start."""
    watching = Watching()
    add(watching)
    both()
    ours, api = watching.seen["codegen.lower"], watching.seen["api"]
    assert ours["attributes"] == {"host.kind": "online", "backend.name": "c-gcc", "operator.name": "add"}
    assert api["attributes"] == {"n": 1}
    assert api["parent"] == ours["id"] and ours["parent"] is None
    assert ours["scope"] == "telemetry" and api["scope"] == "library"
    assert ours["json"] == "codegen.lower"
    for seen in (ours, api):
        assert seen["is sdk"] and seen["recording"] and seen["start"] and seen["end"] is None
        assert seen["kind"] == "INTERNAL"
        assert seen["service"] == recording.runtime.resource.attributes["service.name"]
    assert recording.losses == {}


def test_every_form_of_function_is_shown(shown: Shown) -> None:
    """Coroutines, generators, blocks and failures come to a processor as plain functions do."""
    import asyncio

    @telemetry.instrument_span("spec.parse")
    async def coroutine() -> None: ...

    @telemetry.instrument_span("plan.compile_graph")
    def generator() -> Any:
        yield 1

    @telemetry.instrument_span("verify.run")
    def failing() -> None:
        raise ValueError("bad")

    asyncio.run(coroutine())
    assert list(generator()) == [1]
    with pytest.raises(ValueError, match="bad"):
        failing()
    with telemetry.span("distribute.package"):
        pass
    assert shown.names == ["spec.parse", "plan.compile_graph", "verify.run", "distribute.package"]
    failed = shown["verify.run"]
    assert failed.status.status_code is StatusCode.ERROR
    assert [event.name for event in failed.events] == ["exception"]
    assert failed.attributes is not None and failed.attributes["error.type"] == "ValueError"


def test_functions_pay_nothing_before_the_first_processor(recording: Recording) -> None:
    """A function that was called before a processor came is shown from then on; before, its site has no watch."""

    @telemetry.instrument_span("spec.parse")
    def parse() -> None: ...

    parse()
    assert recording.runtime.watch is None
    shown = plug_in()
    parse()
    assert shown.names == ["spec.parse"]
    assert [span.name for span in recording.spans] == ["spec.parse", "spec.parse"]


def test_console_and_batch_of_the_sdk_work_unchanged(recording: Recording) -> None:
    """The console exporter prints JSON of every span; a batch is complete after a flush of the provider."""
    out = io.StringIO()
    add(BatchSpanProcessor(ConsoleSpanExporter(out=out, formatter=lambda span: span.to_json(None) + "\n")))
    both()
    provider: Any = trace.get_tracer_provider()
    assert provider.force_flush()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["name"] for line in lines] == ["api", "codegen.lower"]
    assert lines[0]["parent_id"] == lines[1]["context"]["span_id"]
    assert lines[1]["resource"]["attributes"] == dict(recording.runtime.resource.attributes)


def test_the_otlp_exporter_of_the_sdk_sends_both_kinds(recording: Recording) -> None:
    """Its HTTP exporter delivers spans with their scopes to a server on this host."""
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Be silent."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        exporter = OTLPSpanExporter(f"http://127.0.0.1:{server.server_port}/v1/traces")
        add(SimpleSpanProcessor(exporter))
        both()
        recording.runtime.shutdown()
        server.shutdown()
    requests = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    sent = {
        span.name: each.scope.name
        for request in requests
        for resource in request.resource_spans
        for each in resource.scope_spans
        for span in each.spans
    }
    assert sent == {"api": "library", "codegen.lower": "telemetry"}


def test_what_a_processor_raises_reaches_nobody(recording: Recording) -> None:
    """A processor that fails is counted; the application and the processors after it go on."""

    class Broken(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            raise RuntimeError("start")

        def _on_ending(self, span: Any) -> None:
            raise RuntimeError("ending")

        def on_end(self, span: Any) -> None:
            raise RuntimeError("end")

        def shutdown(self) -> None:
            raise RuntimeError("shutdown")

    add(Broken())
    shown = plug_in()
    both()
    assert shown.names == ["api", "codegen.lower"]
    assert recording.losses == {"processor_failed": 6}
    assert recording.runtime.shutdown()


def test_processors_end_with_their_runtime() -> None:
    """Leaving a runtime flushes and shuts its processors down, once; the next one does not have them."""

    class Exporter(SdkExporter):
        def __init__(self) -> None:
            self.names: list[str] = []
            self.shutdowns = 0

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            self.names += [span.name for span in spans]
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None:
            self.shutdowns += 1

    exporter = Exporter()
    with isolated():
        add(BatchSpanProcessor(exporter))
        both()
    with isolated():
        both()
    assert exporter.names == ["api", "codegen.lower"]
    assert exporter.shutdowns == 1


def test_attributes_of_processors_are_foreign_to_a_contract(tmp_path: Any) -> None:
    """What a processor sets and no contract knows is kept by policy; what a contract knows has to keep it."""
    registry = tmp_path / "registry.json"
    registry.write_text('{"name": "strict", "foreign": "refuse"}')

    class Sets(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            span.set_attribute("tenant", "t1")
            span.set_attribute("host.kind", "nowhere")

    for arguments, expected in (({}, {"tenant": "t1", "host.kind": "online"}), ({"registry": registry}, None)):
        with isolated(**arguments) as recording:
            add(Sets())
            with telemetry.span("spec.parse"):
                pass
            (span,) = recording.spans
        assert dict(span.attributes) == (expected or {"host.kind": "online"})
        assert recording.losses["attribute_refused"] == 1
        assert ("foreign_attribute_refused" in recording.losses) == (expected is None)


def test_a_processor_that_hangs_at_the_end_costs_one_deadline() -> None:
    """Leaving a runtime waits for its processors no longer than its deadline says."""
    released = threading.Event()

    class Hangs(SpanProcessor):
        def shutdown(self) -> None:
            released.wait(30)

    with isolated(shutdown_timeout_seconds=0.2) as recording:
        add(Hangs())
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    released.set()
    assert recording.losses == {"processor_failed": 1}


def test_a_processor_may_end_a_span_and_write_all_that_a_span_takes(recording: Recording) -> None:
    """The live view has every setter; an end at the start is the end, and one at the end is none."""

    class Writes(SpanProcessor):
        def on_start(self, span: SdkSpan, parent_context: Any = None) -> None:
            span.set_attributes({"a": 1, "b": (1, 2)})
            span.add_link(trace.SpanContext(1, 2, True), {"k": 1})
            span.record_exception(ValueError("seen"))
            span.set_status(StatusCode.ERROR, "set by a processor")
            if span.name == "api":
                span.update_name("renamed")
                span.end()

        def _on_ending(self, span: SdkSpan) -> None:
            span.end()

    add(Writes())
    shown = plug_in()
    both()
    assert shown.names == ["renamed", "codegen.lower"]
    for span in shown.get_finished_spans():
        assert span.attributes is not None and (span.attributes["a"], span.attributes["b"]) == (1, (1, 2))
        assert span.links[0].context.is_remote and span.links[0].attributes == {"k": 1}
        assert [event.name for event in span.events] == ["exception"]
        assert span.status.description == "set by a processor"
    assert recording.losses == {}
