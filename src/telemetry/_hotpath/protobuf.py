"""Protocol buffers as OTLP uses them: the few wire types, values, whole spans and log records.

Bytes equal those of the official encoder: fields in the order of their numbers, defaults left out but where that one
writes them. Sources: the Protocol Buffers encoding guide; OTLP 1.x, `common/v1/common.proto`, `trace/v1/trace.proto`,
`logs/v1/logs.proto`.
"""

from __future__ import annotations

from _collections_abc import Mapping
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from telemetry.signals import LogRecord, Scope, SpanEvent, SpanLink, SpanRecord

_FIXED64 = Struct("<Q").pack
_FIXED32 = Struct("<I").pack
_DOUBLE = Struct("<d").pack
_MASK = (1 << 64) - 1
_INT64 = 1 << 63

KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
STATUSES = {"unset": 0, "ok": 1, "error": 2}
SEVERITIES = {"debug": 5, "info": 9, "warning": 13, "error": 17, "critical": 21}
ATTRIBUTE = 0x4A
"""The tag of an attribute of a span, field 9."""
RUNNING_ATTRIBUTE = "telemetry.running_ns"
"""The attribute that carries a generator's running time; its total time is end minus start."""

FLAGS = b"\x85\x01\x00\x01\x00\x00"
"""Field 16: whether the parent is remote is known, and it is not (SpanFlags, bits 8 and 9)."""
REMOTE_FLAGS = b"\x85\x01\x00\x03\x00\x00"
UNSET = b"\x7a\x00"
"""Field 15: a status that says nothing; the official encoder writes it too."""


def varint(number: int) -> bytes:
    """Write a number of up to 64 bits, seven at a time, the lowest first."""
    if number < 0x80:
        return bytes((number,))
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def utf8(text: str) -> bytes:
    """Encode text; what UTF-8 cannot hold, such as half of a surrogate pair out of a file name, becomes `?`."""
    return text.encode("utf-8", "replace")


def message(tag: int, content: bytes) -> bytes:
    """Write a field with a length: text, bytes, or a message; `tag` is its first byte."""
    return b"%c%b%b" % (tag, varint(len(content)), content)


def optional(tag: int, text: str) -> bytes:
    """Write a field of text that is left out where it is empty."""
    return message(tag, utf8(text)) if text else b""


def value(given: Any) -> bytes:  # noqa: PLR0911 -- one return a type
    """Write the content of an `AnyValue`; an integer beyond 64 bits becomes text."""
    if isinstance(given, bool):
        return b"\x10\x01" if given else b"\x10\x00"
    if isinstance(given, str):
        return message(0x0A, utf8(given))
    if isinstance(given, int):
        return value(str(given)) if _is_beyond(given) else b"\x18" + varint(given & _MASK)
    if isinstance(given, float):
        return b"\x21" + _DOUBLE(given)
    if isinstance(given, bytes):
        return message(0x3A, given)
    if given is None:
        return b""
    if isinstance(given, Mapping):
        return message(0x32, attributes(0x0A, {str(name): each for name, each in given.items()}))
    items = map(str, given) if any(map(_is_beyond, given)) else given  # all of one type, as they were
    return message(0x2A, b"".join(message(0x0A, value(item)) for item in items))


def attribute(tag: int, name: str, given: Any) -> bytes:
    """Write one `KeyValue` as a field with this tag."""
    return message(tag, optional(0x0A, name) + message(0x12, value(given)))


def attributes(tag: int, given: Mapping[str, Any]) -> bytes:
    """Write several attributes."""
    return b"".join(attribute(tag, name, each) for name, each in given.items())


def head(name: str, kind: str) -> bytes:
    """Write fields 5 and 6 of a span: its name and kind."""
    return optional(0x2A, name) + b"\x30%c" % KINDS[kind]


def field_end(payload: bytes, at: int) -> int:
    """Give where a field with a length ends that begins at a place; its tag takes one byte."""
    length = shift = 0
    while payload[at := at + 1] > 0x7F:
        length |= (payload[at] & 0x7F) << shift
        shift += 7
    return at + 1 + (length | payload[at] << shift)


def spans_field(content: bytes) -> bytes:
    """Write a span as field 2 of `ScopeSpans`, which is what a ring holds."""
    return message(0x12, content)


def span(record: SpanRecord) -> bytes:
    """Write the content of a `Span`."""
    parent = record.parent_span_id
    given = record.attributes
    if record.running_ns is not None:
        given = {**given, RUNNING_ATTRIBUTE: record.running_ns}
    return b"".join(
        (
            b"\x0a\x10",
            record.trace_id.to_bytes(16, "big"),
            b"\x12\x08",
            record.span_id.to_bytes(8, "big"),
            optional(0x1A, record.tracestate),
            b"" if parent is None else b"\x22\x08" + parent.to_bytes(8, "big"),
            head(record.name, record.kind),
            _time(0x39, record.start_ns),
            _time(0x41, record.end_ns),
            attributes(ATTRIBUTE, given),
            _number(0x50, record.dropped_attributes),
            b"".join(map(_event, record.events)),
            _number(0x60, record.dropped_events),
            b"".join(map(_link, record.links)),
            _number(0x70, record.dropped_links),
            status(record.status, record.status_description),
            REMOTE_FLAGS if record.parent_is_remote else FLAGS,
        )
    )


def log_record(record: LogRecord) -> bytes:
    """Write a log record as field 2 of `ScopeLogs`, which is what a ring holds; the event is its name and its body."""
    event = utf8(record.event)
    return message(
        0x12,
        b"".join(
            (
                _time(0x09, record.time_ns),
                b"\x10%c" % SEVERITIES[record.severity],
                optional(0x1A, record.severity),
                message(0x2A, message(0x0A, event)),
                attributes(0x32, record.fields if all(map(str.isascii, record.fields)) else _distinct(record.fields)),
                b"\x45" + _FIXED32(record.trace_flags) if record.trace_flags else b"",
                b"\x4a\x10" + record.trace_id.to_bytes(16, "big") if record.trace_id else b"",
                b"\x52\x08" + record.span_id.to_bytes(8, "big") if record.span_id else b"",
                _time(0x59, record.time_ns),
                message(0x62, event) if event else b"",
            )
        ),
    )


def scope(given: Scope) -> bytes:
    """Write the content of `InstrumentationScope`."""
    return optional(0x0A, given.name) + optional(0x12, given.version) + attributes(0x1A, given.attributes)


def status(code: str, description: str = "") -> bytes:
    """Write field 15 of a span."""
    return message(0x7A, optional(0x12, description) + _number(0x18, STATUSES[code]))


def _number(tag: int, number: int) -> bytes:
    return b"%c%b" % (tag, varint(number)) if number else b""


def _time(tag: int, time_ns: int) -> bytes:
    return b"%c%b" % (tag, _FIXED64(time_ns & _MASK)) if time_ns else b""


def _distinct(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give attributes under names that UTF-8 can hold, each once: the last of those that become the same counts."""
    return {str(utf8(name), "utf-8"): each for name, each in given.items()}


def _is_beyond(given: Any) -> bool:
    return isinstance(given, int) and not -_INT64 <= given < _INT64


def _event(event: SpanEvent) -> bytes:
    time, name = _time(0x09, event.time_ns), optional(0x12, event.name)
    dropped = _number(0x20, event.dropped_attributes)
    return message(0x5A, time + name + attributes(0x1A, event.attributes) + dropped)


def _link(link: SpanLink) -> bytes:
    ids = b"\x0a\x10" + link.trace_id.to_bytes(16, "big") + b"\x12\x08" + link.span_id.to_bytes(8, "big")
    state = optional(0x1A, link.tracestate)
    dropped = _number(0x28, link.dropped_attributes)
    flags = b"\x35" + _FIXED32(0x300 if link.is_remote else 0x100)
    return message(0x6A, ids + state + attributes(0x22, link.attributes) + dropped + flags)
