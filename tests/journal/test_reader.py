"""What a reader gets out of a journal: records in order, each once, while it is written, used again, and damaged."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.journal.written import BOOT, START_NS, TRACE, Journal, log_payload, payload, record

from telemetry._hotpath import decoded, extent, layout, protobuf
from telemetry.journal.batches import Batch
from telemetry.journal.memory import OwnMemory
from telemetry.journal.reader import Reader, open_journal


@pytest.fixture
def reader(journal: Journal) -> Iterator[Reader]:
    """A reader of it."""
    with open_journal(journal.path) as reader:
        yield reader


def spans(batch: Batch) -> list[int]:
    """Give the ids of the spans in a batch."""
    chunks = [(None, len(each.flags), each.payload) for each in batch.chunks if each.kind == extent.SPAN]
    return [span.span_id for span in decoded(chunks)]


def drained(reader: Reader, cursor: int = 0, **options: int) -> tuple[list[int], int]:
    """Read all that is there as a shipper would; give the ids, and the cursor at the end."""
    found: list[int] = []
    while (batch := reader.batch(cursor, **options)).chunks:  # type: ignore[arg-type]
        found += spans(batch)
        cursor = batch.cursor
    return found, batch.cursor


def test_identity(reader: Reader) -> None:
    """A journal says which process it is of, on which boot of the host, and what it locks."""
    who = reader.identity
    assert (who.pid, who.started_ticks, who.boot_id) == (4711, 99, BOOT)
    assert (who.created_ns, who.key, who.parent_key) == (START_NS, 1000, 0)


def test_spans_come_in_order(journal: Journal, reader: Reader) -> None:
    """Every finished span comes once, oldest first, over the borders of segments."""
    journal.spans(range(1, 120))
    assert drained(reader)[0] == list(range(1, 120))


def test_reading_goes_on_where_it_stopped(journal: Journal, reader: Reader) -> None:
    """A cursor leads to what was written after it, in the same segment and in later ones."""
    seen, cursor = [], 0
    for start in range(1, 400, 7):
        journal.spans(range(start, start + 7))
        found, cursor = drained(reader, cursor)
        seen += found
    assert seen == list(range(1, 400))


def test_batches_are_bounded(journal: Journal, reader: Reader) -> None:
    """No batch has more records or bytes than was asked for."""
    journal.spans(range(1, 41))
    assert spans(reader.batch(0, most=7)) == [1, 2, 3, 4, 5, 6, 7]
    size = extent.room(len(payload(record(1)))) * 5
    assert spans(reader.batch(0, size=size)) == [1, 2, 3, 4, 5]
    assert drained(reader, most=7)[0] == list(range(1, 41))


def test_a_large_record_comes_alone(journal: Journal, reader: Reader) -> None:
    """A span that is larger than a segment has one of its own, and is read whole, whatever the bound."""
    journal.spans([1])
    journal.span(record(2, text="x" * 6000))
    journal.spans([3])
    assert drained(reader)[0] == [1, 2, 3]
    assert reader.batch(reader.batch(0).cursor, size=1).chunks[0].payload == payload(record(2, text="x" * 6000))


def test_headers_are_not_looked_for_inside_large_segments(journal: Journal, reader: Reader) -> None:
    """What would be the header of a segment is the middle of a large record where sizes say so."""
    forged = (99).to_bytes(8, "little") + bytes(8) + (4096).to_bytes(8, "little")
    data = protobuf.message(0x12, forged * 300)
    journal.put(data)
    journal.spans([3])
    journal.turn()
    journal.spans([4])
    batch = reader.batch(0)
    assert [chunk.payload for chunk in batch.chunks] == [data + payload(record(3))]
    assert drained(reader, batch.cursor)[0] == [4]


def test_kinds_scopes_and_flags(journal: Journal, reader: Reader) -> None:
    """Chunks part where the scope or the kind changes, and keep the flags of each record."""
    for scope, flags in ((0, 1), (0, 3), (7, 1)):
        journal.span(record(scope + flags), scope=scope, flags=flags)
    journal.put(log_payload("a"), state=extent.LOG, scope=7)
    found = [(each.kind, each.scope, each.flags) for each in reader.batch(0).chunks]
    assert found == [(extent.SPAN, 0, b"\1\3"), (extent.SPAN, 7, b"\1"), (extent.LOG, 7, b"\1")]
    assert reader.pending() == (3, 1)


def test_pending_counts_from_the_cursor(journal: Journal, reader: Reader) -> None:
    """Pending is what lies from the shipper's cursor on, in all segments, and counting changes nothing."""
    journal.spans(range(1, 121))
    assert reader.pending() == (120, 0)
    reader.memory.put(extent.CURSOR, reader.batch(0, most=50).cursor)
    reader.release()
    before = journal.path.read_bytes()
    assert reader.pending() == (70, 0)
    assert journal.path.read_bytes() == before


def test_a_used_ring_is_read_by_generation(journal: Journal, reader: Reader) -> None:
    """Places say nothing about age: with the ring used again, the oldest generation comes first."""
    journal.spans(range(1, 181))
    numbers = drained(reader)[0]
    place = reader._segments.all()[0].place
    journal.turn(place=place)
    journal.spans([900, 901])
    kept = drained(reader)[0]
    assert kept[-2:] == [900, 901]
    assert kept[:-2] == numbers[-len(kept) + 2 :]
    assert len(kept) < len(numbers)


def test_a_cursor_into_what_is_gone_goes_on_with_the_oldest(journal: Journal, reader: Reader) -> None:
    """What was overwritten is skipped, as its writer counted it, and all that is there comes."""
    journal.spans(range(1, 181))
    cursor = reader.batch(0, most=3, claim=False).cursor
    journal.turn(place=journal.ring_at)
    journal.spans([900])
    found = drained(reader, cursor)[0]
    assert found == drained(reader, 0)[0]
    assert 4 not in found
    assert found[-1] == 900


def test_a_cursor_from_nowhere_begins_again(journal: Journal, reader: Reader) -> None:
    """A cursor that no writing can have led to, or that points into the middle of a record, loses nothing behind it."""
    journal.spans(range(1, 20))
    assert drained(reader, extent.cursor(77, 4096))[0] == list(range(1, 20))
    assert drained(reader, extent.cursor(1, 4096 * 4096))[0] == list(range(1, 20))
    assert drained(reader, extent.cursor(1, extent.SEGMENT_HEADER_BYTES + 8))[0] == list(range(2, 20))


def test_a_free_segment_is_none(journal: Journal, reader: Reader) -> None:
    """While a segment is emptied to be used again its generation is zero, and nobody reads it."""
    journal.spans(range(1, 60))
    journal.write(journal.ring_at, bytes(8))
    found = drained(reader)[0]
    assert found
    assert found == list(range(found[0], 60))
    assert found[0] > 1


def test_an_open_record_holds_up_what_is_behind(journal: Journal, reader: Reader) -> None:
    """A record that a thread still writes is never passed while the process may finish it, and then comes in order."""
    journal.spans([1])
    data = payload(record(2))
    at = journal.open_record(len(data))
    journal.spans([3])
    batch = reader.batch(0)
    assert spans(batch) == [1]
    assert reader.batch(batch.cursor) == Batch((), batch.cursor)
    journal.head = at - journal.place
    journal.put(data)
    assert drained(reader, batch.cursor)[0] == [2, 3]


def test_an_open_record_of_the_dead_is_torn(journal: Journal, reader: Reader) -> None:
    """Where nobody finishes it any more, an open record is stepped over at once, and counted once."""
    journal.spans([1])
    journal.open_record(100)
    journal.spans([3])
    first = reader.batch(0, last=True)
    second = reader.batch(first.cursor, last=True)
    assert (spans(first), spans(second)) == ([1], [3])
    assert (first.torn, second.torn, second.corrupt) == (0, 1, 0)


def test_a_hole_in_a_full_segment_is_given_up(journal: Journal, reader: Reader) -> None:
    """A thread that was interrupted leaves an open record, which holds up a full segment for a second only."""
    journal.spans([1])
    journal.open_record(100)
    journal.spans(range(3, 80))
    cursor = reader.batch(0).cursor
    assert reader.batch(cursor).chunks == ()
    deadline = time.monotonic() + 5
    while not (batch := reader.batch(cursor)).chunks:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert batch.torn == 1
    assert spans(batch)[0] == 3


def test_a_place_without_a_word_is_a_hole(journal: Journal, reader: Reader) -> None:
    """A process that died between taking a place and writing its word leaves zeros; what follows is found."""
    journal.spans([1])
    hole = journal.span(record(2))
    journal.spans([3, 4])
    journal.write(hole, bytes(8))
    batch = reader.batch(reader.batch(0, last=True).cursor, last=True)
    assert spans(batch) == [3, 4]
    assert (batch.torn, batch.corrupt) == (1, 0)


def test_torn_records_are_stepped_over(journal: Journal, reader: Reader) -> None:
    """A record that its writer marked as torn is no span, and was counted by the writer."""
    journal.spans([1])
    torn = journal.span(record(2))
    journal.spans([3])
    journal.write(torn + 7, bytes((extent.TORN,)))
    batch = reader.batch(0)
    assert spans(batch) == [1, 3]
    assert (batch.torn, batch.corrupt) == (0, 0)


def test_the_segment_of_a_batch_is_claimed(journal: Journal, reader: Reader) -> None:
    """The process does not use a segment again while it is sent; a reader that only looks claims nothing."""
    journal.spans(range(1, 100))
    reader.batch(0, claim=False)
    assert journal.get(extent.CLAIM) == 0
    _, cursor = drained(reader)
    assert journal.get(extent.CLAIM) == 0, "an empty batch claims nothing"
    reader.batch(0)
    assert journal.get(extent.CLAIM) == 1
    reader.release()
    assert journal.get(extent.CLAIM) == 0
    with open_journal(journal.path, only_read=True) as other:
        assert other.batch(0).chunks
        assert journal.get(extent.CLAIM) == 0
        with pytest.raises(OSError, match="reading only"):
            other.memory.put(extent.CURSOR, cursor)


def test_a_writer_may_use_segments_again_meanwhile(journal: Journal, reader: Reader) -> None:
    """While the ring goes round under the reader, it gets whole records only, in order, none twice."""
    done = threading.Event()

    def write() -> None:
        for number in range(1, 4000):
            if journal.head + 200 > journal.limit and journal.generation >= 4:
                journal.turn(place=journal.ring_at + journal.generation % 4 * journal.segment)
            journal.span(record(number))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen, cursor, corrupt = [], 0, 0
    while not done.is_set():
        batch = reader.batch(cursor, most=20, claim=False)
        seen += spans(batch)
        cursor, corrupt = batch.cursor, corrupt + batch.corrupt
    thread.join()
    seen += drained(reader, cursor)[0]
    assert seen == sorted(set(seen))
    assert seen[-1] == 3999
    assert corrupt == 0


def test_notes(journal: Journal, reader: Reader) -> None:
    """Resource, scopes, sites and terms are read by their number, and those that are added later too."""
    assert (reader.resource, reader.scope(3), reader.sites(), reader.terms) == (b"", b"", {}, {})
    resource, scope = protobuf.message(0x0A, b"\x0a\x01a"), protobuf.message(0x0A, b"\x0a\x04lib1")
    journal.note(extent.NOTE_RESOURCE, resource)
    journal.note(extent.NOTE_SCOPE, scope, 3)
    journal.note(extent.NOTE_TERMS, {"service": "specc"})
    assert (reader.resource, reader.scope(3), dict(reader.terms)) == (resource, scope, {"service": "specc"})
    journal.note(extent.NOTE_SITE, {"name": "lower", "line": 3}, 9)
    journal.note(extent.NOTE_TERMS, {"service": "other"})
    assert reader.sites()[9]["line"] == 3
    assert reader.terms["service"] == "other"


def test_damaged_notes_are_as_if_absent(journal: Journal, reader: Reader) -> None:
    """What is no message, no JSON or no object is left out; notes behind it are read."""
    journal.note(extent.NOTE_SCOPE, b"\x0a\xff\xff", 1)
    journal.note(extent.NOTE_SITE, b"{", 1)
    journal.note(extent.NOTE_SITE, b"[1]", 2)
    journal.note(extent.NOTE_SITE, {"name": "kept"}, 3)
    assert reader.scope(1) == b""
    assert reader.sites() == {3: {"name": "kept"}}


def test_open_spans(journal: Journal, reader: Reader) -> None:
    """Spans that have begun and not ended come with their attributes, the oldest first, and without an end."""
    journal.begin(replace(record(20, "inner", 10, operator="plus"), end_ns=0), slot=3, site=5)
    journal.begin(replace(record(10, "outer"), end_ns=0), slot=1)
    outer, inner = reader.open_spans()
    assert (outer.name, outer.end_ns, outer.trace_id) == ("outer", 0, TRACE)
    assert (inner.name, inner.parent_span_id, inner.attributes) == ("inner", 10, {"operator": "plus"})
    assert [each.site for each in reader.opened()] == [0, 5]


def test_an_ended_span_is_not_open(journal: Journal, reader: Reader) -> None:
    """A process that dies between writing a span and freeing its slot leaves both; the finished one counts."""
    journal.spans(range(1, 30))
    journal.begin(replace(record(7), end_ns=0), slot=0)
    journal.begin(replace(record(77, parent=7), end_ns=0), slot=1)
    linked = protobuf.message(0x6A, b"\x0a\x10" + TRACE.to_bytes(16, "big") + b"\x12\x08" + (77).to_bytes(8, "big"))
    journal.put(protobuf.spans_field(protobuf.span(record(78)) + linked))
    assert [each.span_id for each in reader.open_spans()] == [77], "a link to a span is not its end"


def test_snapshots(journal: Journal, reader: Reader) -> None:
    """Each metric page is copied as far as it is used, whatever room it has."""
    for at, used in ((0, 12), (8192, 9)):
        page = [layout.MAGIC, layout.VERSION, 4711, START_NS, used, 1024, *[0] * (used - 6)]
        page[-1] = at + 1
        journal.write(journal.pages_at + at, b"".join(word.to_bytes(8, "little") for word in page))
    journal.set(extent.PAGES_USED, 16384)
    found = reader.snapshots()
    assert [len(page) for page in found] == [12 * 8, 9 * 8]
    assert [page[-8] | page[-7] << 8 for page in found] == [1, 8193]


def test_own_memory(journal: Journal) -> None:
    """The process itself reads its mapping without copying it, and gets what others get."""
    journal.spans(range(1, 100))
    memory = bytearray(journal.path.read_bytes())
    words = memoryview(memory).cast("Q")
    region = SimpleNamespace(memory=memory, words=words, is_allotted=lambda at, size: True)
    own = Reader(OwnMemory(region))
    with open_journal(journal.path) as reader:
        assert drained(own)[0] == drained(reader)[0] == list(range(1, 100))
    own.memory.put(extent.CURSOR, 5)
    assert (own.cursor, own.memory.word(10**9), own.memory.read(len(memory) - 3, 8)) == (5, 0, bytes(3))


def test_structure_decides_where_there_is_no_checksum(tmp_path: Path) -> None:
    """Without checksums a record is taken when its field fills it exactly."""
    journal = Journal(tmp_path / "1-1-1.journal", checksum=extent.NO_CHECKSUM)
    places = journal.spans(range(1, 6))
    journal.flip(places[2] + 9, 1)  # the length of the field
    with open_journal(journal.path) as reader:
        batch = reader.batch(0)
        assert spans(batch) == [1, 2, 4, 5]
        assert batch.corrupt == 1
    journal.close()
