"""Finished spans as they come from the ring: what was written is what is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.export.records import SPAN, plain_spans
from tests.hotpath.spans import EVEN, Spans

from telemetry._hotpath import Chunk, Region, Ring, protobuf
from telemetry.journal import OwnMemory, Reader
from telemetry.signals import Scope, SpanRecord
from telemetry.tracing import FinishedSpans

makers = st.integers(0, 1 << 32).map(lambda seed: Spans(Random(seed), EVEN, widest=63, linked=True))


def through_a_ring(*spans: SpanRecord) -> FinishedSpans:
    """Write spans into a ring, and take them out."""
    ring = Ring(Region(1 << 20))
    for span in spans:
        ring.put(protobuf.spans_field(protobuf.span(span)), span.trace_flags, ring.scopes.number(span.scope))
    chunks = list(chunks_of(Reader(OwnMemory(ring.region))))
    return FinishedSpans(chunks, ring.scopes.__getitem__)


def chunks_of(reader: Reader) -> Iterator[Chunk]:
    """Read everything, batch by batch."""
    cursor = 0
    while (batch := reader.batch(cursor)).chunks:
        yield from batch.chunks
        cursor = batch.cursor


@given(makers)
@settings(deadline=None)
def test_records_come_back_as_they_were(maker: Spans) -> None:
    """A record that went through the ring is the one before; types, trace flags, scope and order are too."""
    spans = maker.several(40)
    batch = through_a_ring(*spans)
    assert len(batch) == len(spans)
    # As text 1, 1.0 and True differ, and a NaN equals itself.
    assert [repr(each) for each in batch.records] == [repr(each) for each in spans]


def test_every_field_comes_back() -> None:
    """The example that the exporters are tested with, which has something in every field."""
    span = replace(SPAN, trace_flags=3, scope=Scope("library", "1.2", "https://schema", {"a": 1}))
    assert through_a_ring(span).records == [span]


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
