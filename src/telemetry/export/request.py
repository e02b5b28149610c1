"""Put encoded spans together to a request, OTLP's `ExportTraceServiceRequest`.

It encodes no span. `courier` calls it for each request; the worker divides chunks with it that are too large for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from telemetry._hotpath import protobuf
from telemetry.signals import Scope, SpanChunk

_RESOURCE_SPANS, _RESOURCE, _SCOPE_SPANS, _SCOPE, _SCHEMA_URL = 0x0A, 0x0A, 0x12, 0x0A, 0x1A


def trace_request(chunks: Sequence[SpanChunk], resource: bytes, scope_of: Callable[[Scope | None], Scope]) -> bytes:
    """Give the request with these spans.

    Args:
        chunks: The spans, in the order in which they leave; those of one scope need not stand together.
        resource: The content of OTLP's `Resource`.
        scope_of: Gives the scope that stands in the request; it is asked with None for our own.
    """
    payloads: dict[Scope, list[bytes]] = {}
    for scope, _, payload in chunks:
        payloads.setdefault(scope_of(scope), []).append(payload)
    scopes = (
        protobuf.message(
            _SCOPE_SPANS,
            b"".join(
                (
                    protobuf.message(_SCOPE, encoded_scope(scope)),
                    *spans,
                    protobuf.optional(_SCHEMA_URL, scope.schema_url),
                )
            ),
        )
        for scope, spans in payloads.items()
    )
    return protobuf.message(_RESOURCE_SPANS, b"".join((protobuf.message(_RESOURCE, resource), *scopes)))


def encoded_scope(scope: Scope) -> bytes:
    """Give the content of OTLP's `InstrumentationScope`."""
    named = protobuf.optional(0x0A, scope.name) + protobuf.optional(0x12, scope.version)
    return named + protobuf.attributes(0x1A, scope.attributes)


def divided(chunk: SpanChunk, most: int) -> Iterator[SpanChunk]:
    """Divide a chunk into chunks of at most so many spans."""
    scope, count, payload = chunk
    begin = 0
    while count > most:
        end = begin
        for _ in range(most):
            end = _after(payload, end)
        yield scope, most, payload[begin:end]
        begin, count = end, count - most
    yield scope, count, payload[begin:]


def _after(payload: bytes, at: int) -> int:
    """Give where a field ends: its tag takes one byte, then comes its length, seven bits a byte, then its content."""
    length = shift = 0
    while payload[at := at + 1] > 0x7F:
        length |= (payload[at] & 0x7F) << shift
        shift += 7
    return at + 1 + (length | payload[at] << shift)
