"""A decorated function that makes a span without attributes, and no metrics."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject

from .floor import noop


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack)

    @telemetry.instrument_span("codegen.lower")
    def lower() -> None:
        pass

    return lower


def _opentelemetry(stack: ExitStack) -> Subject:
    tracing = peers.opentelemetry_tracing(stack)

    @tracing.tracer.start_as_current_span("codegen.lower")
    def lower() -> None:
        pass

    return Subject(lower, tracing.settle)


def _datadog(_stack: ExitStack) -> Call:
    tracer, _ = peers.datadog_tracer()

    @tracer.wrap("codegen.lower")  # type: ignore[untyped-decorator,unused-ignore]
    def lower() -> None:
        pass

    call: Call = lower
    return call


def _logfire(stack: ExitStack) -> Subject:
    client, tracing = peers.logfire_client(stack)

    @client.instrument("codegen.lower", extract_args=False)  # type: ignore[untyped-decorator,unused-ignore]
    def lower() -> None:
        pass

    return Subject(lower, tracing.settle)


CASES = (
    Case("span/bare", _bare),
    Case("span/telemetry", _telemetry),
    Case("span/telemetry, 12 other variables", _telemetry, variables=12),
    Case("span/opentelemetry", _opentelemetry),
    Case("span/ddtrace", _datadog, missing=peers.lacks("ddtrace")),
    Case("span/logfire", _logfire, missing=peers.lacks("logfire")),
)
