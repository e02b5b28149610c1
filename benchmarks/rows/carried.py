"""The context that leaves and arrives: `inject` into a carrier, `extract` from one, and a task of a pool of threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject

from .floor import noop

REQUEST = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
    "host": "executor.example",
    "accept": "application/json",
}


def _inject_ours(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack)
    stack.enter_context(telemetry.span("compile.execute"))
    return lambda: telemetry.inject({})


def _inject_theirs(stack: ExitStack) -> Subject:
    tracing = peers.opentelemetry_tracing(stack)
    stack.enter_context(tracing.tracer.start_as_current_span("compile.execute"))
    inject = _propagator().inject
    return Subject(lambda: inject({}), tracing.settle)


def _extract_ours(_stack: ExitStack) -> Call:
    import telemetry

    return lambda: telemetry.extract(REQUEST)


def _extract_theirs(_stack: ExitStack) -> Call:
    extract = _propagator().extract
    return lambda: extract(REQUEST)


def _propagator() -> Any:
    """Give what OpenTelemetry sends and reads with by default."""
    from opentelemetry.baggage.propagation import W3CBaggagePropagator
    from opentelemetry.propagators.composite import CompositePropagator
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return CompositePropagator([TraceContextTextMapPropagator(), W3CBaggagePropagator()])


def _submit_plain(stack: ExitStack) -> Call:
    submit = _pool(stack)
    return lambda: submit(noop).result()


def _submit_ours(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack)
    stack.enter_context(telemetry.span("compile.execute"))
    submit = _pool(stack)
    return lambda: submit(telemetry.propagate(noop)).result()


def _submit_theirs(stack: ExitStack) -> Subject:
    from opentelemetry import context

    tracing = peers.opentelemetry_tracing(stack)
    stack.enter_context(tracing.tracer.start_as_current_span("compile.execute"))
    submit = _pool(stack)

    def carried() -> object:
        here = context.get_current()

        def run() -> None:
            token = context.attach(here)
            try:
                noop()
            finally:
                context.detach(token)

        return submit(run).result()

    return Subject(carried, tracing.settle)


def _pool(stack: ExitStack) -> Callable[..., Any]:
    return stack.enter_context(ThreadPoolExecutor(1)).submit


INJECT = (Case("inject/telemetry", _inject_ours), Case("inject/opentelemetry", _inject_theirs))
EXTRACT = (Case("extract/telemetry", _extract_ours), Case("extract/opentelemetry", _extract_theirs))
SUBMIT = (
    Case("submit/bare", _submit_plain),
    Case("submit/telemetry", _submit_ours),
    Case("submit/opentelemetry", _submit_theirs),
)
