"""A decorated function that makes a span without attributes, and no metrics."""

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

    @telemetry.instrument_span("codegen.lower")
    def lower() -> None:
        pass

    return lower


def _opentelemetry(stack: ExitStack) -> Subject:
    tracing = opentelemetry_tracing(stack)

    @tracing.tracer.start_as_current_span("codegen.lower")
    def lower() -> None:
        pass

    return Subject(lower, tracing.settle)


CASES = (
    Case("span/bare", _bare),
    Case("span/telemetry", _telemetry),
    Case("span/opentelemetry", _opentelemetry),
)
