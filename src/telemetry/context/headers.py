"""Carriers: how the trace context travels in headers, environments and messages.

Keys are lower case: `traceparent`, `tracestate`, `baggage`. Baggage is OpenTelemetry's own and goes through its
propagator, which is imported only when there is baggage. What comes in was written by somebody else: it is bounded
before anything reads it, and never raises.
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

_BAGGAGE_LIMIT = 8192
"""Characters that W3C Baggage asks to pass on; what is longer is left out as a whole, as OpenTelemetry does it."""


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
    baggage = _bounded_baggage(_field(carrier, "baggage"))
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


def _bounded_baggage(header: str) -> str:
    """Give what OpenTelemetry's propagator may see of a header: ASCII members, and one blank in place of several.

    Its pattern for the white space around a comma takes time that grows with the square of a run of blanks (8000 of
    them: 150 ms), and its measure of the length raises for text that UTF-8 cannot carry.
    """
    if len(header) > _BAGGAGE_LIMIT:
        return ""
    members = ",".join(member for member in header.split(",") if member.isascii() and "=" in member)
    return " ".join(filter(None, members.replace("\t", " ").split(" ")))


def _field(carrier: Mapping[str, str], name: str) -> str:
    value: object = carrier.get(name)
    if value is None:
        value = next((carrier[key] for key in carrier if isinstance(key, str) and key.lower() == name), "")
    return value if isinstance(value, str) else ""
