"""Encode finished spans to OTLP, each with three attributes.

One operation is one span. Ours is encoded as it ends, into the ring: spans that have begun are ended, so the call of
`end()` and the reading of its clock count too. OpenTelemetry's encoder gets the same spans finished, 512 at a time,
which is what a batch processor sends.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from benchmarks import ours
from benchmarks.harness import Call, Case, Subject

from .stage import INPUTS

BATCH = 512
BEGUN_NS, LASTED_NS = 1_790_000_000_000_000_000, 1_500_000


def _telemetry(stack: ExitStack) -> Subject:
    import telemetry

    ours.encoding(stack)
    begun: list[Any] = []

    def prepare() -> None:
        begun[:] = [telemetry.span("codegen.lower", attributes=_attributes(index)) for index in range(BATCH)]

    def end() -> None:
        for span in begun:
            span.end()

    return Subject(end, prepare=prepare)


def _opentelemetry(_stack: ExitStack) -> Call:
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, TraceFlags

    resource, scope = Resource({"service.name": ours.SERVICE}), InstrumentationScope("telemetry")
    spans = [
        ReadableSpan(
            name="codegen.lower",
            context=SpanContext((index + 1) << 64 | 7, index + 1, is_remote=False, trace_flags=TraceFlags(1)),
            resource=resource,
            attributes=_attributes(index),
            kind=SpanKind.INTERNAL,
            instrumentation_scope=scope,
            start_time=BEGUN_NS + index,
            end_time=BEGUN_NS + index + LASTED_NS,
        )
        for index in range(BATCH)
    ]
    return lambda: encode_spans(spans).SerializeToString()


def _attributes(index: int) -> dict[str, str]:
    backend, operator, clause = INPUTS[index % len(INPUTS)]
    return {"backend.name": backend, "operator.name": operator, "clause.id": clause}


CASES = (
    Case("encode/telemetry", _telemetry, calls=BATCH, number=1),
    Case("encode/opentelemetry", _opentelemetry, calls=BATCH),
)
