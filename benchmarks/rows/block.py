"""A `with` statement around a span: without attributes, and with three."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject

from .floor import noop

ATTRIBUTES = "3 attributes"


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack) -> Call:
    from telemetry import span

    ours.recording(stack)

    def block() -> None:
        with span("plan.compile_graph"):
            pass

    return block


def _telemetry_with_attributes(stack: ExitStack) -> Call:
    from telemetry import span

    ours.recording(stack)

    def block() -> None:
        with span("plan.compile_graph", attributes={"graph.nodes": 12, "graph.edges": 17, "graph.depth": 3}):
            pass

    return block


def _opentelemetry(stack: ExitStack) -> Subject:
    tracing = peers.opentelemetry_tracing(stack)
    start = tracing.tracer.start_as_current_span

    def block() -> None:
        with start("plan.compile_graph"):
            pass

    return Subject(block, tracing.settle)


def _opentelemetry_with_attributes(stack: ExitStack) -> Subject:
    tracing = peers.opentelemetry_tracing(stack)
    start = tracing.tracer.start_as_current_span

    def block() -> None:
        with start("plan.compile_graph", attributes={"graph.nodes": 12, "graph.edges": 17, "graph.depth": 3}):
            pass

    return Subject(block, tracing.settle)


def _datadog(_stack: ExitStack) -> Call:
    tracer, _ = peers.datadog_tracer()

    def block() -> None:
        with tracer.trace("plan.compile_graph"):
            pass

    return block


def _datadog_with_attributes(_stack: ExitStack) -> Call:
    tracer, _ = peers.datadog_tracer()

    def block() -> None:
        with tracer.trace("plan.compile_graph") as span:
            span.set_metric("graph.nodes", 12)
            span.set_metric("graph.edges", 17)
            span.set_metric("graph.depth", 3)

    return block


def _logfire(stack: ExitStack) -> Subject:
    client, tracing = peers.logfire_client(stack)

    def block() -> None:
        with client.span("plan.compile_graph", nodes=12, edges=17, depth=3):
            pass

    return Subject(block, tracing.settle)


CASES = (
    Case("block/bare", _bare),
    Case("block/telemetry", _telemetry),
    Case(f"block/telemetry, {ATTRIBUTES}", _telemetry_with_attributes),
    Case("block/opentelemetry", _opentelemetry),
    Case(f"block/opentelemetry, {ATTRIBUTES}", _opentelemetry_with_attributes),
    Case("block/ddtrace", _datadog, missing=peers.lacks("ddtrace")),
    Case(f"block/ddtrace, {ATTRIBUTES}", _datadog_with_attributes, missing=peers.lacks("ddtrace")),
    Case(f"block/logfire, {ATTRIBUTES}", _logfire, missing=peers.lacks("logfire")),
)
