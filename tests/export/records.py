"""Spans and log records to export: a rich one of each, and as many plain ones as a test needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telemetry._hotpath import protobuf
from telemetry.signals import LogRecord, Resource, SpanChunk, SpanEvent, SpanLink, SpanRecord

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


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of spans as a runtime hands it over, though with a chunk for each span: what is lost is lost singly."""

    records: Sequence[SpanRecord]
    chunks: Sequence[SpanChunk]

    def __len__(self) -> int:
        return len(self.records)


def chunks(*records: SpanRecord) -> Sequence[SpanChunk]:
    """Encode each of these spans as a chunk of its own."""
    return [(record.scope, 1, protobuf.spans_field(protobuf.span(record))) for record in records]


def batch(records: Sequence[SpanRecord]) -> Batch:
    """Make a batch of these spans."""
    return Batch(records, chunks(*records))


def plain_batch(count: int, *, value: str = "") -> Batch:
    """Make a batch of plain spans."""
    return batch(plain_spans(count, value=value))
