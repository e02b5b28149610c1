"""Translate spans and log records into the OpenTelemetry SDK's own types, which its exporters take.

Nothing is sent from here, and metrics are in `points`. It imports the SDK; `courier` calls it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, final

from opentelemetry._logs import LogRecord as SdkLogRecord
from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource as SdkResource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    TraceState,
    set_span_in_context,
)
from opentelemetry.trace.status import Status, StatusCode

from telemetry._hotpath import protobuf
from telemetry.signals import Attributes, AttributeValue, LogRecord, Resource, Scope, SpanEvent, SpanLink, SpanRecord

_KINDS: Final = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_STATUSES: Final = {"unset": StatusCode.UNSET, "ok": StatusCode.OK, "error": StatusCode.ERROR}
_SEVERITIES: Final = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
_INT64: Final = range(-(1 << 63), 1 << 63)


@final
class FinishedSpan(ReadableSpan):
    """A span of ours as the SDK's exporters read it, with the counts of what the limits dropped."""

    def __init__(self, record: SpanRecord, resource: SdkResource, scope: InstrumentationScope) -> None:
        super().__init__(
            name=clean_text(record.name),
            context=_context(record.trace_id, record.span_id, record.trace_flags, record.tracestate),
            parent=_parent(record),
            resource=resource,
            attributes=_attributes(record),
            events=[_event(event) for event in record.events],
            links=[_link(link) for link in record.links],
            kind=_KINDS[record.kind],
            status=_status(record),
            start_time=record.start_ns,
            end_time=record.end_ns,
            instrumentation_scope=scope if record.scope is None else as_scope(record.scope),
        )
        self._record = record

    @property
    def dropped_attributes(self) -> int:
        """The number of attributes that the limits dropped."""
        return self._record.dropped_attributes

    @property
    def dropped_events(self) -> int:
        """The number of events that the limits dropped."""
        return self._record.dropped_events

    @property
    def dropped_links(self) -> int:
        """The number of links that the limits dropped."""
        return self._record.dropped_links


class _Event(Event):
    """An event with the count of what the limits dropped."""

    dropped = 0

    @property
    def dropped_attributes(self) -> int:
        return self.dropped


class _Link(Link):
    """A link with the count of what the limits dropped."""

    dropped = 0

    @property
    def dropped_attributes(self) -> int:
        return self.dropped


def as_log(record: LogRecord, resource: SdkResource, scope: InstrumentationScope) -> ReadableLogRecord:
    """Translate a log record: the event is its name and its body, the logger its scope."""
    event = clean_text(record.event)
    log = SdkLogRecord(
        timestamp=record.time_ns,
        observed_timestamp=record.time_ns,
        context=_log_context(record),
        severity_text=record.severity,
        severity_number=_SEVERITIES[record.severity],
        body=event,
        attributes=clean(record.fields),
        event_name=event,
    )
    own = InstrumentationScope(clean_text(record.logger)) if record.logger else scope
    return ReadableLogRecord(log, resource, own)


def as_resource(resource: Resource) -> SdkResource:
    """Translate a resource as it stands: no detector runs and no default is added."""
    return SdkResource(clean(resource.attributes))


def as_scope(scope: Scope) -> InstrumentationScope:
    """Translate a scope."""
    return InstrumentationScope(
        clean_text(scope.name), clean_text(scope.version), clean_text(scope.schema_url), clean(scope.attributes)
    )


def clean(attributes: Attributes) -> dict[str, AttributeValue]:
    """Copy attributes so that protobuf can hold them all."""
    return {clean_text(key): _clean_value(value) for key, value in attributes.items()}


def clean_text(text: str) -> str:
    """Replace what UTF-8 cannot hold, such as half of a surrogate pair out of a file name, by `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _clean_value(value: Any) -> Any:
    match value:
        case str():
            return clean_text(value)
        case tuple():
            return _clean_items(value)
        case Mapping():  # of OpenTelemetry's API only
            return clean(value)
        case int() if value not in _INT64:
            return str(value)
        case _:
            return value


def _clean_items(items: Sequence[Any]) -> tuple[Any, ...]:
    if any(isinstance(item, int) and item not in _INT64 for item in items):
        return tuple(str(item) for item in items)
    return tuple(map(_clean_value, items))


def _attributes(record: SpanRecord) -> Mapping[str, AttributeValue]:
    attributes = clean(record.attributes)
    if record.running_ns is not None:
        attributes[protobuf.RUNNING_ATTRIBUTE] = record.running_ns
    return attributes


def _context(trace_id: int, span_id: int, flags: int, tracestate: str = "", *, remote: bool = False) -> SpanContext:
    state = TraceState.from_header([tracestate]) if tracestate else TraceState()
    return SpanContext(trace_id, span_id, is_remote=remote, trace_flags=TraceFlags(flags), trace_state=state)


def _parent(record: SpanRecord) -> SpanContext | None:
    if record.parent_span_id is None:
        return None
    return _context(record.trace_id, record.parent_span_id, record.trace_flags, remote=record.parent_is_remote)


def _event(event: SpanEvent) -> Event:
    made = _Event(clean_text(event.name), clean(event.attributes), event.time_ns)
    made.dropped = event.dropped_attributes
    return made


def _link(link: SpanLink) -> Link:
    context = _context(link.trace_id, link.span_id, link.trace_flags, link.tracestate, remote=link.is_remote)
    made = _Link(context, clean(link.attributes))
    made.dropped = link.dropped_attributes
    return made


def _status(record: SpanRecord) -> Status:
    # Only an error may have a description (OpenTelemetry, Trace API, Set Status); the SDK logs a warning otherwise.
    description = clean_text(record.status_description) if record.status == "error" else None
    return Status(_STATUSES[record.status], description or None)


def _log_context(record: LogRecord) -> Context:
    span = NonRecordingSpan(_context(record.trace_id, record.span_id, record.trace_flags))
    return set_span_in_context(span, Context())
