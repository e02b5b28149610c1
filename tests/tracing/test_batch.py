"""Finished spans as they come from the ring: what was written is what is read."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.export.records import SPAN, plain_spans
from tests.hotpath import strategies
from tests.hotpath.strategies import EVEN, INT64, TRACESTATES, plain

from telemetry._hotpath import Ring, protobuf
from telemetry.signals import Scope, SpanRecord
from telemetry.tracing import FinishedSpans

texts = st.text(EVEN, max_size=12)
attributes = strategies.attributes(texts, strategies.values(texts, st.integers(-INT64, INT64 - 1)))
records = strategies.records(texts, attributes, strategies.links(attributes, TRACESTATES))
scopes = strategies.scopes(texts, attributes)


def through_a_ring(*spans: SpanRecord) -> FinishedSpans:
    """Write spans into a ring, and take them out."""
    ring = Ring(1 << 16)
    for span in spans:
        ring.put(protobuf.spans_field(protobuf.span(span)), span.trace_flags, ring.scopes.number(span.scope))
    return FinishedSpans(ring.take(), ring.scopes.__getitem__)


@given(st.lists(st.tuples(records, scopes), max_size=3).map(lambda pairs: [replace(a, scope=b) for a, b in pairs]))
@settings(max_examples=300, deadline=None)
def test_records_come_back_as_they_were(given: list[SpanRecord]) -> None:
    """A record that went through the ring equals the one before, types, flags, scope and order included."""
    batch = through_a_ring(*given)
    assert len(batch) == len(given)
    assert [plain(each) for each in batch.records] == [plain(each) for each in given]


def test_every_field_comes_back() -> None:
    """The example that the exporters are tested with, which has something in every field."""
    span = replace(SPAN, trace_flags=3, scope=Scope("library", "1.2", "https://schema", {"a": 1}))
    assert through_a_ring(span).records == [replace(span)]


def test_records_are_decoded_once() -> None:
    """All sinks of a batch see the same records."""
    batch = through_a_ring(*plain_spans(3))
    assert batch.records is batch.records


def test_chunks_have_their_scope_and_number() -> None:
    """Spans that follow each other in one scope are one chunk; our own scope stands as None."""
    own, other = plain_spans(3), [replace(each, scope=Scope("library")) for each in plain_spans(2)]
    batch = through_a_ring(*own, *other)
    assert [(scope, count) for scope, count, _ in batch.chunks] == [(None, 3), (Scope("library"), 2)]
    assert b"".join(payload for _, _, payload in batch.chunks) == b"".join(
        protobuf.spans_field(protobuf.span(each)) for each in (*own, *other)
    )


def test_an_empty_batch_is_false() -> None:
    """Where nothing ended there is nothing to hand over."""
    batch = through_a_ring()
    assert not batch
    assert (batch.records, batch.chunks) == ([], [])
