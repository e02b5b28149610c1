"""The ring of segments: every record comes out once, or is counted as lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry._hotpath import Chunk, Ring

SEGMENT = 4096
"""A ring of this size has segments of this size: the one that is written, and one more."""
USUAL = 256 * 1024

RECORDED = 1


def taken(ring: Ring) -> list[str]:
    """Take everything out of a ring that holds texts, each ended by a semicolon."""
    return texts(ring.take())


def texts(chunks: list[Chunk]) -> list[str]:
    """Divide chunks into the texts that were put."""
    return b"".join(chunk.payload for chunk in chunks).decode().split(";")[:-1]


def put(ring: Ring, *given: object, size: int = 0, scope: int = 0) -> None:
    """Put texts into a ring, filled up to a size."""
    for each in given:
        ring.put(str(each).encode().ljust(size - 1, b".") + b";", RECORDED, scope)


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
    ring = Ring(SEGMENT)
    for number, (length, flags, scope) in enumerate(given):
        ring.put(b"%d" % (number % 10) * length, flags, scope)
    chunks = ring.take()
    expected = b"".join(b"%d" % (number % 10) * length for number, (length, _, _) in enumerate(given))
    assert b"".join(chunk.payload for chunk in chunks) == expected
    assert b"".join(chunk.flags for chunk in chunks) == bytes(flags for _, flags, _ in given)
    assert [chunk.scope for chunk in chunks for _ in chunk.flags] == [scope for _, _, scope in given]
    assert ring.take() == []


def test_a_chunk_has_one_scope_and_a_bounded_number() -> None:
    """Chunks end where the scope changes, and after 512 spans: the size of a batch of OTLP."""
    ring = Ring()
    put(ring, *range(600))
    put(ring, *range(3), scope=7)
    put(ring, "a")
    assert [(chunk.scope, len(chunk.flags)) for chunk in ring.take()] == [(0, 512), (0, 88), (7, 3), (0, 1)]


def test_a_chunk_has_a_bounded_size() -> None:
    """Chunks stay below 256 KiB, but for one of a single larger span."""
    ring = Ring()
    put(ring, *range(5), size=100_000)
    put(ring, 5, size=400_000)
    put(ring, 6)
    assert [len(chunk.flags) for chunk in ring.take()] == [2, 2, 1, 1, 1]


def test_reading_goes_on_where_it_stopped() -> None:
    """Records of one segment may be taken in several goes, before and after it is full."""
    ring = Ring(SEGMENT * 4)
    found = []
    for number in range(1000):
        put(ring, number, size=90)
        if number % 7 == 0:
            found += numbers(taken(ring))
    assert found + numbers(taken(ring)) == list(range(1000))


def test_records_fill_a_segment_to_its_last_byte() -> None:
    """A record that just fits is not the beginning of the next segment, and one that does not is."""
    woken: list[int] = []
    ring = Ring(SEGMENT)
    ring.wake = lambda: woken.append(1)
    put(ring, *range(4), size=SEGMENT // 4 - 8)
    assert woken == []
    put(ring, 4)
    assert woken == [1]
    assert numbers(taken(ring)) == list(range(5))


def test_a_full_ring_drops_the_oldest_and_counts_them() -> None:
    """When nobody reads, the newest spans stay, and each of the others is counted once."""
    lost: list[int] = []
    ring = Ring(USUAL * 4)
    ring.lose = lost.append
    put(ring, *range(4000), size=1000)
    kept = numbers(taken(ring))
    assert kept == list(range(4000 - len(kept), 4000))
    assert sum(lost) == 4000 - len(kept)
    assert 3 * (USUAL // 1008) < len(kept) <= 4 * (USUAL // 1008)


def test_what_was_read_is_not_lost() -> None:
    """Of a segment that is dropped, only what nobody has taken is counted."""
    lost: list[int] = []
    ring = Ring(SEGMENT)
    ring.lose = lost.append
    put(ring, *range(10), size=100)
    assert len(taken(ring)) == 10
    put(ring, *range(10, 300), size=100)
    kept = numbers(taken(ring))
    assert kept[-1] == 299
    assert sum(lost) + len(kept) == 290


def test_a_ring_that_nobody_misses_counts_nothing() -> None:
    """Without somebody to count, what is overwritten is just gone."""
    ring = Ring(SEGMENT)
    put(ring, *range(1000), size=100)
    assert numbers(taken(ring))[-1] == 999


def test_segments_are_used_again() -> None:
    """However much goes through a ring that is read, it holds the same few pieces of memory."""
    lost: list[int] = []
    ring = Ring(USUAL * 3)
    ring.lose = lost.append
    pieces, found = set(), []
    for number in range(20_000):
        put(ring, number, size=200)
        pieces.add(id(ring.current))
        if number % 500 == 0:
            found += numbers(taken(ring))
    assert found + numbers(taken(ring)) == list(range(20_000))
    assert len(pieces) <= 3
    assert lost == []


@pytest.mark.parametrize("size", [USUAL - 8, USUAL - 7, USUAL, 3 * USUAL, 10 * USUAL])
def test_a_record_larger_than_a_segment(size: int) -> None:
    """A span of any size has a segment of its own, even where the ring is smaller, and the next ones come after it."""
    lost: list[int] = []
    ring = Ring(USUAL * 4)
    ring.lose = lost.append
    put(ring, 1)
    put(ring, 2, size=size)
    put(ring, 3)
    found = numbers(taken(ring))
    assert found[-2:] == [2, 3]
    assert sum(lost) + len(found) == 3
    put(ring, *range(4, 20_000), size=100)
    assert numbers(taken(ring))[-1] == 19_999


def test_large_records_do_not_grow_the_ring() -> None:
    """Records of several segments are dropped too, oldest first, before the ring takes more than its size."""
    lost: list[int] = []
    ring = Ring(USUAL * 16)
    ring.lose = lost.append
    put(ring, *range(9000), size=500)
    put(ring, *range(9000, 9020), size=USUAL * 3)
    kept = numbers(taken(ring))
    assert kept == list(range(9020 - len(kept), 9020))
    assert len(kept) == 5
    assert sum(lost) == 9015


def test_a_record_that_is_not_finished_stops_the_reader() -> None:
    """What a thread has taken a place for, and not written yet, comes out when it is; what follows comes after it."""
    ring = Ring(SEGMENT)
    put(ring, "first")
    segment, at = ring.turn(16)
    put(ring, "third")
    assert taken(ring) == ["first"]
    assert taken(ring) == []
    finish(segment, at, b"second;")
    assert taken(ring) == ["second", "third"]


def test_a_thread_that_is_held_up_harms_nobody() -> None:
    """A segment in which a thread has yet to write is not used again before, so it writes into nobody's records."""
    lost: list[int] = []
    ring = Ring(SEGMENT)
    ring.lose = lost.append
    segment, at = ring.turn(16)
    put(ring, *range(300), size=100)
    finish(segment, at, b"-1....;")
    put(ring, *range(300, 600), size=100)
    found = numbers(taken(ring))
    assert found == list(range(600 - len(found), 600))
    assert sum(lost) + len(found) == 601


def finish(segment: object, at: int, payload: bytes) -> None:
    """Write a record of our own scope at its place, as the recording thread does last."""
    memory = segment.memory  # type: ignore[attr-defined]  # either twin's
    memory[at + 8 : at + 8 + len(payload)] = payload
    memory[at : at + 8] = (len(payload) | RECORDED << 48 | 1 << 56).to_bytes(8, "little")


@pytest.mark.usefixtures("fine_switching")
def test_nothing_is_lost_or_doubled_between_threads() -> None:
    """What several threads write while another one reads comes out, once."""
    ring, found = Ring(), []
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
    lost: list[int] = []
    ring, found = Ring(SEGMENT), []
    ring.lose = lost.append
    writers = [Thread(target=put, args=(ring, *(f"{each}:{n}" for n in range(5000)))) for each in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        found += taken(ring)
    found += taken(ring)
    assert len(set(found)) == len(found)
    assert len(found) + sum(lost) == 20_000


def test_a_record_made_inside_the_turn_is_kept() -> None:
    """A finaliser or signal handler that records while its thread goes on to the next segment loses nothing."""
    ring = Ring(SEGMENT)

    inside: list[int] = []

    def handler(_spans: int) -> None:
        if not inside:
            inside.append(1)
            put(ring, *range(-50, 0), size=100)

    ring.lose = handler
    put(ring, *range(100), size=100)
    assert inside
    kept = numbers(taken(ring))
    assert kept[-1] == 99
    assert len(set(kept)) == len(kept) > 30
    put(ring, *range(100, 110))
    assert numbers(taken(ring)) == list(range(100, 110))


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # CPython 3.12 warns of forks beside threads
def test_a_forked_child_starts_empty() -> None:
    """After a fork the parent's records are the parent's; what the child writes is not seen there."""
    ring = Ring(SEGMENT)
    put(ring, "parent")
    child = os.fork()
    if child == 0:
        put(ring, "copied")
        ring.restart()
        empty = taken(ring) == []
        put(ring, "child")
        os._exit(0 if empty and taken(ring) == ["child"] else 1)
    assert os.waitpid(child, 0)[1] == 0
    put(ring, "more")
    assert taken(ring) == ["parent", "more"]


def test_scopes_have_numbers() -> None:
    """Equal scopes share a number, our own is 0, and what finds no number any more counts as our own."""
    scopes = Ring(SEGMENT).scopes
    assert [scopes.number(each) for each in (None, "a", "b", "a")] == [0, 1, 2, 1]
    assert [scopes[number] for number in range(3)] == [None, "a", "b"]
    last = [scopes.number(each) for each in range(70_000)]
    assert last[: (1 << 16) - 3] == list(range(3, 1 << 16))
    assert set(last[(1 << 16) - 3 :]) == {0}


@pytest.mark.usefixtures("fine_switching")
def test_scopes_keep_their_numbers_between_threads() -> None:
    """Threads that name scopes at the same time never make one of two, or two of one."""
    scopes = Ring(SEGMENT).scopes
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
