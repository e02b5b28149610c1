"""A decorated function whose span has three fixed attributes, with a histogram and a counter of fixed labels."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from typing import Any

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject

from .counter import LABELS as COUNTED
from .floor import noop
from .histogram import LABELS as TIMED

ATTRIBUTES = {"backend.name": "c-gcc", "operator.name": "matmul", "clause.id": "clause-0007"}
AMBIENT = {"environment": "development"}


def instrument(function: Call) -> Call:
    """Decorate as the documentation of `telemetry` says."""
    import telemetry

    counted = telemetry.record_metric("compile_success_total", on="success", labels=COUNTED)(function)
    timed = telemetry.record_metric("lowering_duration_seconds", labels=TIMED)(counted)
    return telemetry.instrument_span("codegen.lower", attributes=ATTRIBUTES)(timed)


def recorders(stack: ExitStack) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Give what records in the histogram and what adds to the counter of OpenTelemetry."""
    meter = peers.opentelemetry_meter(stack)
    duration = meter.create_histogram("lowering_duration_seconds", "s")
    return duration.record, meter.create_counter("compile_success_total").add


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack) -> Call:
    ours.recording(stack)

    def lower() -> None:
        pass

    return instrument(lower)


def _opentelemetry(stack: ExitStack) -> Subject:
    tracing = peers.opentelemetry_tracing(stack)
    start = tracing.tracer.start_as_current_span
    record, add = recorders(stack)
    timed, counted = TIMED | AMBIENT, COUNTED | AMBIENT

    def lower() -> None:
        begin = perf_counter()
        with start("codegen.lower", attributes=ATTRIBUTES):
            pass
        record(perf_counter() - begin, timed)
        add(1, counted)

    return Subject(lower, tracing.settle)


def _datadog(_stack: ExitStack) -> Call:
    tracer, _ = peers.datadog_tracer()

    def lower() -> None:
        with tracer.trace("codegen.lower") as span:
            span.set_tags(ATTRIBUTES)

    return lower


CASES = (
    Case("static/bare", _bare),
    Case("static/telemetry", _telemetry),
    Case("static/opentelemetry", _opentelemetry),
    # It makes no metrics.
    Case("static/ddtrace", _datadog, missing=peers.lacks("ddtrace")),
)
