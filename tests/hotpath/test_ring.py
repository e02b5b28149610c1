"""The ring of segments: every record comes out once, or is counted as lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry._hotpath import Chunk, Region, Ring, extent, protobuf, reading
from telemetry._hotpath.twin import crc32c
from telemetry.journal import OwnMemory, Reader

SEGMENT = 4096
"""A region of this size has two segments of this size: the one that is written, and one more."""
USUAL = 256 * 1024

RECORDED = 1
AROUND = 9
"""What a span of a test has around its text: tag, length, and its flags as the last field."""


def ring_of(size: int = USUAL * 64) -> Ring:
    """Make a ring that is read."""
    return Ring(Region(size), cursors=(extent.LOCAL,))


def take(ring: Ring) -> list[Chunk]:
    """Take everything out of a ring."""
    reader = Reader(OwnMemory(ring.region), claim=extent.LOCAL_CLAIM)
    chunks: list[Chunk] = []
    while (batch := reader.batch(ring.words[extent.LOCAL])).chunks:
        ring.words[extent.LOCAL] = batch.cursor
        chunks += batch.chunks
    ring.words[extent.LOCAL] = batch.cursor
    return chunks


def taken(ring: Ring) -> list[str]:
    """Take everything out of a ring that holds texts."""
    return texts(take(ring))


def texts(chunks: list[Chunk]) -> list[str]:
    """Divide chunks into the texts that were put."""
    return [span[:-6].decode() for chunk in chunks for _, span in reading.fields(chunk.payload)]


def lost(ring: Ring) -> int:
    """Count what was overwritten unread, or found no room."""
    return int(ring.words[extent.SPANS_OVERWRITTEN] + ring.words[extent.SPANS_TOO_LARGE])


def payload(text: object, size: int = 0) -> bytes:
    """Make a span of a text, filled up to a size."""
    content = str(text).encode() + protobuf.FLAGS
    missing = size - len(protobuf.spans_field(content.rjust(size)))
    return protobuf.spans_field(str(text).encode().ljust(size + missing - len(protobuf.FLAGS), b".") + protobuf.FLAGS)


def put(ring: Ring, *given: object, size: int = 0, scope: int = 0) -> None:
    """Put texts into a ring, filled up to a size."""
    for each in given:
        ring.put(payload(each, size), RECORDED, scope)


def numbers(given: list[str]) -> list[int]:
    """Read the numbers that were put."""
    return [int(text.rstrip(".")) for text in given]


@pytest.fixture
def fine_switching() -> Iterator[None]:
    """Switch between threads as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 255), st.integers(0, 3)), max_size=60))
def test_records_come_out_once_and_in_order(given: list[tuple[int, int, int]]) -> None:
    """Payloads of any length come out whole and in order, with their flags and scope, and are gone then."""
    ring = ring_of(SEGMENT)
    for number, (length, flags, scope) in enumerate(given):
        ring.put(span_of(number, length), flags, scope)
    chunks = take(ring)
    expected = b"".join(span_of(number, length) for number, (length, _, _) in enumerate(given))
    assert b"".join(chunk.payload for chunk in chunks) == expected
    assert b"".join(chunk.flags for chunk in chunks) == bytes(flags for _, flags, _ in given)
    assert [chunk.scope for chunk in chunks for _ in chunk.flags] == [scope for _, _, scope in given]
    assert take(ring) == []


def span_of(number: int, length: int) -> bytes:
    """Make a span of so many digits."""
    return protobuf.spans_field(b"%d" % (number % 10) * length + protobuf.FLAGS)


def test_a_chunk_has_one_scope_and_a_bounded_number() -> None:
    """Chunks end where the scope changes, and after 512 spans: the size of a batch of OTLP."""
    ring = ring_of()
    put(ring, *range(600))
    put(ring, *range(3), scope=7)
    put(ring, "a")
    assert [(chunk.scope, len(chunk.flags)) for chunk in take(ring)] == [(0, 512), (0, 88), (7, 3), (0, 1)]


def test_a_chunk_has_a_bounded_size() -> None:
    """Chunks stay below 256 KiB, but for one of a single larger span."""
    ring = ring_of()
    put(ring, *range(5), size=100_000)
    put(ring, 5, size=400_000)
    put(ring, 6)
    assert [len(chunk.flags) for chunk in take(ring)] == [2, 2, 1, 1, 1]


def test_reading_goes_on_where_it_stopped() -> None:
    """Records of one segment may be taken in several goes, before and after it is full."""
    ring = ring_of(SEGMENT * 4)
    found = []
    for number in range(1000):
        put(ring, number, size=90)
        if number % 7 == 0:
            found += numbers(taken(ring))
    assert found + numbers(taken(ring)) == list(range(1000))


def test_records_fill_a_segment_to_its_last_byte() -> None:
    """A record that just fits is not the beginning of the next segment, and one that does not is."""
    woken: list[int] = []
    ring = ring_of(SEGMENT)
    ring.wake = lambda: woken.append(1)
    put(ring, *range(4), size=996)
    assert woken == []
    put(ring, 4)
    assert woken == [1]
    assert numbers(taken(ring)) == list(range(5))


def test_a_full_ring_drops_the_oldest_and_counts_them() -> None:
    """When nobody reads, the newest spans stay, and each of the others is counted once."""
    ring = ring_of(USUAL * 4)
    put(ring, *range(4000), size=1000)
    kept = numbers(taken(ring))
    assert kept == list(range(4000 - len(kept), 4000))
    assert lost(ring) == 4000 - len(kept)
    assert 3 * (USUAL // 1008) < len(kept) <= 4 * (USUAL // 1008)


def test_what_was_read_is_not_lost() -> None:
    """Of a segment that is dropped, only what nobody has taken is counted."""
    ring = ring_of(SEGMENT)
    put(ring, *range(10), size=100)
    assert len(taken(ring)) == 10
    put(ring, *range(10, 300), size=100)
    kept = numbers(taken(ring))
    assert kept[-1] == 299
    assert lost(ring) + len(kept) == 290


def test_a_ring_that_nobody_misses_counts_nothing() -> None:
    """Without somebody to count, what is overwritten is just gone."""
    ring = ring_of(SEGMENT)
    put(ring, *range(1000), size=100)
    assert numbers(taken(ring))[-1] == 999


def test_segments_are_used_again() -> None:
    """However much goes through a ring that is read, it holds the same few pieces of memory."""
    ring = ring_of(USUAL * 3)
    pieces, found = set(), []
    for number in range(20_000):
        put(ring, number, size=200)
        pieces.add(id(ring.current))
        if number % 500 == 0:
            found += numbers(taken(ring))
    assert found + numbers(taken(ring)) == list(range(20_000))
    assert len(pieces) <= 3
    assert lost(ring) == 0


@pytest.mark.parametrize("size", [USUAL - 76, USUAL - 75, USUAL, 3 * USUAL, 10 * USUAL])
def test_a_record_larger_than_a_segment(size: int) -> None:
    """A span that is larger has as many segments side by side as it takes, and the next ones come after it."""
    ring = ring_of(USUAL * 16)
    put(ring, 1)
    put(ring, 2, size=size)
    put(ring, 3)
    found = numbers(taken(ring))
    assert found == [1, 2, 3]
    put(ring, *range(4, 20_000), size=100)
    assert numbers(taken(ring))[-1] == 19_999


def test_a_record_larger_than_the_ring_is_counted() -> None:
    """A span for which there is no room at all is lost and counted, and nothing else is."""
    ring = ring_of(USUAL * 4)
    put(ring, 1)
    put(ring, 2, size=USUAL * 4)
    put(ring, 3)
    assert ring.words[extent.SPANS_TOO_LARGE] == 1
    assert numbers(taken(ring))[-1] == 3


def test_large_records_do_not_grow_the_ring() -> None:
    """Records of several segments are dropped too, oldest first, before the ring takes more than its size."""
    ring = ring_of(USUAL * 16)
    put(ring, *range(9000), size=500)
    put(ring, *range(9000, 9020), size=USUAL * 3)
    kept = numbers(taken(ring))
    assert kept == list(range(9020 - len(kept), 9020))
    assert len(kept) == 4
    assert lost(ring) == 9016


def test_a_record_that_is_not_finished_stops_the_reader() -> None:
    """What a thread has taken a place for, and not written yet, comes out when it is; what follows comes after it."""
    ring = ring_of(SEGMENT)
    put(ring, "first")
    segment, at = ring.turn(32)
    put(ring, "third")
    assert taken(ring) == ["first"]
    assert taken(ring) == []
    finish(segment, at, payload("second"))
    assert taken(ring) == ["second", "third"]


def test_a_thread_that_is_held_up_harms_nobody() -> None:
    """A segment in which a thread has yet to write is not used again before, so it writes into nobody's records."""
    ring = ring_of(SEGMENT)
    segment, at = ring.turn(24)
    put(ring, *range(300), size=100)
    finish(segment, at, payload(-1))
    put(ring, *range(300, 600), size=100)
    found = numbers(taken(ring))
    assert found == list(range(600 - len(found), 600))
    assert lost(ring) + len(found) == 601


def finish(segment: object, at: int, payload: bytes) -> None:
    """Write a record of our own scope at its place, as the recording thread does last."""
    memory = segment.memory  # type: ignore[attr-defined]  # either twin's
    word = (len(payload) | RECORDED << 48 | extent.SPAN << 56).to_bytes(8, "little")
    end = at + extent.room(len(payload))
    memory[at + 8 : at + 8 + len(payload)] = payload
    memory[end - 4 : end] = crc32c(word + payload).to_bytes(4, "little")
    memory[at : at + 8] = word


@pytest.mark.usefixtures("fine_switching")
def test_nothing_is_lost_or_doubled_between_threads() -> None:
    """What several threads write while another one reads comes out, once."""
    ring, found = ring_of(), []
    writers = [Thread(target=put, args=(ring, *(f"{each}:{n}" for n in range(5000)))) for each in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        found += taken(ring)
    found += taken(ring)
    # A thread that is held up inside a record lets its segment come out after the next, so the order is not asked for.
    assert sorted(found) == sorted(f"{each}:{n}" for each in range(4) for n in range(5000))


@pytest.mark.usefixtures("fine_switching")
def test_everything_is_accounted_for_when_readers_are_slow() -> None:
    """With a ring too small for its writers, what comes out and what is counted are all that was written."""
    ring, found = ring_of(SEGMENT), []
    writers = [Thread(target=put, args=(ring, *(f"{each}:{n}" for n in range(5000)))) for each in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        found += taken(ring)
    found += taken(ring)
    assert len(set(found)) == len(found)
    assert len(found) + lost(ring) == 20_000


def test_a_record_made_inside_the_turn_is_kept() -> None:
    """A finaliser or signal handler that records while its thread goes on to the next segment loses nothing."""
    inside: list[int] = []

    class Nosy(Region):
        def reserve(self, area: int, end: int) -> bool:
            if ready and not inside:
                inside.append(1)
                put(ring, *range(-50, 0), size=100)
            return super().reserve(area, end)

    ready: list[int] = []
    ring = Ring(Nosy(SEGMENT * 4), cursors=(extent.LOCAL,))
    ready.append(1)
    put(ring, *range(400), size=100)
    assert inside
    kept = numbers(taken(ring))
    assert kept[-1] == 399
    assert len(set(kept)) == len(kept) > 30
    put(ring, *range(400, 410))
    assert numbers(taken(ring)) == list(range(400, 410))


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # CPython 3.12 warns of forks beside threads
def test_a_forked_child_starts_empty() -> None:
    """After a fork the parent's records are the parent's; what the child writes is not seen there."""
    ring = ring_of(SEGMENT)
    put(ring, "parent")
    child = os.fork()
    if child == 0:
        empty = taken(ring) == []
        put(ring, "child")
        os._exit(0 if empty and taken(ring) == ["child"] else 1)
    assert os.waitpid(child, 0)[1] == 0
    put(ring, "more")
    assert taken(ring) == ["parent", "more"]


def test_scopes_have_numbers() -> None:
    """Equal scopes share a number, our own is 0, and what finds no number any more counts as our own."""
    scopes = ring_of(SEGMENT).scopes
    assert [scopes.number(each) for each in (None, "a", "b", "a")] == [0, 1, 2, 1]
    assert [scopes[number] for number in range(3)] == [None, "a", "b"]
    last = [scopes.number(each) for each in range(70_000)]
    assert last[: (1 << 16) - 3] == list(range(3, 1 << 16))
    assert set(last[(1 << 16) - 3 :]) == {0}


@pytest.mark.usefixtures("fine_switching")
def test_scopes_keep_their_numbers_between_threads() -> None:
    """Threads that name scopes at the same time never make one of two, or two of one."""
    scopes = ring_of(SEGMENT).scopes
    seen: list[dict[int, int]] = []

    def name_all() -> None:
        seen.append({each: scopes.number(each) for each in range(300)})

    threads = [Thread(target=name_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(scopes[number] == each for numbered in seen for each, number in numbered.items())
    assert all(numbered == seen[0] for numbered in seen)
