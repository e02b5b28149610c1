"""Our formats as propagators of OpenTelemetry's, for its instrumentations and for third parties.

It imports OpenTelemetry's API, so nobody here imports it before an application has loaded that. The entry points of
group `opentelemetry_propagator` name its classes: `OTEL_PROPAGATORS=telemetry_tracecontext,telemetry_baggage`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, final

from opentelemetry.context import Context, get_current
from opentelemetry.propagators.textmap import Getter, Setter, TextMapPropagator, default_getter, default_setter

from .carrier import texts_of
from .plugin import PluginFormat
from .routes import BAGGAGE, TRACE_CONTEXT, routes

if TYPE_CHECKING:
    from .formats import Format

Carrier = TypeVar("Carrier")


class FormatPropagator(TextMapPropagator):
    """One of our formats behind OpenTelemetry's interface."""

    def __init__(self, format_: Format) -> None:
        self._format = format_

    def inject(
        self, carrier: Carrier, context: Context | None = None, setter: Setter[Carrier] = default_setter
    ) -> None:
        """Write the context, by default the current one, into a carrier."""
        for name, text in self._format.write(get_current() if context is None else context).items():
            setter.set(carrier, name, text)

    def extract(
        self, carrier: Carrier, context: Context | None = None, getter: Getter[Carrier] = default_getter
    ) -> Context:
        """Give the context, by default an empty one, with what the carrier has of this format.

        What is invalid leaves it as it is (OpenTelemetry, "Propagators API", Extract).
        """
        fields = {name: texts_of(getter.get(carrier, name)) for name in self._format.fields}
        return _context(self._format.read(fields, Context() if context is None else context))

    @property
    def fields(self) -> set[str]:
        """The names of the fields that `inject` sets."""
        return set(self._format.fields)


@final
class TraceContextPropagator(FormatPropagator):
    """W3C Trace Context, level 2.

    >>> carrier = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    >>> sent = {}
    >>> TraceContextPropagator().inject(sent, TraceContextPropagator().extract(carrier))
    >>> sent == carrier
    True
    """

    def __init__(self) -> None:
        super().__init__(TRACE_CONTEXT)


@final
class BaggagePropagator(FormatPropagator):
    """W3C Baggage, of which only what `baggage_keys` names leaves the process."""

    def __init__(self) -> None:
        super().__init__(BAGGAGE)


@final
class RoutesPropagator(TextMapPropagator):
    """What the settings chose, at each call: the runtime makes it OpenTelemetry's global propagator."""

    def inject(
        self, carrier: Carrier, context: Context | None = None, setter: Setter[Carrier] = default_setter
    ) -> None:
        """Write the context, by default the current one, into a carrier, in all formats in use."""
        for each in _propagators():
            each.inject(carrier, context, setter)

    def extract(
        self, carrier: Carrier, context: Context | None = None, getter: Getter[Carrier] = default_getter
    ) -> Context:
        """Give the context, by default an empty one, with what the carrier has, in all formats in use."""
        found = Context() if context is None else context
        for each in _propagators():
            found = each.extract(carrier, found, getter)
        return found

    @property
    def fields(self) -> set[str]:
        """The names of the fields that `inject` sets."""
        return set().union(*(each.fields for each in _propagators()))


def _propagators() -> list[TextMapPropagator]:
    return [each.propagator if isinstance(each, PluginFormat) else FormatPropagator(each) for each in routes().formats]


def _context(values: Mapping[str, Any]) -> Context:
    return values if isinstance(values, Context) else Context(values)
