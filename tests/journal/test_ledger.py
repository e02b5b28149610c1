"""The balance of a journal: every span that began is somewhere, or counted as lost by its reason."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.journal.programs import NESTED, run, start, stop
from tests.journal.written import Journal, log_payload, record

from telemetry._hotpath import decoded, extent
from telemetry.journal import NOBODY, Folder, Ledger, balance, of_counts, open_journal, readers, state_of


def drawn(journal: Journal, *, is_running: bool = False) -> Ledger:
    """Draw up the ledger of a journal."""
    with open_journal(journal.path) as reader:
        return balance(reader, is_running=is_running)


def test_an_empty_journal_balances(journal: Journal) -> None:
    """Nothing began, and nothing is left over."""
    book = drawn(journal)
    assert (book.started, book.interrupted, book.balances) == (0, 0, True)


def test_every_span_has_its_place(journal: Journal) -> None:
    """Shipped, pending, open, closed and each kind of loss add up to what began."""
    journal.spans(range(1, 21))
    journal.begin(replace(record(100), end_ns=0), slot=0)
    journal.begin(replace(record(101), end_ns=0), slot=1)
    with open_journal(journal.path) as reader:
        journal.set(extent.CURSOR, reader.batch(0, most=15, claim=False).cursor)
    journal.set(extent.SPANS_SHIPPED, 12)
    journal.set(extent.SPANS_REFUSED, 3)
    for word in (extent.SPANS_OVERWRITTEN, extent.SPANS_TOO_LARGE, extent.TORN_COUNT, extent.ABANDONED):
        journal.add(extent.STARTED, word)
        journal.set(word, word)
    journal.set(extent.SAMPLED_OUT, 1000)
    journal.set(extent.SPANS_CLOSED, 1)
    book = drawn(journal)
    assert (book.shipped, book.pending, book.open, book.closed, book.sampled_out) == (12, 5, 1, 1, 1000)
    expected = {"refused": 3, "overwritten": extent.SPANS_OVERWRITTEN, "too_large": extent.SPANS_TOO_LARGE}
    expected |= {"torn": extent.TORN_COUNT, "corrupt": 0, "abandoned": extent.ABANDONED, "undecided_full": 0}
    assert book.lost == expected
    assert (book.interrupted, book.balances) == (0, True)


def test_a_missing_span_does_not_balance(journal: Journal) -> None:
    """One span that was counted and is nowhere may have been interrupted; two are an error, and so are two too many."""
    journal.spans(range(1, 11))
    for started, balances in ((11, True), (9, True), (12, False), (8, False)):
        journal.set(extent.STARTED, started)
        book = drawn(journal)
        assert (book.interrupted, book.balances) == (started - 10, balances)


def test_logs_are_in_the_balance(journal: Journal) -> None:
    """Log records that were written are pending, shipped or lost too."""
    for text in "abc":
        journal.put(log_payload(text), state=extent.LOG)
    journal.set(extent.LOGS_WRITTEN, 8)
    assert drawn(journal).interrupted == 5
    journal.set(extent.LOGS_SHIPPED, 3)
    journal.set(extent.LOGS_OVERWRITTEN, 2)
    book = drawn(journal)
    assert (book.logs_pending, book.lost_logs["overwritten"], book.interrupted) == (3, 2, 0)


def test_damage_is_in_the_balance(journal: Journal) -> None:
    """A record that rotted, a slot that rotted and a record that nobody finished are lost, each by its reason."""
    places = journal.spans(range(1, 11))
    journal.flip(places[4] + 30)
    journal.add(extent.STARTED)
    journal.open_record(64)
    journal.spans([20])
    journal.begin(replace(record(100), end_ns=0), slot=0)
    journal.flip(journal.table_at + 8, 6)
    book = drawn(journal)
    assert (book.pending, book.lost["corrupt"], book.lost["torn"], book.open) == (10, 2, 1, 0)
    assert book.balances
    assert drawn(journal, is_running=True).lost["torn"] == 0, "a thread of a live process will still finish it"


def test_ledgers_add_up() -> None:
    """A sum of ledgers may be off by one for each process, and no more."""
    one = Ledger(started=10, shipped=9)
    total = one + one + NOBODY
    assert (total.processes, total.interrupted, total.balances) == (2, 2, True)
    assert not (total + Ledger(started=2)).balances


def test_those_that_are_gone_have_counts_only(journal: Journal) -> None:
    """Of processes whose files are gone the sums of their counts balance by themselves."""
    with open_journal(journal.path) as reader:
        counts = {**reader.counts(), "started": 50, "spans_shipped": 40, "spans_closed": 3, "spans_overwritten": 7}
    book = of_counts(counts, 5)
    assert (book.closed, book.open, book.interrupted, book.processes) == (3, 0, 0, 5)


@pytest.mark.parametrize("end", ["os._exit(7)", "os.kill(os.getpid(), signal.SIGKILL)", "raise MemoryError", "pass"])
def test_a_real_process_balances(tmp_path: Path, end: str) -> None:
    """However a process ends, all that it began is pending or open, and its state says which end it was."""
    run(NESTED, tmp_path / "j", "25", end=end)
    folder = Folder.open(tmp_path / "j")
    (reader,) = readers(folder)
    with reader:
        book = balance(reader)
        died = end.startswith("os.")
        assert state_of(reader, folder) == ("died" if died else "ended")
        assert (book.started, book.pending, book.open) == ((27, 25, 2) if died else (27, 27, 0))
        assert (book.interrupted, book.lost["torn"], book.slack) == (0, 0, 0)


def test_a_running_process_balances(tmp_path: Path) -> None:
    """The ledger of a process that records meanwhile balances too, but for what moved while it was counted."""
    end = "\n            while True:\n                with telemetry.span('spec.parse'): pass"
    process = start(NESTED, tmp_path / "j", "1", end=end)
    try:
        folder = Folder.open(tmp_path / "j")
        (reader,) = readers(folder, only_read=True)
        with reader:
            assert state_of(reader, folder) == "running"
            assert all(balance(reader, is_running=True).balances for _ in range(3))
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert state_of(reader, folder) == "died"
            book = balance(reader)
            assert book.balances
            assert book.slack == 0
            assert book.open in (2, 3)
            assert os.path.exists(str(reader.path))
    finally:
        stop(process)


def test_a_process_that_is_shipped_and_overwritten_balances(tmp_path: Path) -> None:
    """With a shipper that cannot keep up with a process, and the process killed, no span is sent twice or forgotten."""
    end = "\n            while True:\n                with telemetry.span('spec.parse'): pass"
    process = start(NESTED, tmp_path / "j", "1", end=end)
    (reader,) = readers(Folder.open(tmp_path / "j"))
    seen: list[int] = []
    deadline = time.monotonic() + 0.7
    with reader:
        while True:
            if time.monotonic() > deadline:
                stop(process)
            is_dead = process.poll() is not None
            batch = reader.batch(reader.cursor, last=is_dead)
            chunks = [(None, len(each.flags), each.payload) for each in batch.chunks]
            seen += [span.span_id for span in decoded(chunks)]
            if is_dead and batch.cursor == reader.cursor:
                break
            found = ((extent.SPANS_SHIPPED, len(seen)), (extent.CURSOR, batch.cursor))
            torn = ((extent.SPANS_TORN, batch.torn), (extent.SPANS_CORRUPT, batch.corrupt))
            for index, value in (*found, *((index, reader.memory.word(index) + more) for index, more in torn)):
                reader.memory.put(index, value)
        book = balance(reader)
    assert len(set(seen)) == len(seen) == book.shipped
    assert (book.pending, book.balances) == (0, True)
    assert book.started > 1000
