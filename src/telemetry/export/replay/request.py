"""What a replay sends: the requests of a bundle, the same ones in the same order each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, final

from telemetry._hotpath import protobuf, reading
from telemetry.export.encoder import FamiliesEncoder
from telemetry.signals import Family

from .families import Recorded
from .source import BundleContents, ProcessRecords, processes

Signal = Literal["traces", "metrics", "logs"]

MOST_BYTES: Final = 500 * 1024
MOST_RECORDS: Final = 512
_MOST_SERIES: Final = 200
_MEMBERS: Final[tuple[tuple[str, Signal], ...]] = (
    ("spans.otlp", "traces"),
    ("recovered.otlp", "traces"),
    ("logs.otlp", "logs"),
)


@final
@dataclass(frozen=True, slots=True)
class Request:
    """A request as OTLP has it.

    Attributes:
        body: An `ExportTraceServiceRequest`, or that of its signal.
        records: The number of spans, log records or metrics in it.
    """

    signal: Signal
    body: bytes
    records: int


def requests(bundle: BundleContents) -> Iterator[Request]:
    """Give the requests of all processes: of each its spans, its log records, and the last state of its metrics."""
    for process in processes(bundle):
        for member, signal in _MEMBERS:
            yield from _gathered(process, member, signal)
        yield from metric_requests(process)


def halved(request: Request) -> tuple[Request, ...]:
    """Divide a request in two, for an endpoint to which it is too large; one of a single record stays as it is.

    The three signals number their fields alike: 1 resource and 2 scopes of a batch, 1 scope, 2 records, 3 schema URL
    of a scope (opentelemetry-proto 1.x).
    """
    batches = [batch for number, batch in reading.fields(request.body) if number == 1]
    if len(batches) > 1:
        return _two(request.signal, [protobuf.message(0x0A, batch) for batch in batches])
    parts = list(reading.fields(batches[0]))
    resource = b"".join(protobuf.message(0x0A, value) for number, value in parts if number == 1)
    whole = [list(reading.fields(value)) for number, value in parts if number == 2]
    records = [(scope, value) for scope in whole for number, value in scope if number == 2]
    if len(records) < 2:
        return (request,)
    made = [protobuf.message(0x0A, resource + _one(scope, value)) for scope, value in records]
    return _two(request.signal, made)


def _two(signal: Signal, batches: list[bytes]) -> tuple[Request, ...]:
    middle = len(batches) // 2
    halves = (batches[:middle], batches[middle:])
    return tuple(Request(signal, b"".join(half), sum(map(_records, half))) for half in halves)


def _one(scope: list[tuple[int, Any]], record: bytes) -> bytes:
    """Give a scope with one record only, as field 2 of a batch."""
    around = b"".join(protobuf.message(number << 3 | 2, value) for number, value in scope if number in (1, 3))
    return protobuf.message(0x12, around + protobuf.message(0x12, record))


def _records(batch: bytes) -> int:
    scopes = (value for _, content in reading.fields(batch) for number, value in reading.fields(content) if number == 2)
    return sum(number == 2 for scope in scopes for number, _ in reading.fields(scope))


def _gathered(process: ProcessRecords, member: str, signal: Signal) -> Iterator[Request]:
    """Put the batches of a member together to requests; a batch that is larger than the limit goes alone."""
    body, count = b"", 0
    for batch, records in process.batches(member):
        if body and (len(body) + len(batch) > MOST_BYTES or count + records > MOST_RECORDS):
            yield Request(signal, body, count)
            body, count = b"", 0
        body, count = body + batch, count + records
    if body:
        yield Request(signal, body, count)


def metric_requests(process: ProcessRecords) -> Iterator[Request]:
    """Give the metrics of one process, divided so that no request is too large."""
    scope = dict(reading.fields(process.scope)).get(1, b"")
    group: list[Family] = []
    left = _MOST_SERIES
    for family in _slices(process.families):
        if len(family.series) > left:
            yield from _encoded(process.resource, scope, group)
            group, left = [], _MOST_SERIES
        group.append(family)
        left -= len(family.series)
    yield from _encoded(process.resource, scope, group)


def _slices(families: Sequence[Family]) -> Iterator[Family]:
    for family in families:
        for first in range(0, len(family.series), _MOST_SERIES):
            yield replace(family, series=family.series[first : first + _MOST_SERIES])


def _encoded(resource: bytes, scope: bytes, families: Sequence[Family]) -> Iterator[Request]:
    body = FamiliesEncoder(Recorded(families), resource, scope).encode_metrics() if families else b""
    if len(body) <= MOST_BYTES or sum(len(family.series) for family in families) < 2:
        if body:
            yield Request("metrics", body, len(families))
        return
    for half in _halves(families):
        yield from _encoded(resource, scope, half)


def _halves(families: Sequence[Family]) -> tuple[list[Family], list[Family]]:
    middle = (len(families) + 1) // 2
    if len(families) > 1:
        return [*families[:middle]], [*families[middle:]]
    (only,) = families
    middle = len(only.series) // 2
    return [replace(only, series=only.series[:middle])], [replace(only, series=only.series[middle:])]
