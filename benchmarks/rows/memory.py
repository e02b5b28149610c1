"""The bytes of what is kept: a finished span with three attributes that waits, a counter series, a histogram series."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import cycle, product
from typing import Any, Literal

from benchmarks import ours, peers
from benchmarks.harness import Call, Case
from benchmarks.memory import Growth
from benchmarks.series import BOUNDS, COMBINATIONS, LABELS, names

from .stage import INPUTS

Series = Literal["counter", "histogram"]
Record = Callable[[str, dict[str, str]], object]
KEPT = 9_000  # of 10 000 series; some of the others warm up


def _span(stack: ExitStack) -> Growth:
    import telemetry

    runtime = ours.recording(stack)
    inputs = cycle(INPUTS)

    @telemetry.instrument_span(
        "codegen.lower", capture={"backend.name": "backend", "operator.name": "operator", "clause.id": "clause"}
    )
    def lower(backend: str, operator: str, clause: str) -> None:
        pass

    return Growth(lambda: lower(*next(inputs)), partial(ours.held_bytes, runtime), ours.KEPT_SPANS)


def _opentelemetry_span(stack: ExitStack) -> Growth:
    tracer = peers.opentelemetry_tracing(stack, keep=True).tracer
    inputs = cycle(INPUTS)

    def lower() -> None:
        backend, operator, clause = next(inputs)
        attributes = {"backend.name": backend, "operator.name": operator, "clause.id": clause}
        tracer.start_span("codegen.lower", attributes=attributes).end()

    return Growth(lower)


def over_series(kind: Series, record: Record) -> Call:
    """Make a call that records in one series more each time."""
    series = iter(product(names(kind), COMBINATIONS))
    return lambda: record(*next(series))


def _series(stack: ExitStack, *, kind: Series) -> Growth:
    runtime = ours.measuring(stack)
    children: list[Any] = []

    def record(name: str, labels: dict[str, str]) -> None:
        children.append(ours.child(runtime, name, labels))

    return Growth(over_series(kind, record), partial(ours.held_bytes, runtime), KEPT)


def _prometheus_series(_stack: ExitStack, *, kind: Series) -> Growth:
    from prometheus_client import CollectorRegistry, Counter, Histogram

    registry = CollectorRegistry()
    make: Any = Counter if kind == "counter" else partial(Histogram, buckets=BOUNDS)
    families = {name: make(name, "What a worker did.", LABELS, registry=registry) for name in names(kind)}
    return Growth(over_series(kind, lambda name, labels: families[name].labels(**labels)), number=KEPT)


def _opentelemetry_series(stack: ExitStack, *, kind: Series) -> Growth:
    meter = peers.opentelemetry_meter(stack)
    if kind == "counter":
        recorders: Any = {name: meter.create_counter(name).add for name in names(kind)}
    else:
        boundaries: dict[str, Any] = {"explicit_bucket_boundaries_advisory": BOUNDS}
        recorders = {name: meter.create_histogram(name, **boundaries).record for name in names(kind)}
    return Growth(over_series(kind, lambda name, labels: recorders[name](1, labels)), number=KEPT)


CASES = (
    Case("memory/telemetry, finished span", _span),
    Case("memory/opentelemetry, finished span", _opentelemetry_span),
    Case("memory/telemetry, counter series", partial(_series, kind="counter")),
    Case("memory/prometheus, counter series", partial(_prometheus_series, kind="counter")),
    Case("memory/opentelemetry, counter series", partial(_opentelemetry_series, kind="counter")),
    Case("memory/telemetry, histogram series", partial(_series, kind="histogram")),
    Case("memory/prometheus, histogram series", partial(_prometheus_series, kind="histogram")),
    Case("memory/opentelemetry, histogram series", partial(_opentelemetry_series, kind="histogram")),
)
