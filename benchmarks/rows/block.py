"""A `with` statement around a span that gets three attributes, one of them inside the block."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours
from benchmarks.harness import Call, Case, Subject
from benchmarks.peers import opentelemetry_tracing

from .floor import noop


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack)

    def block() -> None:
        with telemetry.span("plan.compile_graph", attributes={"graph.nodes": 12, "graph.edges": 17}) as span:
            span.set_attribute("graph.depth", 3)

    return block


def _opentelemetry(stack: ExitStack) -> Subject:
    tracing = opentelemetry_tracing(stack)
    tracer = tracing.tracer

    def block() -> None:
        attributes = {"graph.nodes": 12, "graph.edges": 17}
        with tracer.start_as_current_span("plan.compile_graph", attributes=attributes) as span:
            span.set_attribute("graph.depth", 3)

    return Subject(block, tracing.settle)


CASES = (
    Case("block/bare", _bare),
    Case("block/telemetry", _telemetry),
    Case("block/opentelemetry", _opentelemetry),
)
