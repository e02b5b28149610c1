"""Configure `telemetry` the way that the rows need it; like its peers it sends nothing out of the process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telemetry.runtime import TelemetryDispatcher
    from telemetry.signals import SpanRecord

SERVICE, ENVIRONMENT = "benchmarks", "development"


def recording(stack: ExitStack) -> None:
    """Configure as an application does, with nobody to send to, until the stack unwinds."""
    import telemetry

    runtime = telemetry.configure(SERVICE, environment=ENVIRONMENT)
    stack.callback(_check, runtime)
    stack.enter_context(runtime)


def handing_over(stack: ExitStack, *, encode: bool = False) -> TelemetryDispatcher:
    """Start a runtime whose finished spans become records for a sink that drops them, or encodes them to OTLP first."""
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
    """Takes records, does something with each batch, and drops it."""

    def __init__(self, take: Callable[[Sequence[SpanRecord]], object]) -> None:
        self._take = take

    def spans(self, records: Sequence[SpanRecord], /) -> None:
        self._take(records)


def _encoder() -> Callable[[Sequence[SpanRecord]], object]:
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    from telemetry.export.translation import FinishedSpan, as_resource
    from telemetry.signals import Resource

    resource, scope = as_resource(Resource({"service.name": SERVICE})), InstrumentationScope("telemetry")

    def encode(records: Sequence[SpanRecord]) -> object:
        return encode_spans([FinishedSpan(each, resource, scope) for each in records]).SerializeToString()

    return encode
