"""Spans and log records to export: a rich one of each, and as many plain ones as a test needs."""

from __future__ import annotations

from collections.abc import Sequence

from telemetry._hotpath import Chunk, extent, protobuf
from telemetry.signals import LogRecord, Resource, Scope, SpanEvent, SpanLink, SpanRecord

RESOURCE = Resource({"service.name": "specc", "service.instance.id": "a1", "deployment.environment.name": "staging"})

TRACE_ID = 0x4BF92F3577B34DA6A3CE929D0E0E4736

SPAN = SpanRecord(
    name="codegen.lower",
    trace_id=TRACE_ID,
    span_id=0x00F067AA0BA902B7,
    parent_span_id=0x00F067AA0BA902B0,
    start_ns=1_700_000_000_000_000_000,
    end_ns=1_700_000_000_012_300_000,
    attributes={"backend.name": "c-gcc", "build.cache_hit": True, "nodes": 12, "share": 0.5, "outputs": ("a.o", "b.o")},
    kind="client",
    status="error",
    status_description="exit status 1",
    events=(SpanEvent("exception", 1_700_000_000_001_000_000, {"exception.type": "ToolchainError"}),),
    links=(SpanLink(0xABC, 0xDEF, 1, "vendor=1", {"why": "retry"}),),
    tracestate="vendor=opaque,other=2",
    parent_is_remote=True,
    dropped_attributes=3,
    dropped_events=2,
    dropped_links=1,
    running_ns=7_000_000,
)

LOG = LogRecord(
    time_ns=1_700_000_000_002_000_000,
    severity="warning",
    event="verify.block",
    fields={"run_id": "r-1", "attempt": 2},
    logger="pipeline.verify",
    trace_id=TRACE_ID,
    span_id=0x00F067AA0BA902B7,
    trace_flags=1,
)


def plain_spans(count: int, *, value: str = "") -> Sequence[SpanRecord]:
    """Make spans of one trace, the first being the root."""
    attributes = {"value": value} if value else {}
    return [
        SpanRecord(f"step.{number}", TRACE_ID, number, 1 if number > 1 else None, number, number + 1, attributes)
        for number in range(1, count + 1)
    ]


def chunks(*records: SpanRecord) -> Sequence[Chunk]:
    """Encode each of these spans as a chunk of its own; a scope is one of `ORIGIN`'s."""
    return [
        Chunk(extent.SPAN, ORIGIN.number(each.scope), b"\x01", protobuf.spans_field(protobuf.span(each)))
        for each in records
    ]


def log_chunks(*records: LogRecord) -> Sequence[Chunk]:
    """Encode each of these log records as a chunk of its own."""
    return [
        Chunk(extent.LOG, ORIGIN.number(Scope(each.logger) if each.logger else None), b"\0", protobuf.log_record(each))
        for each in records
    ]


class Origin:
    """Who recorded, as a journal says it: the resource, and scopes that get their numbers as they come."""

    def __init__(self, resource: Resource) -> None:
        self.resource = protobuf.attributes(0x0A, resource.attributes)
        self._scopes = [Scope("telemetry", "0.1.0")]

    def number(self, scope: Scope | None) -> int:
        """Give the number of a scope; 0 is our own."""
        if scope is None:
            return 0
        if scope not in self._scopes:
            self._scopes.append(scope)
        return self._scopes.index(scope)

    def scope(self, number: int) -> bytes:
        """Give a scope as it stands in a request."""
        scope = self._scopes[number]
        return protobuf.message(0x0A, protobuf.scope(scope)) + protobuf.optional(0x1A, scope.schema_url)


ORIGIN = Origin(RESOURCE)
