"""A decorated function in a trace that is sampled out: at its root, and within a span that was sampled out."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject

from .floor import noop


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack, *, child: bool = False) -> Call:
    import telemetry

    ours.recording(stack, sampler="always_off")

    @telemetry.instrument_span("codegen.lower")
    def lower() -> None:
        pass

    if child:
        stack.enter_context(telemetry.span("compile.execute"))
    return lower


def _opentelemetry(stack: ExitStack, *, child: bool = False) -> Subject:
    from opentelemetry.sdk.trace.sampling import DEFAULT_OFF

    tracing = peers.opentelemetry_tracing(stack, sampler=DEFAULT_OFF)

    @tracing.tracer.start_as_current_span("codegen.lower")
    def lower() -> None:
        pass

    if child:
        stack.enter_context(tracing.tracer.start_as_current_span("compile.execute"))
    return Subject(lower, tracing.settle)


CASES = (
    Case("unsampled/bare", _bare),
    Case("unsampled/telemetry", _telemetry),
    Case("unsampled/telemetry, child", partial(_telemetry, child=True)),
    Case("unsampled/opentelemetry", _opentelemetry),
    Case("unsampled/opentelemetry, child", partial(_opentelemetry, child=True)),
)
