"""What a decorated function costs in a program that never configures anything."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.harness import Call, Case

from .floor import noop


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(_stack: ExitStack) -> Call:
    import telemetry

    @telemetry.instrument_span("codegen.lower")
    def lower() -> None:
        pass

    return lower


def _opentelemetry(_stack: ExitStack) -> Call:
    from opentelemetry.trace import get_tracer

    @get_tracer("benchmarks").start_as_current_span("codegen.lower")
    def lower() -> None:
        pass

    return lower


CASES = (
    Case("disabled/bare", _bare),
    Case("disabled/telemetry", _telemetry),
    Case("disabled/opentelemetry", _opentelemetry),
)
