"""Recover what a process left when it died: its finished spans, and the open ones, closed.

It sends and writes nothing: shippers, the gateway and the command line do, with what this gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, final

from telemetry._hotpath import Chunk, extent, protobuf, reading
from telemetry.signals import SpanRecord

from .opened import OpenSpan
from .reader import Reader

RECOVERED: Final = "telemetry.recovered"
DIED: Final = "process_died"
LEFT_OPEN: Final = "left_open"
"""`error.type` of spans that were open when their process ended in order: nobody ended them."""

_TIMES: Final = {extent.SPAN: 8, extent.LOG: 1}
"""The field with the time of the latest sign: the end of a `Span`, the time of a `LogRecord`."""


@final
@dataclass(frozen=True, slots=True)
class Stage:
    """A span that was open, with nothing open inside of it: what the process was at when it died.

    Attributes:
        record: The span, closed.
        path: The names of the open spans around it, the outermost first, its own at the end.
        function: The function that recorded it, and its file and line; empty and 0 for a span of no function.
    """

    record: SpanRecord
    path: tuple[str, ...]
    function: str = ""
    file: str = ""
    line: int = 0


@final
@dataclass(frozen=True, slots=True)
class Recovery:
    """What was left in one journal.

    Attributes:
        finished: Records from the shipper's cursor on.
        closed: The spans that were open, closed, and those that were undecided, which are kept; empty where somebody
            has shipped them already.
        stages: Where the run died, the stage that began last first.
        last_ns: The last sign of life, since the epoch; 0 where there was none.
        torn: Records that were not written to their end.
        corrupt: Records that were damaged.
    """

    finished: tuple[Chunk, ...]
    closed: tuple[Chunk, ...]
    stages: tuple[Stage, ...]
    last_ns: int
    torn: int
    corrupt: int


def recover(reader: Reader) -> Recovery:
    """Give what the journal of a process that runs no more still holds; the journal stays as it is."""
    finished, torn, corrupt = _rest(reader)
    opened = reader.opened()
    last_ns = last_sign_ns(reader, opened)
    spans = [replace(each, record=_closed(each.record, last_ns, reader)) for each in opened]
    is_shipped = bool(reader.memory.word(extent.SPANS_CLOSED))
    undecided = [Chunk(extent.SPAN, each.scope, bytes((each.flags,)), each.payload) for each in reader.undecided()]
    return Recovery(
        finished=finished,
        closed=() if is_shipped else (*undecided, *map(_chunk, spans)),
        stages=tuple(_stages(spans, reader.sites())),
        last_ns=last_ns,
        torn=torn,
        corrupt=corrupt,
    )


def closed_spans(reader: Reader) -> list[SpanRecord]:
    """Give the spans that were open when the process died, closed; the oldest first."""
    opened = reader.opened()
    last_ns = last_sign_ns(reader, opened)
    return [_closed(each.record, last_ns, reader) for each in opened]


def last_sign_ns(reader: Reader, opened: Sequence[OpenSpan]) -> int:
    """Give the last sign of life: the latest end of a span, start of an open one, or time of a log record."""
    ended = (each.record.end_ns for each in reader.undecided())
    return max([_last_record_ns(reader), *ended, *(each.record.start_ns for each in opened)])


def _closed(record: SpanRecord, last_ns: int, reader: Reader) -> SpanRecord:
    """Close an open span as failed, with what it had captured."""
    error_type = LEFT_OPEN if reader.has_ended else DIED
    attributes = {**record.attributes, RECOVERED: True, "error.type": error_type}
    return replace(record, end_ns=max(last_ns, record.start_ns), status="error", attributes=attributes)


def _rest(reader: Reader) -> tuple[tuple[Chunk, ...], int, int]:
    chunks: list[Chunk] = []
    torn = corrupt = 0
    for batch in reader.rest():
        chunks += batch.chunks
        torn, corrupt = torn + batch.torn, corrupt + batch.corrupt
    return tuple(chunks), torn, corrupt


def _last_record_ns(reader: Reader) -> int:
    """Give the latest time that a record of the newest segments says: records stand in the order of their ends."""
    return max((time_ns for chunk in reader.latest() for time_ns in _times(chunk)), default=0)


def _times(chunk: Chunk) -> Iterator[int]:
    wanted = _TIMES[chunk.kind]
    try:
        for _, content in reading.fields(chunk.payload):
            yield from (value for number, value in reading.fields(content) if number == wanted)
    except ValueError:
        return


def _chunk(span: OpenSpan) -> Chunk:
    payload = protobuf.spans_field(protobuf.span(span.record))
    return Chunk(extent.SPAN, span.scope, bytes((span.record.trace_flags,)), payload)


def _stages(spans: Sequence[OpenSpan], sites: Mapping[int, Mapping[str, Any]]) -> Iterator[Stage]:
    records = {each.record.span_id: each.record for each in spans}
    around = {each.record.parent_span_id for each in spans}
    for span in sorted(spans, key=_started, reverse=True):
        if span.record.span_id not in around:
            yield Stage(span.record, _path(span.record, records), *_place(sites.get(span.site, {})))


def _started(span: OpenSpan) -> int:
    return span.record.start_ns


def _path(record: SpanRecord, records: Mapping[int, SpanRecord]) -> tuple[str, ...]:
    names, seen = [record.name], {record.span_id}
    while (parent := records.get(record.parent_span_id or 0)) is not None and parent.span_id not in seen:
        names.append(parent.name)
        seen.add(parent.span_id)
        record = parent
    return tuple(reversed(names))


def _place(site: Mapping[str, Any]) -> tuple[str, str, int]:
    line = site.get("line")
    return str(site.get("function", "")), str(site.get("file", "")), line if isinstance(line, int) else 0
