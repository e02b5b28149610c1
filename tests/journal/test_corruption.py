"""Journals that were damaged: bits turned over, files cut short, garbage in any place.

Whatever it is: nothing is invented, nothing hangs. Each damage is drawn from a seed that the test is named after, so
that a failure can be repeated.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.journal.programs import NESTED, run
from tests.journal.written import Journal, payload, record

from telemetry._hotpath import decoded, extent, reading
from telemetry.errors import JournalError
from telemetry.journal import Batch, Folder, Reader, balance, open_journal, readers, recover

SPANS = 150
_PATIENCE_SECONDS = 5


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound journal with 150 spans in four segments, a large one among them, three open spans, and notes."""
    path = tmp_path_factory.mktemp("whole") / "4711-99-3e8.journal"
    journal = Journal(path, segments=8)
    journal.note(extent.NOTE_RESOURCE, b"\x0a\x03\x0a\x01a")
    journal.note(extent.NOTE_SITE, {"name": "work", "function": "f", "file": "f.py", "line": 1}, 1)
    journal.spans(range(1, 91))
    journal.span(record(91, text="x" * 5000))
    journal.spans(range(92, SPANS + 1))
    for slot in range(3):
        journal.begin(replace(record(500 + slot, parent=500 if slot else None), end_ns=0), slot=slot, site=1)
    journal.close()
    return path


@pytest.fixture
def damaged(whole: Path, tmp_path: Path) -> Path:
    """A copy of it to be damaged."""
    return Path(shutil.copy(whole, tmp_path / whole.name))


def batches(reader: Reader) -> Iterator[Batch]:
    """Read all that is there, as the heir of a dead process does."""
    cursor = 0
    while True:
        batch = reader.batch(cursor, most=40, last=True, claim=False)
        yield batch
        if batch.cursor == cursor:
            return
        cursor = batch.cursor


def read(path: Path) -> tuple[list[bytes], int]:
    """Read a journal in every way there is; give its records, and how many were torn or corrupt."""
    with open_journal(path) as reader:
        found = list(batches(reader))
        _ = reader.resource, reader.sites(), reader.terms, reader.scope(0), reader.snapshots(), reader.pending()
        balance(reader)
        recover(reader)
    chunks = [chunk for batch in found for chunk in batch.chunks]
    records = [b"\x12" + content for chunk in chunks for _, content in reading.fields(chunk.payload)]
    return records, sum(batch.torn + batch.corrupt for batch in found)


def numbers(records: list[bytes]) -> list[int]:
    """Give the ids of spans that are as they were written; the test fails for any that is not."""
    ids = []
    for each in records:
        (span,) = decoded([(None, 1, b"\x12" + _length(len(each) - 1) + each[1:])])
        written = record(91, text="x" * 5000) if span.span_id == 91 else record(span.span_id)
        assert each == b"\x12" + next(content for _, content in reading.fields(payload(written)))
        ids.append(span.span_id)
    return ids


def _length(length: int) -> bytes:
    return bytes((length,)) if length < 0x80 else bytes((length & 0x7F | 0x80, length >> 7))


def flip(path: Path, at: int, bit: int) -> None:
    """Turn one bit over."""
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes((byte ^ 1 << bit,)))


def places(path: Path) -> list[int]:
    """Give where each record begins in the file."""
    with open_journal(path, only_read=True) as reader:
        found = []
        for segment in reader._segments.all():
            at = segment.place + extent.SEGMENT_HEADER_BYTES
            while at < segment.place + (segment.end or segment.size):
                length = int.from_bytes(reader.memory.read(at, 4), "little")
                if not length:
                    break
                found.append(at)
                at += extent.room(length)
        return found


def test_the_sound_one_is_read_whole(whole: Path) -> None:
    """All spans of the undamaged journal come, in order, and nothing is counted as lost."""
    records, lost = read(whole)
    assert numbers(records) == list(range(1, SPANS + 1))
    assert lost == 0
    assert len(places(whole)) == SPANS


@pytest.mark.parametrize("seed", range(60))
def test_one_bit_of_a_record(damaged: Path, seed: int) -> None:
    """A bit that turns over in a record costs that record and no other, and is counted; nothing comes twice."""
    chance = random.Random(seed)
    number = chance.randrange(SPANS)
    begin = places(damaged)[number]
    length = int.from_bytes(damaged.read_bytes()[begin : begin + 4], "little")
    at, bit = begin + chance.randrange(extent.RECORD_HEADER_BYTES + length), chance.randrange(8)
    flip(damaged, at, bit)
    records, lost = read(damaged)
    assert numbers(records) == [each for each in range(1, SPANS + 1) if each != number + 1]
    state = damaged.read_bytes()[begin + 7]
    assert lost == (0 if state == extent.TORN else 1), "only a record that now says it is torn is not counted"


@pytest.mark.parametrize("seed", range(20))
def test_many_bits_of_records(damaged: Path, seed: int) -> None:
    """With many records damaged at once, every other one comes, as it was written and once."""
    chance = random.Random(seed)
    begins = places(damaged)
    hit = sorted(chance.sample(range(SPANS), 30))
    for number in hit:
        flip(damaged, begins[number] + 8 + chance.randrange(40), chance.randrange(8))
    records, lost = read(damaged)
    assert numbers(records) == [each for each in range(1, SPANS + 1) if each - 1 not in hit]
    runs = sum(1 for number in hit if number - 1 not in hit)
    assert runs <= lost <= len(hit), "damaged records side by side may count as one that cannot be told"


@pytest.mark.parametrize("seed", range(40))
def test_bits_anywhere(damaged: Path, seed: int) -> None:
    """Bits that turn over in any place are seen at once, or cost what they hit: no error, no hang."""
    chance = random.Random(seed)
    size = damaged.stat().st_size
    used = [(0, 1600), (4096, 4096 + 3 * 512), (8192, 8400), (size - 8 * 4096, size)]
    for _ in range(chance.choice((1, 3, 50))):
        flip(damaged, chance.randrange(*chance.choice(used)), chance.randrange(8))
    assert_bounded(damaged)


@pytest.mark.parametrize("seed", range(20))
def test_truncation(damaged: Path, seed: int) -> None:
    """A file that was cut short after its process died gives all that is before the cut."""
    data = damaged.read_bytes()
    ends = [at + extent.room(int.from_bytes(data[at : at + 4], "little")) for at in places(damaged)]
    cut = random.Random(seed).randrange(ends[0], len(data))
    os.truncate(damaged, cut)
    records, _ = read(damaged)
    assert numbers(records) == [number for number, end in enumerate(ends, 1) if end <= cut]


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 5000, 8192, 20000])
def test_truncation_before_the_ring(damaged: Path, size: int) -> None:
    """A file that was cut before its ring is no journal, or one without records."""
    os.truncate(damaged, size)
    assert_bounded(damaged, most=0)


@pytest.mark.parametrize("seed", range(20))
def test_garbage(damaged: Path, seed: int) -> None:
    """Whole areas of garbage, and a header of garbage behind the right magic, are survived too."""
    chance = random.Random(seed)
    size = damaged.stat().st_size
    with damaged.open("r+b") as file:
        at = chance.choice((8, 8 * extent.CURSOR, 4096, 8192, size - 8 * 4096))
        file.seek(at)
        file.write(chance.randbytes(min(chance.choice((8, 64, 4096, 16384)), size - at)))
    assert_bounded(damaged)


def test_what_only_looks_like_records_is_not_searched_for_ever(tmp_path: Path) -> None:
    """A ring full of words that each promise a long record costs no more than a bounded search."""
    journal = Journal(tmp_path / "1-1-1.journal", segment=1 << 20, segments=1)
    journal.turn()
    length = 1 << 19
    number = length - 4
    field = b"\x12" + bytes((number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14))
    one = (length | extent.SPAN << 56).to_bytes(8, "little") + field.ljust(8, b"\0")
    journal.write(journal.place + 64, one * ((1 << 19) // 16))
    journal.close()
    assert_bounded(journal.path, most=0)


def test_damage_of_a_real_journal(tmp_path: Path) -> None:
    """The same holds for what a real process wrote: each bit costs one span at most, and all others come.

    The pure twin writes no checksums, so there a bit may change what a span says.
    """
    run(NESTED, tmp_path / "j", "300")
    (reader,) = readers(Folder.open(tmp_path / "j"), only_read=True)
    with reader:
        assert reader.path is not None
        path, is_checked = reader.path, bool(reader.memory.word(extent.CHECKSUM))
    begins = places(path)
    assert len(begins) == 300
    chance = random.Random(7)
    for _ in range(10):
        copy = Path(shutil.copy(path, tmp_path / path.name))
        flip(copy, chance.choice(begins) + 8 + chance.randrange(60), chance.randrange(8))
        records, lost = read(copy)
        assert len(set(records)) == len(records) == 300 - lost
        assert lost == 1 or not is_checked


def assert_bounded(path: Path, most: int = SPANS) -> None:
    """Read a journal that may be anything: soon, at most a `JournalError`, and each record once."""
    begin = time.monotonic()
    try:
        records, _ = read(path)
    except JournalError:
        records = []
    ids = numbers(records)
    assert len(ids) == len(set(ids)) <= most
    assert time.monotonic() - begin < _PATIENCE_SECONDS
