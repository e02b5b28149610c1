"""Carriers: how the trace context travels in headers, environments and messages.

Keys are lower case: `traceparent`, `tracestate`, `baggage`. Baggage is OpenTelemetry's own and goes through its
propagator, which is imported only when there is baggage.
"""

from __future__ import annotations

from sys import modules

from telemetry._hotpath import Span, TraceContext, ambient

from .current import current_span
from .traceparent import format_traceparent, parse_traceparent
from .tracestate import parse_tracestate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from typing import Any


def inject(carrier: MutableMapping[str, str]) -> None:
    """Write the current trace context, and baggage where there is some, into `carrier`."""
    span = current_span()
    if span is not None:
        carrier["traceparent"] = format_traceparent(span)
        if span.tracestate:
            carrier["tracestate"] = span.tracestate
    if "opentelemetry.baggage" in modules:
        from opentelemetry.baggage.propagation import W3CBaggagePropagator

        W3CBaggagePropagator().inject(carrier)


def extract(carrier: Mapping[str, str]) -> dict[str, Any]:
    """Read a trace context; the ambient values that come back go to `attach`.

    Names are found in any case, as HTTP and environments have them. What is invalid is dropped, as W3C Trace Context
    §4.3 says: without a valid `traceparent` the current span stays as it is.
    """
    values: dict[str, Any] = ambient.Ambient(ambient.current())
    remote = parse_traceparent(_field(carrier, "traceparent"))
    if remote is not None:
        remote.tracestate = parse_tracestate(_field(carrier, "tracestate"))
        values = ambient.holding(values, remote)
    baggage = _field(carrier, "baggage")
    if baggage:
        from opentelemetry.baggage.propagation import W3CBaggagePropagator

        return W3CBaggagePropagator().extract({"baggage": baggage}, context=values)  # type: ignore[arg-type]
    return values


def describe(span: Span | TraceContext) -> dict[str, str]:
    """Give the ids of a span as the hex text that log lines carry."""
    return {
        "trace_id": f"{span.trace_id:032x}",
        "span_id": f"{span.span_id:016x}",
        "trace_flags": f"{span.trace_flags:02x}",
    }


def _field(carrier: Mapping[str, str], name: str) -> str:
    value: object = carrier.get(name)
    if value is None:
        value = next((carrier[key] for key in carrier if isinstance(key, str) and key.lower() == name), "")
    return value if isinstance(value, str) else ""
