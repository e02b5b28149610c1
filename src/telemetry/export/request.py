"""Puts encoded spans together to a request: OTLP's `ExportTraceServiceRequest`, from bytes that are there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
        protobuf.message(_SCOPE_SPANS, b"".join((_scope(scope), *spans, _schema(scope))))
        for scope, spans in payloads.items()
    )
    return protobuf.message(_RESOURCE_SPANS, b"".join((protobuf.message(_RESOURCE, resource), *scopes)))


def _scope(scope: Scope) -> bytes:
    name = protobuf.message(0x0A, protobuf.utf8(scope.name)) if scope.name else b""
    version = protobuf.message(0x12, protobuf.utf8(scope.version)) if scope.version else b""
    return protobuf.message(_SCOPE, name + version + protobuf.attributes(0x1A, scope.attributes))


def _schema(scope: Scope) -> bytes:
    return protobuf.message(_SCHEMA_URL, protobuf.utf8(scope.schema_url)) if scope.schema_url else b""
