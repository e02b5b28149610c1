"""The records in the OTLP members of a bundle: where each one begins, and whether it is whole.

A member is an OTLP `TracesData` or `LogsData`: one `ResourceSpans` or `ResourceLogs` behind the other, each of them a
batch that can be sent as it is (opentelemetry-proto 1.x, `trace/v1/trace.proto`, `logs/v1/logs.proto`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from mmap import mmap
from typing import Any, Final, Literal, final

from telemetry._hotpath import protobuf, reading

Signal = Literal["spans", "logs"]

_TRACE_ID, _SPAN_ID = 16, 8
_MOST_BYTES: Final = 64 << 20
_STATUSES: Final = range(3)
_KINDS: Final = range(6)
_SEVERITIES: Final = range(25)


@final
class Malformed(ValueError):  # noqa: N818 -- what it says of a record, not what went wrong here
    """A record cannot be read.

    Attributes:
        at: Where, in bytes from the beginning of the member.
    """

    def __init__(self, at: int, problem: str) -> None:
        super().__init__(problem)
        self.at = at


@final
@dataclass(frozen=True, slots=True)
class Record:
    """A span or log record.

    Attributes:
        at: Where it begins in the member.
        span_id: The id of the span, or of the one that a log record belongs to, in hex; empty where there is none.
        time_ns: The end of a span, the time of a log record.
        values: Names and values of everything in it that somebody gave.
    """

    at: int
    span_id: str
    time_ns: int
    values: tuple[tuple[str, Any], ...]


def batches(member: bytes | mmap) -> Iterator[tuple[int, bytes]]:
    """Give each batch of a member and where it begins, ready to be sent: a whole request, in OTLP's sense.

    Raises:
        Malformed: It ends in the middle of a batch, or holds something else.
    """
    for at, number, _, end in _fields(member, 0, len(member)):
        if number != 1:
            raise Malformed(at, f"field {number} is none of OTLP data; it was changed")
        yield at, member[at:end]


def records(member: bytes | mmap, signal: Signal) -> Iterator[Record]:
    """Give each record of a member, read to its last field.

    Raises:
        Malformed: One cannot be read, or says what no record can.
    """
    for at, number, begin, end in _fields(member, 0, len(member)):
        if number != 1:
            raise Malformed(at, f"field {number} is none of OTLP data; it was changed")
        for _, _, scope_begin, scope_end in _children(member, begin, end, 2):
            for record_at, _, record_begin, record_end in _children(member, scope_begin, scope_end, 2):
                if record_end - record_begin > _MOST_BYTES:
                    raise Malformed(
                        record_at, f"a record of {record_end - record_begin} bytes, more than any ring holds"
                    )
                yield _record(member[record_begin:record_end], record_at, signal)


def resource_attributes(resource: bytes) -> tuple[tuple[str, Any], ...]:
    """Give names and values of an encoded `Resource`.

    Raises:
        ValueError: It is none.
    """
    return tuple(_pairs([value for number, value in reading.fields(resource) if number == 1]))


def sound(payload: bytes, signal: Signal) -> bytes:
    """Give the records of a chunk, put end to end, without those that cannot be read."""
    kept = []
    for at, _, begin, end in _fields(payload, 0, len(payload)):
        with suppress(Malformed):
            _record(payload[begin:end], at, signal)
            kept.append(payload[at:end])
    return b"".join(kept)


def framed(resource: bytes, scopes: Iterable[bytes]) -> bytes:
    """Put scopes with records, each a `ScopeSpans` or `ScopeLogs`, together to one batch."""
    parts = (protobuf.message(0x12, scope) for scope in scopes)
    return protobuf.message(0x0A, b"".join((protobuf.message(0x0A, resource), *parts)))


def _record(message: bytes, at: int, signal: Signal) -> Record:
    try:
        fields = _grouped(message)
        return _span(fields, at) if signal == "spans" else _log(fields, at)
    except Malformed:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise Malformed(at, f"it is no record of {signal}: {error}") from None


def _span(span: Mapping[int, list[Any]], at: int) -> Record:
    trace_id, span_id = _id(span, 1, _TRACE_ID, at, "trace id"), _id(span, 2, _SPAN_ID, at, "span id")
    if not trace_id or not span_id:
        raise Malformed(at, "a span without ids")
    _id(span, 4, _SPAN_ID, at, "parent's id")
    start, end = _one(span, 7, 0), _one(span, 8, 0)
    if not start or end < start:
        raise Malformed(at, f"a span from {start} to {end} ns, which ends before it begins")
    status = _grouped(_one(span, 15, b""))
    if _one(span, 6, 0) not in _KINDS or _one(status, 3, 0) not in _STATUSES:
        raise Malformed(at, "a kind or status that OTLP does not have")
    values = [("name", _text(span, 5)), ("tracestate", _text(span, 3)), ("status", _text(status, 2))]
    values += _pairs(span.get(9, []))
    for event in map(_grouped, span.get(11, [])):
        values += [("name", _text(event, 2)), *_pairs(event.get(3, []))]
    for link in map(_grouped, span.get(13, [])):
        _id(link, 1, _TRACE_ID, at, "link's trace id")
        _id(link, 2, _SPAN_ID, at, "link's span id")
        values += _pairs(link.get(4, []))
    return Record(at, span_id.hex(), end, tuple(values))


def _log(log: Mapping[int, list[Any]], at: int) -> Record:
    span_id = _id(log, 10, _SPAN_ID, at, "span id")
    _id(log, 9, _TRACE_ID, at, "trace id")
    if _one(log, 2, 0) not in _SEVERITIES:
        raise Malformed(at, "a severity that OTLP does not have")
    values = [("body", reading.value(_one(log, 5, b""))), ("severity", _text(log, 3)), ("event", _text(log, 12))]
    values += _pairs(log.get(6, []))
    return Record(at, span_id.hex(), _one(log, 1, 0) or _one(log, 11, 0), tuple(values))


def _pairs(messages: list[bytes]) -> list[tuple[str, Any]]:
    """Read attributes; one name may stand there twice, and neither is to escape a check."""
    found = []
    for message in messages:
        parts = _grouped(message)
        found.append((_text(parts, 1), reading.value(_one(parts, 2, b""))))
    return found


def _id(message: Mapping[int, list[Any]], number: int, size: int, at: int, name: str) -> bytes:
    found: bytes = _one(message, number, b"")
    if len(found) not in (0, size) or (found and not any(found)):
        raise Malformed(at, f"its {name} has {len(found)} bytes, or only zeros; it must have {size}")
    return found


def _grouped(message: bytes) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for number, value in reading.fields(message):
        found.setdefault(number, []).append(value)
    return found


def _one(message: Mapping[int, list[Any]], number: int, default: Any) -> Any:
    found = message[number][-1] if number in message else default
    if type(found) is not type(default):
        raise ValueError(f"field {number} is of another type")
    return found


def _text(message: Mapping[int, list[Any]], number: int) -> str:
    return str(_one(message, number, b""), "utf-8")


def _children(data: bytes | mmap, begin: int, end: int, number: int) -> Iterator[tuple[int, int, int, int]]:
    return (each for each in _fields(data, begin, end) if each[1] == number)


def _fields(data: bytes | mmap, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Give (where it begins, number, begin and end of the content) of the fields with a length, which all here are."""
    while at < end:
        tag, after = _varint(data, at, end)
        length, begin = _varint(data, after, end)
        if tag & 7 != 2 or begin + length > end:
            raise Malformed(at, f"field {tag >> 3} ends beyond what it is in, or has no length; it was damaged")
        yield at, tag >> 3, begin, begin + length
        at = begin + length


def _varint(data: bytes | mmap, at: int, end: int) -> tuple[int, int]:
    number = shift = 0
    for place in range(at, min(end, at + 10)):
        number |= (data[place] & 0x7F) << shift
        if data[place] < 0x80:
            return number, place + 1
        shift += 7
    raise Malformed(at, "a number that does not end")
