"""Await a decorated coroutine function; the awaits are driven by hand, so that no event loop is timed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject

AWAITS = 64


def over_awaits(stage: Callable[[], Awaitable[None]]) -> Call:
    """Make a call that awaits the stage 64 times in one coroutine."""

    async def await_all() -> None:
        for _ in range(AWAITS):
            await stage()

    def run() -> None:
        try:
            await_all().send(None)
        except StopIteration:
            return
        raise AssertionError("the stage waited for an event loop, and there is none")

    return run


def _bare(_stack: ExitStack) -> Call:
    async def stage() -> None:
        pass

    return over_awaits(stage)


def _telemetry(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack)

    @telemetry.instrument_span("codegen.lower")
    async def stage() -> None:
        pass

    return over_awaits(stage)


def _opentelemetry(stack: ExitStack) -> Subject:
    tracing = peers.opentelemetry_tracing(stack)

    @tracing.tracer.start_as_current_span("codegen.lower")
    async def stage() -> None:
        pass

    return Subject(over_awaits(stage), tracing.settle)


def _datadog(_stack: ExitStack) -> Call:
    tracer, _ = peers.datadog_tracer()

    @tracer.wrap("codegen.lower")  # type: ignore[untyped-decorator,unused-ignore]
    async def stage() -> None:
        pass

    return over_awaits(stage)


CASES = (
    Case("coroutine/bare", _bare, calls=AWAITS),
    Case("coroutine/telemetry", _telemetry, calls=AWAITS),
    Case("coroutine/opentelemetry", _opentelemetry, calls=AWAITS),
    Case("coroutine/ddtrace", _datadog, calls=AWAITS, missing=peers.lacks("ddtrace")),
)
