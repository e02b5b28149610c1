"""Put encoded spans or log records together to a request of OTLP.

It encodes no record. `wire` calls it for each request out of a journal; sinks that get spans in batches may too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from telemetry._hotpath import Chunk, protobuf
from telemetry.signals import Scope, SpanChunk

_RESOURCE_SPANS, _RESOURCE, _SCOPE_SPANS, _SCOPE, _SCHEMA_URL = 0x0A, 0x0A, 0x12, 0x0A, 0x1A


class Origin(Protocol):
    """Who recorded, as a journal has it."""

    @property
    def resource(self) -> bytes:
        """The content of OTLP's `Resource`."""

    def scope(self, number: int, /) -> bytes:
        """Give the content of `ScopeSpans`, or of `ScopeLogs`, without its records."""


def records_request(chunks: Sequence[Chunk], origin: Origin) -> bytes:
    """Give the request with these records of a journal, all of one kind.

    Requests for spans and for log records have the same numbers for all that stands around the records (OTLP 1.x,
    `trace_service.proto`, `logs_service.proto`), so that the address alone says which it is.
    """
    payloads: dict[int, list[bytes]] = {}
    for chunk in chunks:
        payloads.setdefault(chunk.scope, []).append(chunk.payload)
    scopes = (
        protobuf.message(_SCOPE_SPANS, b"".join((origin.scope(number), *records)))
        for number, records in payloads.items()
    )
    return protobuf.message(_RESOURCE_SPANS, b"".join((protobuf.message(_RESOURCE, origin.resource), *scopes)))


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
                    protobuf.message(_SCOPE, protobuf.scope(scope)),
                    *spans,
                    protobuf.optional(_SCHEMA_URL, scope.schema_url),
                )
            ),
        )
        for scope, spans in payloads.items()
    )
    return protobuf.message(_RESOURCE_SPANS, b"".join((protobuf.message(_RESOURCE, resource), *scopes)))


def divided(chunk: SpanChunk, most: int) -> Iterator[SpanChunk]:
    """Divide a chunk into chunks of at most so many spans."""
    scope, count, payload = chunk
    begin = 0
    while count > most:
        end = begin
        for _ in range(most):
            end = protobuf.field_end(payload, end)
        yield scope, most, payload[begin:end]
        begin, count = end, count - most
    yield scope, count, payload[begin:]
