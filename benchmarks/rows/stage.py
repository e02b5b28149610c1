"""A full stage of a pipeline: a span with three captured attributes, a histogram and a counter with captured labels.

Recording only: nobody asks `telemetry` for the spans. The rows `drained` and `exported` go on from there.

The arguments vary over 64 strings that are built at run time, so that neither interning nor a cache of one entry can
help. All cases do the same work; the bodies are empty, so that the instrumentation alone is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter

from benchmarks import ours
from benchmarks.harness import Call, Case, Subject
from benchmarks.peers import opentelemetry_meter, opentelemetry_tracing

Lower = Callable[[str, str, str], None]
SIDE = 8
INPUTS = tuple(
    (f"backend-{index % SIDE}", f"operator-{index // SIDE}", f"clause-{index:04x}") for index in range(SIDE * SIDE)
)


def over_inputs(lower: Lower) -> Call:
    """Make a call that lowers each of the 64 inputs once."""

    def run() -> None:
        for backend, operator, clause in INPUTS:
            lower(backend, operator, clause)

    return run


def bare(_stack: ExitStack) -> Call:
    """Open the stage as it is without instrumentation."""

    def lower(backend: str, operator: str, clause: str) -> None:
        pass

    return over_inputs(lower)


def with_telemetry() -> Call:
    """Make the stage as the documentation of `telemetry` says."""
    import telemetry

    @telemetry.instrument_span(
        "codegen.lower", capture={"backend.name": "backend", "operator.name": "operator", "clause.id": "clause"}
    )
    @telemetry.record_metric(
        "lowering_duration_seconds",
        labels={"maturity": "stable"},
        capture={"backend": "backend", "operator": "operator"},
    )
    @telemetry.record_metric(
        "compile_success_total", on="success", labels={"host_region": "local"}, capture={"backend": "backend"}
    )
    def lower(backend: str, operator: str, clause: str) -> None:
        pass

    return over_inputs(lower)


def with_opentelemetry(stack: ExitStack, *, encode: bool = False) -> Subject:
    """Open the stage as one writes it with the OpenTelemetry API; `encode` encodes its spans to OTLP."""
    tracing, meter = opentelemetry_tracing(stack, encode=encode), opentelemetry_meter(stack)
    tracer = tracing.tracer
    duration = meter.create_histogram("lowering_duration_seconds", "s")
    success = meter.create_counter("compile_success_total")

    def lower(backend: str, operator: str, clause: str) -> None:
        begin = perf_counter()
        with tracer.start_as_current_span("codegen.lower") as span:
            span.set_attribute("backend.name", backend)
            span.set_attribute("operator.name", operator)
            span.set_attribute("clause.id", clause)
        labels = {"backend": backend, "operator": operator, "maturity": "stable", "environment": "development"}
        duration.record(perf_counter() - begin, labels)
        success.add(1, {"backend": backend, "environment": "development", "host_region": "local"})

    return Subject(over_inputs(lower), tracing.settle)


def _telemetry(stack: ExitStack) -> Call:
    ours.recording(stack)
    return with_telemetry()


CASES = (
    Case("stage/bare", bare, calls=len(INPUTS)),
    Case("stage/telemetry", _telemetry, calls=len(INPUTS)),
    Case("stage/opentelemetry", with_opentelemetry, calls=len(INPUTS)),
)
