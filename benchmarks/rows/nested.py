"""Two decorated functions, one inside the other, each with a span, a histogram and a counter of fixed labels."""

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
    def outer() -> None:
        noop()

    return outer


def _telemetry(stack: ExitStack) -> Call:
    from telemetry import instrument_span, record_metric

    ours.recording(stack)

    @instrument_span("codegen.lower")
    @record_metric("lowering_duration_seconds", labels=TIMED)
    @record_metric("compile_success_total", on="success", labels=COUNTED)
    def inner() -> None:
        pass

    @instrument_span("compile.execute")
    @record_metric("lowering_duration_seconds", labels=TIMED)
    @record_metric("compile_success_total", on="success", labels=COUNTED)
    def outer() -> None:
        inner()

    return outer


def _opentelemetry(stack: ExitStack) -> Subject:
    tracing = peers.opentelemetry_tracing(stack)
    start = tracing.tracer.start_as_current_span
    record, add = recorders(stack)
    timed, counted = TIMED | AMBIENT, COUNTED | AMBIENT

    def inner() -> None:
        begin = perf_counter()
        with start("codegen.lower"):
            pass
        record(perf_counter() - begin, timed)
        add(1, counted)

    def outer() -> None:
        begin = perf_counter()
        with start("compile.execute"):
            inner()
        record(perf_counter() - begin, timed)
        add(1, counted)

    return Subject(outer, tracing.settle)


def _datadog(_stack: ExitStack) -> Call:
    tracer, _ = peers.datadog_tracer()

    def outer() -> None:
        with tracer.trace("compile.execute"), tracer.trace("codegen.lower"):
            pass

    return outer


CASES = (
    Case("nested/bare", _bare),
    Case("nested/telemetry", _telemetry),
    Case("nested/opentelemetry", _opentelemetry),
    # It makes no metrics.
    Case("nested/ddtrace", _datadog, missing=peers.lacks("ddtrace")),
)
