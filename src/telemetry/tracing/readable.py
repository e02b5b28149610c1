"""Spans in the types of OpenTelemetry's SDK: finished as its `ReadableSpan`, open as its `Span`.

It imports the SDK, so `terms` imports it when the first processor wants to see a span.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, final

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource as SdkResource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.sdk.util import BoundedList
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags, TraceState
from opentelemetry.trace.status import Status, StatusCode

from telemetry.signals import Resource, Scope, SpanEvent, SpanLink, SpanRecord
from telemetry.version import VERSION

OWN: Final = Scope("telemetry", VERSION)
"""The scope of spans under the contracts."""


@final
class Readables:
    """Makes the SDK's types for the spans of one resource."""

    __slots__ = ("_resource", "_scopes")

    def __init__(self, resource: Resource) -> None:
        self._resource = sdk_resource(resource)
        self._scopes: dict[int, tuple[Scope, InstrumentationScope]] = {}

    def finished(self, record: SpanRecord) -> ReadableSpan:
        """Give a finished span as the SDK's own `ReadableSpan`, with the counts of what the limits dropped."""
        return self._readable(record, record.end_ns)

    def live(self, span: Any, record: Callable[[], SpanRecord], add: Callable[[str, Any], None]) -> LiveSpan:
        """Give the view of an open span: what is set on it is set on `span`, attributes by way of `add`."""
        return LiveSpan(span, lambda: self._readable(record(), getattr(span, "end_time", None)), add)

    def _readable(self, record: SpanRecord, end_ns: int | None) -> ReadableSpan:
        return ReadableSpan(
            name=record.name,
            context=_context(record.trace_id, record.span_id, record.trace_flags, record.tracestate),
            parent=_parent(record),
            resource=self._resource,
            attributes=_bounded(record.attributes, record.dropped_attributes),
            events=_listed([_event(event) for event in record.events], record.dropped_events),
            links=_listed([_link(link) for link in record.links], record.dropped_links),
            kind=SpanKind[record.kind.upper()],
            status=_status(record),
            start_time=record.start_ns,
            end_time=end_ns,
            instrumentation_scope=self._scope(record.scope or OWN),
        )

    def _scope(self, scope: Scope) -> InstrumentationScope:
        found = self._scopes.get(id(scope))
        if found is None:
            made = InstrumentationScope(scope.name, scope.version, scope.schema_url, dict(scope.attributes))
            found = self._scopes[id(scope)] = (scope, made)  # the scope is kept, so its id is not used again
        return found[1]


@final
class LiveSpan(SdkSpan):
    """An open span as processors see it; each look at it is a look at the span as it is then.

    Attributes:
        is_ending: Whether its end has been asked for.
    """

    def __init__(self, span: Any, look: Callable[[], ReadableSpan], add: Callable[[str, Any], None]) -> None:
        # The fields of the SDK's class are properties here, so its own `__init__` is not called.
        self._telemetry_span = span
        self._telemetry_look = look
        self._telemetry_add = add
        self.is_ending = False

    def _readable_span(self) -> ReadableSpan:
        return self._telemetry_look()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, context={self.context})"

    def get_span_context(self) -> SpanContext:
        """Give the ids."""
        context: SpanContext = self._telemetry_span.get_span_context()
        return context

    def is_recording(self) -> bool:
        """Say whether what is set still counts."""
        return bool(self._telemetry_span.is_recording())

    def set_attribute(self, key: str, value: Any) -> None:
        """Set one attribute."""
        if self.is_recording():
            self._telemetry_add(key, value)

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Set several attributes."""
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        """Record that something happened."""
        self._telemetry_span.add_event(name, attributes, timestamp)

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:
        """Point at another span."""
        self._telemetry_span.add_link(context, attributes)

    def update_name(self, name: str) -> None:
        """Change the name."""
        self._telemetry_span.update_name(name)

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Set the status."""
        self._telemetry_span.set_status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Add an `exception` event."""
        self._telemetry_span.record_exception(exception, attributes, timestamp, escaped)

    def end(self, end_time: int | None = None) -> None:
        """End the span, once."""
        if not self.is_ending:
            self._telemetry_span.end(end_time)

    def start(self, start_time: int | None = None, parent_context: Any = None) -> None:
        """Do nothing: it has started."""


def sdk_resource(resource: Resource) -> SdkResource:
    """Give a resource as it stands in the SDK's type: no detector runs and no default is added."""
    return SdkResource(dict(resource.attributes))


def _seen(name: str) -> property:
    return property(lambda live: getattr(live._telemetry_look(), name))


for _field in (
    "_name",
    "_context",
    "_parent",
    "_resource",
    "_attributes",
    "_events",
    "_links",
    "_kind",
    "_status",
    "_start_time",
    "_end_time",
    "_instrumentation_scope",
    "_instrumentation_info",
):
    setattr(LiveSpan, _field, _seen(_field))


def _context(trace_id: int, span_id: int, flags: int, state: str = "", *, remote: bool = False) -> SpanContext:
    read = TraceState.from_header([state]) if state else TraceState()
    return SpanContext(trace_id, span_id, is_remote=remote, trace_flags=TraceFlags(flags), trace_state=read)


def _parent(record: SpanRecord) -> SpanContext | None:
    if record.parent_span_id is None:
        return None
    return _context(record.trace_id, record.parent_span_id, record.trace_flags, remote=record.parent_is_remote)


def _bounded(attributes: Mapping[str, Any], dropped: int) -> BoundedAttributes:
    made = BoundedAttributes(attributes=attributes, immutable=True)
    made.dropped = dropped
    return made


def _listed(items: Sequence[Any], dropped: int) -> Sequence[Any]:
    made = BoundedList.from_seq(None, items)
    made.dropped = dropped
    return made


def _event(event: SpanEvent) -> Event:
    return Event(event.name, _bounded(event.attributes, event.dropped_attributes), event.time_ns)


def _link(link: SpanLink) -> Link:
    context = _context(link.trace_id, link.span_id, link.trace_flags, link.tracestate, remote=link.is_remote)
    return Link(context, _bounded(link.attributes, link.dropped_attributes))


def _status(record: SpanRecord) -> Status:
    # Only an error may have a description (OpenTelemetry, Trace API, Set Status); the SDK logs a warning otherwise.
    description = record.status_description if record.status == "error" else None
    return Status(StatusCode[record.status.upper()], description or None)
