"""Decodes spans: OTLP as it comes from a ring or an open table, to records for who looks at them."""

from __future__ import annotations

from itertools import repeat

from . import protobuf, reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from telemetry.signals import Scope, SpanChunk, SpanEvent, SpanKind, SpanLink, SpanRecord, StatusCode

_KINDS: tuple[SpanKind, ...] = ("internal", "internal", "server", "client", "producer", "consumer")
_STATUSES: tuple[StatusCode, ...] = ("unset", "ok", "error")
_IS_REMOTE = 0x200


def decoded(chunks: Iterable[SpanChunk], flags: Iterable[int] = repeat(1)) -> list[SpanRecord]:
    """Give the spans of chunks as records; their trace flags, which OTLP does not say, are by default `sampled`."""
    each = iter(flags)
    return [_record(span, next(each), scope) for scope, _, payload in chunks for span in _decode(payload)]


def _decode(payload: bytes) -> Iterator[dict[int, list[Any]]]:
    return (_grouped(span) for _, span in reading.fields(payload))


def _record(span: dict[int, list[Any]], flags: int, scope: Scope | None) -> SpanRecord:
    """Read a span by the numbers of its fields (OTLP, `trace/v1/trace.proto`)."""
    from telemetry.signals import SpanRecord  # not for a process that only records

    attributes = reading.attributes(span.get(9, []))
    running = attributes.pop(protobuf.RUNNING_ATTRIBUTE, None)
    status = dict(reading.fields(_one(span, 15, b"")))
    return SpanRecord(
        name=_text(span, 5),
        trace_id=int.from_bytes(_one(span, 1, b""), "big"),
        span_id=int.from_bytes(_one(span, 2, b""), "big"),
        parent_span_id=int.from_bytes(span[4][0], "big") if 4 in span else None,
        start_ns=_one(span, 7, 0),
        end_ns=_one(span, 8, 0),
        attributes=attributes,
        kind=_KINDS[_one(span, 6, 0)],
        status=_STATUSES[status.get(3, 0)],
        status_description=str(status.get(2, b""), "utf-8"),
        events=tuple(map(_event, span.get(11, ()))),
        links=tuple(map(_link, span.get(13, ()))),
        trace_flags=flags,
        tracestate=_text(span, 3),
        parent_is_remote=bool(_one(span, 16, 0) & _IS_REMOTE),
        dropped_attributes=_one(span, 10, 0),
        dropped_events=_one(span, 12, 0),
        dropped_links=_one(span, 14, 0),
        running_ns=running if isinstance(running, int) else None,
        scope=scope,
    )


def _event(message: bytes) -> SpanEvent:
    from telemetry.signals import SpanEvent

    event = _grouped(message)
    return SpanEvent(_text(event, 2), _one(event, 1, 0), reading.attributes(event.get(3, [])), _one(event, 4, 0))


def _link(message: bytes) -> SpanLink:
    from telemetry.signals import SpanLink

    link = _grouped(message)
    return SpanLink(
        trace_id=int.from_bytes(_one(link, 1, b""), "big"),
        span_id=int.from_bytes(_one(link, 2, b""), "big"),
        tracestate=_text(link, 3),
        attributes=reading.attributes(link.get(4, [])),
        dropped_attributes=_one(link, 5, 0),
        is_remote=bool(_one(link, 6, 0) & _IS_REMOTE),
    )


def _grouped(message: bytes) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for number, value in reading.fields(message):
        found.setdefault(number, []).append(value)
    return found


def _one(message: dict[int, list[Any]], number: int, default: Any) -> Any:
    return message[number][0] if number in message else default


def _text(message: dict[int, list[Any]], number: int) -> str:
    return str(message[number][0], "utf-8") if number in message else ""
