"""Spans live in OpenTelemetry's own context, whichever of the two is imported first."""

from __future__ import annotations

import subprocess
import sys

import pytest

_NESTING = """
import asyncio, contextvars, sys, threading
{before}
import telemetry
if {lazy}:
    assert not [name for name in sys.modules if name.startswith("opentelemetry")]
from telemetry.testing import isolated

@telemetry.instrument_span("codegen.lower")
def lower():
    from opentelemetry import baggage, context, trace
    span = trace.get_current_span()
    assert isinstance(span, trace.Span) and span.get_span_context().is_valid
    assert span is telemetry.current_span() and isinstance(context.get_current(), context.Context)
    token = context.attach(baggage.set_baggage("user", "ada"))
    assert trace.get_current_span() is span and baggage.get_baggage("user") == "ada"
    inner()
    context.detach(token)
    assert baggage.get_baggage("user") is None
    from opentelemetry.sdk.trace import TracerProvider
    with TracerProvider().get_tracer("other").start_as_current_span("theirs") as theirs:
        assert theirs.parent.span_id == span.get_span_context().span_id
        assert theirs.get_span_context().trace_id == span.get_span_context().trace_id
        inner()
        return theirs.get_span_context().span_id

@telemetry.instrument_span("spec.parse")
def inner():
    pass

with isolated() as recording:
    with telemetry.span("plan.compile_graph"):
        theirs = lower()
    below_ours, below_theirs, lowered, root = recording.spans
    assert below_ours.parent_span_id == lowered.span_id
    assert below_theirs.parent_span_id == theirs
    assert lowered.parent_span_id == root.span_id and root.parent_span_id is None
    assert len({{span.trace_id for span in recording.spans}}) == 1
from opentelemetry import trace
assert not trace.get_current_span().get_span_context().is_valid
print("nested")
"""


@pytest.mark.parametrize(
    "before", ["", "import opentelemetry.context", "import opentelemetry.trace", "import opentelemetry.sdk.trace"]
)
def test_spans_of_both_nest_both_ways(before: str) -> None:
    """Current span, baggage, attach and detach are shared, in one trace with the right parents."""
    program = _NESTING.format(before=before, lazy=not before)
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "nested\n", done.stderr


def test_recording_loads_no_opentelemetry() -> None:
    """Spans, metrics and configuration without an endpoint import none of its modules."""
    program = (
        "import sys, telemetry\n"
        "telemetry.configure()\n"
        "with telemetry.span('spec.parse'):\n"
        "    telemetry.metric('compile_success_total').labels(backend='c-gcc').inc()\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
