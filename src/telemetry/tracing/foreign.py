"""A span that was begun through OpenTelemetry's API: it keeps its rules, and is in no contract.

To the hot path it is a trace context like any other, so spans of decorated functions nest in it and it in them. It
imports the API of OpenTelemetry, and nothing of the SDK.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from time import time_ns
from types import MappingProxyType, TracebackType
from typing import Any, Self, cast, final

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.trace import Link, SpanContext, SpanKind
from opentelemetry.trace.status import Status, StatusCode

from telemetry._hotpath import TraceContext, text, undecided
from telemetry.signals import Scope, SpanEvent, SpanLink, SpanRecord

from .redaction import Redact, shown_details
from .terms import Terms


@final
@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a span, as whoever holds the span reads it."""

    name: str
    attributes: BoundedAttributes
    timestamp: int

    @property
    def dropped_attributes(self) -> int:
        """The number of attributes that the limits dropped."""
        return self.attributes.dropped


@final
@dataclass(frozen=True, slots=True)
class Beginning:
    """What a span is begun with.

    Attributes:
        parent: None at a root.
        attributes: Those that the sampler left.
        records_exception: Whether an exception that leaves a `with` block becomes an event.
        fails_on_exception: Whether it becomes the status too.
    """

    name: str
    context: SpanContext
    parent: SpanContext | None
    kind: SpanKind
    attributes: Mapping[str, Any] | None
    links: Sequence[Link]
    start_ns: int
    records_exception: bool
    fails_on_exception: bool


@final
class ForeignSpan(TraceContext):
    """A recording span of a tracer of ours.

    What is set after its end is ignored, and so is a second end. Beyond the interface of the API's `Span` it can be
    read like a span of the SDK.

    Attributes:
        undecided: Its trace, where that was refused at its start and may still be kept.
    """

    __slots__ = (
        "_attributes",
        "_dropped_events",
        "_dropped_links",
        "_events",
        "_links",
        "_lock",
        "_terms",
        "begun",
        "end_time",
        "instrumentation_scope",
        "name",
        "status",
        "undecided",
    )

    def __init__(
        self, beginning: Beginning, scope: Scope, terms: Terms, trace: undecided.Undecided | None = None
    ) -> None:
        context = beginning.context
        state = context.trace_state.to_header() if context.trace_state else ""
        super().__init__(context.trace_id, context.span_id, int(context.trace_flags), state, is_remote=False)
        limits = terms.limits
        self.begun = beginning
        self.name = beginning.name
        self.instrumentation_scope = scope
        self.status = Status(StatusCode.UNSET)
        self.end_time: int | None = None
        self.undecided = trace
        self._terms = terms
        self._lock = Lock()
        self._attributes = self._bounded(
            beginning.attributes, limits.attribute_count, limits.attribute_value_length, immutable=False
        )
        self._events: deque[Event] = deque(maxlen=limits.event_count)
        self._links: deque[Link] = deque(maxlen=limits.link_count)
        self._dropped_events = self._dropped_links = 0
        for link in beginning.links:
            self.add_link(getattr(link, "context", None), getattr(link, "attributes", None))

    @property
    def context(self) -> SpanContext:
        """The ids."""
        return self.begun.context

    @property
    def parent(self) -> SpanContext | None:
        """The ids of the parent; None at a root."""
        return self.begun.parent

    @property
    def kind(self) -> SpanKind:
        """The kind that it was begun with."""
        return self.begun.kind

    @property
    def start_time(self) -> int:
        """When it began, in nanoseconds since the epoch."""
        return self.begun.start_ns

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes, read-only."""
        return MappingProxyType(self._attributes)

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened, oldest first."""
        return tuple(self._events)

    @property
    def links(self) -> tuple[Link, ...]:
        """The links, oldest first."""
        return tuple(self._links)

    def get_span_context(self) -> SpanContext:
        """Give the ids."""
        return self.begun.context

    def is_recording(self) -> bool:
        """Say whether what is set still counts."""
        return self.end_time is None

    def set_attribute(self, key: str, value: Any) -> None:
        """Set one attribute, in place of an older one of that name."""
        with self._lock:
            if self.end_time is None:
                self._attributes[key] = value

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Set several attributes."""
        with self._lock:
            if self.end_time is None and attributes:
                try:
                    # Names that are no strings become some, and are dropped one by one: that is how the SDK has it.
                    getattr(self._attributes, "_set_items", self._attributes.update)(attributes)
                except Exception as error:  # noqa: BLE001 -- attributes are what the user gave
                    self._terms.count("attribute_refused", f"{text(self.name)}: {type(error).__name__}: {text(error)}")

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        """Record that something happened; `timestamp` is nanoseconds since the epoch, by default now."""
        limits = self._terms.limits
        kept = self._bounded(attributes, limits.event_attribute_count, limits.detail_value_length)
        with self._lock:
            if self.end_time is None:
                self._dropped_events += len(self._events) == self._events.maxlen
                self._events.append(Event(text(name), kept, time_ns() if timestamp is None else int(timestamp)))

    def add_link(self, context: SpanContext | None, attributes: Any = None) -> None:
        """Point at another span; a context that says nothing is no link."""
        with self._lock:
            if self.end_time is None and context and (context.is_valid or attributes or context.trace_state):
                self._append_link(context, attributes)

    def update_name(self, name: str) -> None:
        """Change the name."""
        with self._lock:
            if self.end_time is None:
                self.name = name

    def set_status(self, status: Any, description: str | None = None) -> None:
        """Set the status: Ok is final, Unset is ignored (OpenTelemetry, Trace API, Set Status)."""
        if isinstance(status, StatusCode):
            status = Status(status, description)
        if not isinstance(status, Status) or status.status_code is StatusCode.UNSET:
            return
        with self._lock:
            if self.end_time is None and self.status.status_code is not StatusCode.OK:
                self.status = status

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Add an `exception` event (OpenTelemetry, semantic conventions, Exceptions on spans)."""
        kind = type(exception)
        is_plain = kind.__module__ in ("builtins", None, "")
        details: dict[str, Any] = {
            "exception.type": kind.__qualname__ if is_plain else f"{kind.__module__}.{kind.__qualname__}",
            "exception.message": _message(exception),
            "exception.stacktrace": "".join(traceback.format_exception(exception)),
            "exception.escaped": str(escaped),
            **(attributes or {}),
        }
        self.add_event("exception", details, timestamp)

    def end(self, end_time: int | None = None) -> None:
        """End it, let the processors set what they have to, and hand its record over, once."""
        ended = time_ns() if end_time is None else int(end_time)
        if self.end_time is not None:
            return
        processors = self._terms.processors
        if processors.row:
            processors.ending(self._live())
        with self._lock:
            if self.end_time is not None:
                return
            self.end_time = ended
        record = self.record()
        if self.undecided is not None or self.trace_flags & 1:
            self._terms.take(record, self.undecided)
        if processors.row:
            processors.ended(self._terms.readables.finished(record))

    def show(self, context: Any) -> None:
        """Show it to the processors, as it has begun."""
        if self._terms.processors.row:
            self._terms.processors.started(self._live(), context)

    def record(self) -> SpanRecord:
        """Give the record, without secrets; of an open span it is what there is so far."""
        redact = self._terms.redact.beside(self._attributes)
        begun = self.begun
        return SpanRecord(
            name=redact("name", text(self.name)),
            trace_id=self.trace_id,
            span_id=self.span_id,
            parent_span_id=None if begun.parent is None else begun.parent.span_id,
            start_ns=begun.start_ns,
            end_ns=begun.start_ns if self.end_time is None else self.end_time,
            attributes=_clean(redact, self._attributes),
            kind=begun.kind.name.lower(),  # type: ignore[arg-type]  # the five names are the same
            status=self.status.status_code.name.lower(),  # type: ignore[arg-type]  # and so are the three
            status_description=redact("status", self.status.description or ""),
            events=[_event(redact, event) for event in self._events],
            links=[_link(redact, link) for link in self._links],
            trace_flags=self.trace_flags,
            tracestate=self.tracestate,
            parent_is_remote=begun.parent is not None and begun.parent.is_remote,
            dropped_attributes=self._attributes.dropped,
            dropped_events=self._dropped_events,
            dropped_links=self._dropped_links,
            scope=self.instrumentation_scope,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self.end_time is None:
            if self.begun.records_exception:
                self.record_exception(error, escaped=True)
            if self.begun.fails_on_exception:
                self.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {_message(error)}"))
        self.end()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, context={self.context})"

    def _append_link(self, context: SpanContext, attributes: Any) -> None:
        limits = self._terms.limits
        kept = self._bounded(attributes, limits.link_attribute_count, limits.detail_value_length)
        self._dropped_links += len(self._links) == self._links.maxlen
        self._links.append(Link(context, kept))

    def _bounded(
        self, attributes: Any, limit: int, longest: int | None, *, immutable: bool = True
    ) -> BoundedAttributes:
        try:
            return BoundedAttributes(limit, attributes, immutable, longest)
        except Exception as error:  # noqa: BLE001 -- attributes are what the user gave
            self._terms.count("attribute_refused", f"{text(self.name)}: {type(error).__name__}: {text(error)}")
            return BoundedAttributes(limit, None, immutable, longest)

    def _live(self) -> Any:
        return self._terms.readables.live(self, self.record, self.set_attribute)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:  # noqa: BLE001 -- `__str__` is the user's code
        return f"<{type(error).__name__} whose str() raised {type(failure).__name__}>"


def _event(redact: Redact, event: Event) -> SpanEvent:
    attributes = shown_details(partial(_without_secrets, redact), event.attributes)
    return SpanEvent(redact("event", event.name), event.timestamp, attributes, event.dropped_attributes)


def _link(redact: Redact, link: Link) -> SpanLink:
    context = link.context
    state = context.trace_state.to_header() if context.trace_state else ""
    return SpanLink(
        context.trace_id,
        context.span_id,
        int(context.trace_flags),
        state,
        _clean(redact, cast("Mapping[str, Any]", link.attributes)),
        context.is_remote,
        link.dropped_attributes,
    )


def _clean(redact: Redact, attributes: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: _without_secrets(redact, name, value) for name, value in attributes.items()}
    return {name: value for name, value in kept.items() if value is not None or attributes[name] is None}


def _without_secrets(redact: Redact, name: str, value: Any) -> Any:
    if isinstance(value, tuple):
        items = tuple(_without_secrets(redact, name, item) for item in value)
        return None if items and items != value and all(item is None for item in items) else items
    if isinstance(value, Mapping):
        shown = redact(name, value)
        return _clean(redact, value) if isinstance(shown, Mapping) else shown
    shown = redact(name, value)
    # Bytes stay bytes unless there was something in them.
    return value if isinstance(value, bytes) and shown == value.decode("utf-8", "replace") else shown
