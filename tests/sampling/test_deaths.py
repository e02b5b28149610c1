"""What a process leaves of a trace that waits for its verdict: nobody can drop it any more, so all of it is shipped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from telemetry._hotpath import Chunk, decoded, extent
from telemetry.journal import Adoption, Folder, Reader, Taken, balance, open_journal, recover

PROGRAM = Path(__file__).with_name("program.py")
LEFT = Counter({"spec.parse": 5, "compile.execute": 1, "pipeline.run": 1})


def left_by(folder: Path, how: str, pure: str) -> tuple[int, Path | None]:
    """Run the program to its end; give its exit code and its journal."""
    environment = {**os.environ, "TELEMETRY_PURE": pure}
    done = subprocess.run([sys.executable, PROGRAM, folder, how], env=environment, timeout=60, check=False)
    return done.returncode, next((path for path in folder.glob("*.journal") if path.stem.count("-") == 2), None)


@pytest.mark.parametrize("pure", ["", "1"])
def test_a_killed_process_leaves_its_undecided_spans(tmp_path: Path, pure: str) -> None:
    """They stand in the ledger; recovering gives the ended ones and the open ones; who ships them ships each once."""
    code, path = left_by(tmp_path, "kill", pure)
    assert code == -signal.SIGKILL
    assert path is not None
    with open_journal(path) as reader:
        book = balance(reader)
        assert (book.started, book.undecided, book.open, book.pending, book.interrupted) == (7, 5, 2, 0, 0)
        assert book.sampled_out == 1
        recovery = recover(reader)
        spans = decoded([(None, len(each.flags), each.payload) for each in recovery.closed], b"\1" * 7)
        assert Counter(span.name for span in spans) == LEFT
        assert [stage.path for stage in recovery.stages] == [("pipeline.run", "compile.execute")]
    assert shipped(tmp_path, path) == LEFT


def shipped(folder: Path, path: Path) -> Counter[str]:
    """Ship what is left as the next process does; check the ledger halfway, and give the names."""
    names: Counter[str] = Counter()

    def send(_: Reader, __: int, chunks: Sequence[Chunk]) -> Taken:
        assert all(flag & 1 for each in chunks for flag in each.flags)
        parts = [(None, len(each.flags), each.payload) for each in chunks]
        names.update(span.name for span in decoded(parts, b"".join(each.flags for each in chunks)))
        return Taken()

    heir = Adoption(Folder.open(folder), send)
    for _ in range(2):  # the second time there is nothing left
        heir.look()
        while heir.ship() is not None:
            if path.exists():
                with open_journal(path) as reader:
                    assert balance(reader).interrupted == 0
    heir.close()
    return names


@pytest.mark.parametrize("pure", ["", "1"])
def test_a_process_that_ends_in_order_keeps_what_is_undecided(tmp_path: Path, pure: str) -> None:
    """Its exit closes the spans on the way out, and the trace, in which SystemExit is no failure, is dropped."""
    code, path = left_by(tmp_path, "exit", pure)
    assert code == 0
    if path is not None:
        with open_journal(path) as reader:
            book = balance(reader)
        assert (book.undecided, book.pending, book.sampled_out, book.interrupted) == (0, 0, 8, 0)


def test_damaged_cells_are_counted_and_the_rest_is_there(tmp_path: Path) -> None:
    """A flipped bit costs its span and no other."""
    _, path = left_by(tmp_path, "kill", "")
    assert path is not None
    data = bytearray(path.read_bytes())
    at = int.from_bytes(data[extent.UNDECIDED_AT * 8 : extent.UNDECIDED_AT * 8 + 8], "little")
    data[at + 40] ^= 1
    path.write_bytes(data)
    with open_journal(path) as reader:
        book = balance(reader)
    assert (book.undecided, book.corrupt, book.interrupted) == (4, 1, 0)
