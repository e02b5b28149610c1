"""The trace context of a span that is somewhere else: in another process, or in another SDK.

It answers to OpenTelemetry's `Span` interface as a span that does not record, without importing it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SAMPLED = 1
RANDOM = 2


class SpanBase:
    """What `opentelemetry.trace.Span` is told to recognise; `isinstance` is cached for subclasses only."""

    __slots__ = ("__weakref__",)


class TraceContext(SpanBase):
    """The ids of a span that is recorded elsewhere: a remote parent, or another SDK's span.

    Attributes:
        trace_id: 128 bits.
        span_id: 64 bits.
        trace_flags: W3C flags; bit 0 sampled, bit 1 random.
        tracestate: The header's value, as it was received.
        is_remote: Whether it came from another process.
        foreign: The span of the other SDK, where there is one.
    """

    __slots__ = ("foreign", "is_remote", "span_id", "trace_flags", "trace_id", "tracestate")

    def __init__(
        self, trace_id: int, span_id: int, trace_flags: int = SAMPLED, tracestate: str = "", *, is_remote: bool = True
    ) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.trace_flags = trace_flags
        self.tracestate = tracestate
        self.is_remote = is_remote
        self.foreign: Any = None

    def get_span_context(self) -> Any:
        """Give OpenTelemetry's `SpanContext`."""
        return opentelemetry_context(self)

    def is_recording(self) -> bool:
        """Say no: nothing can be added from here."""
        return False

    def ignore(self, *_: Any, **__: Any) -> None:
        """Take what a non-recording span takes, and drop it (Trace §Wrapping a SpanContext in a Span)."""

    def set_attribute(self, key: str, value: Any) -> None:
        """Pass an attribute on to the other SDK's span; of a remote span it is dropped."""
        if self.foreign is not None:
            self.foreign.set_attribute(key, value)

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Pass several attributes on."""
        if self.foreign is not None:
            self.foreign.set_attributes(attributes)

    add_event = add_link = update_name = set_status = record_exception = end = ignore


def adopt(foreign: Any) -> TraceContext | None:
    """See another SDK's span as a trace context; None when it is invalid."""
    try:
        context = foreign.get_span_context()
        if not context.is_valid:
            return None
        state = context.trace_state.to_header() if context.trace_state else ""
        flags, is_remote = int(context.trace_flags), context.is_remote
        seen = TraceContext(context.trace_id, context.span_id, flags, state, is_remote=is_remote)
    except Exception:  # noqa: BLE001 -- whatever lies in the context is not ours
        return None
    seen.foreign = foreign
    return seen


def opentelemetry_context(span: Any) -> Any:
    """Build OpenTelemetry's `SpanContext` of a span of ours, or of a trace context."""
    from opentelemetry.trace import SpanContext, TraceFlags, TraceState

    state = TraceState.from_header([span.tracestate]) if span.tracestate else TraceState()
    is_remote = span.is_remote if isinstance(span, TraceContext) else False
    return SpanContext(span.trace_id, span.span_id, is_remote, TraceFlags(span.trace_flags), state)
