"""The encoder of spans, byte for byte against OpenTelemetry's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from tests.export.records import RESOURCE, SPAN
from tests.hotpath.spans import ODD, Spans

from telemetry._hotpath import protobuf
from telemetry.export.request import divided, trace_request
from telemetry.export.translation import FinishedSpan, as_resource, clean, clean_text
from telemetry.signals import Scope, SpanChunk, SpanRecord

OWN = Scope("telemetry", "0.1.0")

PLAIN = replace(SPAN, links=())

texts = st.text(ODD, max_size=12)
makers = st.integers(0, 1 << 32).map(lambda seed: Spans(Random(seed), ODD, widest=100, linked=False))


def official_request(spans: Sequence[SpanRecord]) -> Any:
    """Encode spans with OpenTelemetry's encoder."""
    resource = as_resource(RESOURCE)
    return encode_spans([FinishedSpan(each, resource, _scope(each.scope or OWN)) for each in spans])


def _scope(scope: Scope) -> InstrumentationScope:
    return InstrumentationScope(
        clean_text(scope.name), clean_text(scope.version), clean_text(scope.schema_url), clean(scope.attributes)
    )


def official(span: SpanRecord) -> Any:
    """Encode one span with OpenTelemetry's encoder."""
    return official_request([span]).resource_spans[0].scope_spans[0].spans[0]


@given(makers)
@settings(deadline=None)
def test_spans_are_the_bytes_of_the_official_encoder(spans: Spans) -> None:
    """Whatever is in a span, its bytes are those that OpenTelemetry's encoder makes: here of 2000 spans."""
    for _ in range(20):
        span = spans.span()
        assert protobuf.span(span) == official(span).SerializeToString(), span


@given(makers)
@settings(deadline=None)
def test_requests_are_the_bytes_of_the_official_encoder(maker: Spans) -> None:
    """Spans of several scopes, mixed, make the request that OpenTelemetry's encoder makes of them."""
    spans = maker.several(12)
    assert request(chunks_of(spans)) == official_request(spans).SerializeToString()


def chunks_of(spans: Sequence[SpanRecord]) -> list[SpanChunk]:
    """Make a chunk of each span."""
    return [(each.scope, 1, protobuf.spans_field(protobuf.span(each))) for each in spans]


def request(chunks: Sequence[SpanChunk]) -> bytes:
    """Put chunks together as the exporter does."""
    resource = protobuf.attributes(0x0A, as_resource(RESOURCE).attributes)
    return trace_request(chunks, resource, lambda scope: scope or OWN)


def test_our_own_scope_and_one_of_the_same_name_are_one() -> None:
    """Spans of our surface and of a library that names the same scope stand in one list, in their order."""
    spans = [replace(PLAIN, name=name, scope=scope) for name, scope in (("a", None), ("b", Scope("x")), ("c", OWN))]
    assert request(chunks_of(spans)) == official_request(spans).SerializeToString()
    first, _ = official_request(spans).resource_spans[0].scope_spans
    assert [span.name for span in first.spans] == ["a", "c"]


@given(st.lists(st.integers(0, 300), min_size=1, max_size=20), st.integers(1, 25))
def test_chunks_are_divided_between_spans(sizes: list[int], most: int) -> None:
    """The parts of a chunk are the spans of the whole in order, each part full but the last."""
    payload = b"".join(protobuf.spans_field(bytes(size)) for size in sizes)
    parts = list(divided((OWN, len(sizes), payload), most))
    assert b"".join(part[2] for part in parts) == payload
    assert [part[1] for part in parts[:-1]] == [most] * (len(parts) - 1)
    assert sum(part[1] for part in parts) == len(sizes)
    for part, first in zip(parts, range(0, len(sizes), most), strict=True):
        assert part[2] == b"".join(protobuf.spans_field(bytes(size)) for size in sizes[first : first + most])


@pytest.mark.parametrize(
    "value", [(("a", "b"), ("c",)), ((), ((),)), ((1, 2), (True,)), b"\x00\xff", "", (), -1, 1 << 63, -(1 << 63) - 1]
)
def test_odd_values_are_those_of_the_official_encoder(value: Any) -> None:
    """Nested sequences, bytes, emptiness and integers at the edge of 64 bits are written as OpenTelemetry does."""
    record = replace(PLAIN, attributes={"value": value})
    assert protobuf.span(record) == official(record).SerializeToString()


@given(st.integers())
def test_integers_beyond_64_bits_become_text(number: int) -> None:
    """An integer arrives as the number that it is, or else as its digits; it never wraps around."""
    arrived = AnyValue.FromString(protobuf.value(number))
    fits = -(1 << 63) <= number < 1 << 63
    assert (arrived.int_value if fits else arrived.string_value) == (number if fits else str(number))


@given(st.integers(0, (1 << 64) - 1))
def test_numbers_of_any_length(number: int) -> None:
    """A varint takes a byte for seven bits, the lowest first, and all but the last have the high bit."""
    *others, last = protobuf.varint(number)
    assert all(byte > 0x7F for byte in others)
    assert sum((byte & 0x7F) << 7 * place for place, byte in enumerate([*others, last])) == number
    assert last < 0x80
    assert last or not others


@given(texts)
def test_text_is_cleaned_as_the_exporters_clean_it(text: str) -> None:
    """What UTF-8 cannot hold becomes a question mark on the wire, as it does in logs and resources."""
    assert {protobuf.utf8(text).decode(): 1} == clean({text: 1})


def test_a_link_keeps_its_tracestate() -> None:
    """OpenTelemetry's encoder leaves the vendor list of a link out, though OTLP has a field for it; ours writes it."""
    expected = official(SPAN)
    expected.links[0].trace_state = "vendor=1"
    assert SPAN.links[0].tracestate == "vendor=1"
    assert Span.FromString(protobuf.span(SPAN)) == expected
    assert protobuf.span(SPAN) == expected.SerializeToString()
