"""OpenTelemetry: a batch processor with its defaults, and the OTLP exporter over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.soak.orders import Orders
from tests.soak.recorders import INNER, OUTER, RUN


class Traced:
    """Records through a tracer of OpenTelemetry's interface."""

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer

    @contextmanager
    def outer(self) -> Iterator[int]:
        """Open a span for a block, and give its id."""
        with self._tracer.start_as_current_span(OUTER, attributes=RUN) as span:
            yield span.get_span_context().span_id

    def one(self, inside: Callable[[], object]) -> int:
        """Record one span around a call."""
        with self._tracer.start_as_current_span(INNER, attributes={"backend.name": "c-gcc"}) as span:
            inside()
        span_id: int = span.get_span_context().span_id
        return span_id


def open_recorder(orders: Orders) -> Traced:
    """Make the provider of the process."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{orders.endpoint}/v1/traces")))
    trace.set_tracer_provider(provider)
    return Traced(trace.get_tracer("soak"))
