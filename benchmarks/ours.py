"""Configure `telemetry` the way that the rows need it; like its peers it sends nothing out of the process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telemetry.runtime import TelemetryDispatcher
    from telemetry.signals import SpanBatch

SERVICE, ENVIRONMENT = "benchmarks", "development"


def recording(stack: ExitStack) -> None:
    """Configure as an application does, with nobody to send to, until the stack unwinds."""
    import telemetry

    runtime = telemetry.configure(SERVICE, environment=ENVIRONMENT)
    stack.callback(_check, runtime)
    stack.enter_context(runtime)


def handing_over(stack: ExitStack, *, encode: bool = False) -> TelemetryDispatcher:
    """Start a runtime that hands finished spans to a sink that drops them, or makes requests of OTLP of them first."""
    from telemetry.config import read_settings
    from telemetry.runtime import TelemetryDispatcher, install

    settings = read_settings(service_name=SERVICE, environment=ENVIRONMENT)
    runtime = TelemetryDispatcher(settings, sinks=(_sink(encode=encode),))
    install(runtime)
    stack.callback(_close, runtime)
    return runtime.start()


def _close(runtime: TelemetryDispatcher) -> None:
    from telemetry.runtime import install

    install(None)
    runtime.shutdown()
    _check(runtime)


def _check(runtime: TelemetryDispatcher) -> None:
    """Refuse a run in which something was dropped or left out: it did less than the work that is compared."""
    assert not runtime.losses(), f"the row did less than its work: {dict(runtime.losses())}"


def _sink(*, encode: bool) -> _Sink:
    return _Sink(_encoder() if encode else len)


class _Sink:
    """Takes spans, does something with each batch, and drops it."""

    def __init__(self, take: Callable[[SpanBatch], object]) -> None:
        self._take = take

    def spans(self, batch: SpanBatch, /) -> None:
        self._take(batch)


def _encoder() -> Callable[[SpanBatch], object]:
    from telemetry._hotpath import protobuf
    from telemetry.export.request import trace_request
    from telemetry.signals import Scope

    resource, own = protobuf.attributes(0x0A, {"service.name": SERVICE}), Scope("telemetry")

    def encode(batch: SpanBatch) -> object:
        return trace_request(batch.chunks, resource, lambda scope: scope or own)

    return encode
