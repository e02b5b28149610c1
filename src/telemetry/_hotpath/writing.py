"""Writes a span the general way, by its record: into the ring, or aside until its trace has a verdict."""

from __future__ import annotations

from . import extent
from .protobuf import span as span_bytes
from .protobuf import spans_field
from .tracecontext import SAMPLED
from .undecided import Undecided

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from telemetry.signals import SpanRecord


def is_written(span: Any) -> bool:
    """Tell whether a span will be written: its trace is sampled, or nobody knows yet."""
    trace = span.trace
    if isinstance(trace, int) or trace.trace_flags & SAMPLED:
        return True
    return isinstance(trace, Undecided) and trace.is_recording()


def write(span: Any, record: SpanRecord | None) -> bool:
    """Write a span by its record, which may be missing; tell whether it was, as what is not sampled is only counted."""
    site, trace = span.site, span.trace
    if not is_written(span):
        site.ring.words[extent.SAMPLED_OUT] += 1
        return False
    if isinstance(trace, Undecided):
        trace.take(span.span_id, record, site.scope)
    elif record is None:
        site.ring.words[extent.TORN_COUNT] += 1
    else:
        site.ring.put(payload(record), record.trace_flags, site.scope)
    return True


def payload(record: SpanRecord) -> bytes:
    """Encode a span as the ring has it."""
    return spans_field(span_bytes(record))
