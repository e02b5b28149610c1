"""Drain a decorated generator of ten items: one span, with its context there at each resume and gone at each yield."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject

ITEMS = 10


def drain(generate: Callable[[], Iterator[int]]) -> Call:
    """Make a call that takes all items."""

    def run() -> None:
        for _ in generate():
            pass

    return run


def _bare(_stack: ExitStack) -> Call:
    def generate() -> Iterator[int]:
        yield from range(ITEMS)

    return drain(generate)


def _telemetry(stack: ExitStack, *, context: bool) -> Call:
    import telemetry

    ours.recording(stack)

    @telemetry.instrument_span("codegen.lower", context=context)
    def generate() -> Iterator[int]:
        yield from range(ITEMS)

    return drain(generate)


def _opentelemetry(stack: ExitStack) -> Subject:
    tracing = peers.opentelemetry_tracing(stack)
    tracer = tracing.tracer

    # Decorating the function would end the span before the first item; this form keeps it open, and leaks its context
    # to the consumer between the items.
    def generate() -> Iterator[int]:
        with tracer.start_as_current_span("codegen.lower"):
            yield from range(ITEMS)

    return Subject(drain(generate), tracing.settle)


CASES = (
    Case("generator/bare", _bare),
    Case("generator/telemetry", partial(_telemetry, context=True)),
    Case("generator/telemetry, no context", partial(_telemetry, context=False)),
    Case("generator/opentelemetry", _opentelemetry),
)
