"""Nest with OpenTelemetry: spans of its SDK lie below ours and above ours, in one trace."""

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import telemetry
from telemetry.testing import isolated

tracer = TracerProvider().get_tracer("third-party")


@telemetry.instrument_span("codegen.lower", attributes={"backend.name": "c-gcc", "operator.name": "gcd"})
def lower() -> None:
    """Lie below a span of the other SDK."""
    print("current span is ours:", trace.get_current_span().name)  # type: ignore[attr-defined]


with isolated() as recording:
    with telemetry.span("plan.compile_graph"), tracer.start_as_current_span("third-party") as theirs:
        lower()
    inner, outer = recording.spans
    print("one trace:", inner.trace_id == outer.trace_id == theirs.get_span_context().trace_id)
    print("ours lies below theirs:", inner.parent_span_id == theirs.get_span_context().span_id)
