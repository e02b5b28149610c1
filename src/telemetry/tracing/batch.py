"""Finished spans as they come from the ring: OTLP for who sends them, records for who looks at them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

from telemetry._hotpath import RUNNING_ATTRIBUTE, Chunk
from telemetry.signals import AttributeValue, Scope, SpanChunk, SpanEvent, SpanLink, SpanRecord

_KINDS = ("internal", "internal", "server", "client", "producer", "consumer")
_STATUSES = ("unset", "ok", "error")
_IS_REMOTE = 0x200


@final
class FinishedSpans:
    """Chunks of a ring, decoded when somebody asks for records.

    Attributes:
        chunks: The spans as OTLP.
    """

    __slots__ = ("_flags", "_records", "chunks")

    def __init__(self, chunks: Sequence[Chunk], scope: Callable[[int], Any]) -> None:
        self.chunks: list[SpanChunk] = [(scope(chunk.scope), len(chunk.flags), chunk.payload) for chunk in chunks]
        self._flags = b"".join(chunk.flags for chunk in chunks)
        self._records: list[SpanRecord] | None = None

    def __len__(self) -> int:
        return len(self._flags)

    @property
    def records(self) -> list[SpanRecord]:
        """The spans, in the order of their ends."""
        if self._records is None:
            flags = iter(self._flags)
            self._records = [
                _record(span, next(flags), scope) for scope, _, payload in self.chunks for span in _decode(payload)
            ]
        return self._records


def _decode(payload: bytes) -> Sequence[Any]:
    from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans  # protobuf takes some 50 ms to import

    spans: Sequence[Any] = ScopeSpans.FromString(payload).spans
    return spans


def _record(span: Any, flags: int, scope: Scope | None) -> SpanRecord:
    attributes = _attributes(span.attributes)
    running = attributes.pop(RUNNING_ATTRIBUTE, None)
    return SpanRecord(
        name=span.name,
        trace_id=int.from_bytes(span.trace_id, "big"),
        span_id=int.from_bytes(span.span_id, "big"),
        parent_span_id=int.from_bytes(span.parent_span_id, "big") if span.parent_span_id else None,
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        attributes=attributes,
        kind=_KINDS[span.kind],  # type: ignore[arg-type]  # five of OpenTelemetry's names
        status=_STATUSES[span.status.code],  # type: ignore[arg-type]  # three of OpenTelemetry's names
        status_description=span.status.message,
        events=tuple(map(_event, span.events)),
        links=tuple(map(_link, span.links)),
        trace_flags=flags,
        tracestate=span.trace_state,
        parent_is_remote=bool(span.flags & _IS_REMOTE),
        dropped_attributes=span.dropped_attributes_count,
        dropped_events=span.dropped_events_count,
        dropped_links=span.dropped_links_count,
        running_ns=running if isinstance(running, int) else None,
        scope=scope,
    )


def _event(event: Any) -> SpanEvent:
    attributes = _attributes(event.attributes)
    return SpanEvent(event.name, event.time_unix_nano, attributes, event.dropped_attributes_count)


def _link(link: Any) -> SpanLink:
    return SpanLink(
        trace_id=int.from_bytes(link.trace_id, "big"),
        span_id=int.from_bytes(link.span_id, "big"),
        tracestate=link.trace_state,
        attributes=_attributes(link.attributes),
        dropped_attributes=link.dropped_attributes_count,
        is_remote=bool(link.flags & _IS_REMOTE),
    )


def _attributes(given: Any) -> dict[str, AttributeValue]:
    return {each.key: _value(each.value) for each in given}


def _value(given: Any) -> Any:
    kind = given.WhichOneof("value")
    if kind == "array_value":
        return tuple(_value(each) for each in given.array_value.values)
    return None if kind is None else getattr(given, kind)
