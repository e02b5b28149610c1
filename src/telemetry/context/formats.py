"""Formats: how the context is written into fields, and read from them; here those of the W3C.

They know ambient values and fields by name, and no carrier. `headers` uses them, and `propagators` has them as
OpenTelemetry's propagators.
"""

from __future__ import annotations

from telemetry._hotpath import ambient, current_span

from .baggage import format_baggage, parse_baggage
from .customs import cleared, refuse
from .entries import entries_in, holding_entries
from .traceparent import format_traceparent, parse_traceparent
from .tracestate import parse_tracestate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    from .carrier import Fields

    Values = Mapping[str, Any]

    class Format(Protocol):
        """One way to carry a part of the context."""

        @property
        def fields(self) -> frozenset[str]:
            """The lower-case names of what it writes."""

        def write(self, values: Values) -> dict[str, str]:
            """Give the fields that carry its part of ambient values; none where there is nothing to carry."""

        def read(self, fields: Fields, values: Values) -> Values:
            """Give `values` with its part of what the fields carry; as they are where that is invalid."""


class TraceContextFormat:
    """W3C Trace Context, level 2: the current span, in `traceparent` and `tracestate`."""

    __slots__ = ()

    fields = frozenset(("traceparent", "tracestate"))

    def write(self, values: Values) -> dict[str, str]:
        """Give the fields that name the current span."""
        span = current_span(values)
        if span is None:
            return {}
        written = {"traceparent": format_traceparent(span)}
        if span.tracestate:
            written["tracestate"] = span.tracestate
        return written

    def read(self, fields: Fields, values: Values) -> Values:
        """Make the span of the fields current in `values`.

        Several `traceparent` fields are invalid, even equal ones; several `tracestate` fields are one list (§3.3.1).
        """
        headers = fields.get("traceparent", ())
        remote = parse_traceparent(headers[0]) if len(headers) == 1 else None
        if remote is None:
            return values
        if states := fields.get("tracestate"):
            remote.tracestate = parse_tracestate(",".join(states))
        return ambient.holding(values, remote)


class BaggageFormat:
    """W3C Baggage: the user's entries, in `baggage`."""

    __slots__ = ()

    fields = frozenset(("baggage",))

    def write(self, values: Values) -> dict[str, str]:
        """Give the field that carries those entries which may leave the process."""
        entries = entries_in(values)
        text = format_baggage(cleared(entries), refuse) if entries else ""
        return {"baggage": text} if text else {}

    def read(self, fields: Fields, values: Values) -> Values:
        """Add the entries of the fields to `values`; several fields are one list."""
        headers = fields.get("baggage")
        found = parse_baggage(",".join(headers)) if headers else {}
        return holding_entries(values, {**entries_in(values), **found}) if found else values
