"""Carriers in and out: how the context travels in headers, messages and other mappings.

What comes in was written by somebody else: it is bounded before anything reads it, and never raises.
"""

from __future__ import annotations

from telemetry._hotpath import ambient, current_span

from .carrier import read_fields
from .routes import routes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from typing import Any

    from .carrier import Carrier, Fields


def inject(carrier: MutableMapping[str, str]) -> None:
    """Write the current trace context, and what of the baggage may leave, into `carrier`.

    Names are lower case. A `tracestate` that is in the carrier already, and belongs to another trace, does not stay
    beside our `traceparent`.
    """
    values = ambient.current()
    for each in routes().formats:
        written = each.write(values)
        if not written:
            continue
        for name in each.fields:
            if name in written:
                carrier[name] = written[name]
            elif name in carrier:
                del carrier[name]


def extract(carrier: Carrier) -> dict[str, Any]:
    """Read a context; the ambient values that come back go to `attach`.

    An invalid `traceparent` restarts the trace: the values have no current span (W3C Trace Context §4.3). A carrier
    without any leaves the current span as it is. Baggage adds to that of here and now.

    Args:
        carrier: A mapping, with names in any case, and values that are text, bytes or lists of them; or pairs of
            names and values, as ASGI and Kafka have them. What is neither is ignored.
    """
    return received(read_fields(carrier, routes().wanted))


def received(fields: Fields) -> dict[str, Any]:
    """Give the ambient values of here and now with what the fields carry."""
    outer = ambient.current()
    values = read(fields, without_span(outer))
    inherited = outer.get(ambient.span_key()) if isinstance(outer, dict) else None
    if inherited is None or fields.get("traceparent") or current_span(values) is not None:
        return values
    return ambient.holding(values, inherited)


def read(fields: Fields, values: Mapping[str, Any]) -> dict[str, Any]:
    """Have every format in use read its part of the fields."""
    for each in routes().formats:
        values = each.read(fields, values)
    return values if isinstance(values, dict) else ambient.Ambient()


def without_span(outer: Mapping[str, Any]) -> ambient.Ambient:
    """Give ambient values in which a trace starts anew, and everything else is as in `outer`."""
    values = ambient.Ambient(outer) if outer and isinstance(outer, dict) else ambient.Ambient()
    dict.pop(values, ambient.span_key(), None)
    return values
