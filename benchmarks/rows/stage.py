"""The headline: a full stage of a pipeline, its span encoded to OTLP, all processor time counted.

A stage is a span with three captured attributes, a histogram and a counter with captured labels; the limits are on and
nothing is sampled out. OpenTelemetry does the same work with a batch processor and its encoder, to a transport that
drops. The row `recorded` leaves the encoding out; `drained` and `exported` hand the spans to somebody.

The arguments vary over 64 strings that are built at run time, so that neither interning nor a cache of one entry can
help. All cases do the same work; the bodies are empty, so that the instrumentation alone is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from time import perf_counter

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject

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
    tracing, meter = peers.opentelemetry_tracing(stack, encode=encode), peers.opentelemetry_meter(stack)
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


def _datadog(_stack: ExitStack) -> Call:
    tracer, _ = peers.datadog_tracer()

    def lower(backend: str, operator: str, clause: str) -> None:
        with tracer.trace("codegen.lower") as span:
            span.set_tag("backend.name", backend)
            span.set_tag("operator.name", operator)
            span.set_tag("clause.id", clause)

    return over_inputs(lower)


def _logfire(stack: ExitStack) -> Subject:
    client, tracing = peers.logfire_client(stack)

    def lower(backend: str, operator: str, clause: str) -> None:
        with client.span("codegen.lower", backend=backend, operator=operator, clause=clause):
            pass

    return Subject(over_inputs(lower), tracing.settle)


def _telemetry(stack: ExitStack) -> Subject:
    runtime = ours.encoding(stack)
    return Subject(with_telemetry(), runtime.flush)


CASES = (
    Case("stage/bare", bare, calls=len(INPUTS)),
    Case("stage/telemetry", _telemetry, calls=len(INPUTS), missing=ours.lacks_encoding),
    Case("stage/opentelemetry", partial(with_opentelemetry, encode=True), calls=len(INPUTS)),
    # These two make no metrics and encode nothing.
    Case("stage/ddtrace", _datadog, calls=len(INPUTS), missing=peers.lacks("ddtrace")),
    Case("stage/logfire", _logfire, calls=len(INPUTS), missing=peers.lacks("logfire")),
)
