"""A decorated function that finds its span through OpenTelemetry's API and sets three attributes on it."""

from __future__ import annotations

from contextlib import ExitStack
from time import perf_counter

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject

from .counter import LABELS as COUNTED
from .floor import noop
from .histogram import LABELS as TIMED
from .static import AMBIENT, recorders


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack) -> Call:
    from opentelemetry.trace import get_current_span

    from telemetry import instrument_span, record_metric

    ours.recording(stack)

    @instrument_span("codegen.lower")
    @record_metric("lowering_duration_seconds", labels=TIMED)
    @record_metric("compile_success_total", on="success", labels=COUNTED)
    def lower() -> None:
        span = get_current_span()
        span.set_attribute("backend.name", "c-gcc")
        span.set_attribute("operator.name", "matmul")
        span.set_attribute("clause.id", "clause-0007")

    return lower


def _opentelemetry(stack: ExitStack) -> Subject:
    from opentelemetry.trace import get_current_span

    tracing = peers.opentelemetry_tracing(stack)
    start = tracing.tracer.start_as_current_span
    record, add = recorders(stack)
    timed, counted = TIMED | AMBIENT, COUNTED | AMBIENT

    def lower() -> None:
        begin = perf_counter()
        with start("codegen.lower"):
            span = get_current_span()
            span.set_attribute("backend.name", "c-gcc")
            span.set_attribute("operator.name", "matmul")
            span.set_attribute("clause.id", "clause-0007")
        record(perf_counter() - begin, timed)
        add(1, counted)

    return Subject(lower, tracing.settle)


CASES = (
    Case("foreign/bare", _bare),
    Case("foreign/telemetry", _telemetry),
    Case("foreign/opentelemetry", _opentelemetry),
)
