"""Hostile surroundings of the memory: bad moments for a fork, recording inside of recording, what is taken away."""

from __future__ import annotations

import os
from pathlib import Path
from time import time_ns
from typing import Any

import pytest
from tests.journal.programs import run

from telemetry._hotpath import Page, Region, Ring, extent, page, segment
from telemetry.errors import JournalError
from telemetry.journal import Folder, OwnMemory, Reader, balance, readers

RING_BYTES = 1 << 20
_WAITED = "assert os.waitpid(child, 0)[1] == 0"


def told(program: str, folder: Path, *, end: str = "") -> str:
    """Run a program that must end in order and say nothing on stderr; give what it printed."""
    done = run(program, folder, end=end)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def ledgers(folder: Path) -> list[Any]:
    """Draw up the ledgers of a folder, the process that began first at the front."""
    found = []
    for reader in readers(Folder.open(folder), only_read=True):
        with reader:
            found.append((reader.identity.created_ns, balance(reader)))
    return [ledger for _, ledger in sorted(found, key=lambda each: each[0])]


def test_runtimes_that_come_and_go_leave_no_descriptor_and_no_file(tmp_path: Path) -> None:
    """A program that configures and shuts down again and again has as many open files after it as before."""
    program = """
import gc
telemetry.shutdown()
def around():
    telemetry.configure(journal=sys.argv[1]); telemetry.shutdown(); gc.collect()
    return len(os.listdir("/proc/self/fd"))
first = around()
print({around() for _ in range(8)} == {first})
"""
    assert told(program, tmp_path / "j") == "True"
    assert Folder.open(tmp_path / "j").journals() == []


def test_fork_makes_no_journal_for_a_runtime_that_was_shut_down(tmp_path: Path) -> None:
    """Somebody still holds the runtime that was closed; a child of that process has nothing to record for it."""
    program = f"""
telemetry.shutdown()
child = os.fork()
if not child: os._exit(0)
{_WAITED}
"""
    told(program, tmp_path / "j")
    assert Folder.open(tmp_path / "j").journals() == []


def test_span_that_a_fork_lets_go_of_stays_the_parents(tmp_path: Path) -> None:
    """The interpreter clears the locals of other threads in a child, while its memory is still that of the parent."""
    program = f"""
import threading
local, begun, forked = threading.local(), threading.Event(), threading.Event()
def work():
    local.span = telemetry.span("spec.parse")
    begun.set(); forked.wait()
    local.span.end()
thread = threading.Thread(target=work); thread.start(); begun.wait()
child = os.fork()
if not child: os._exit(0)
{_WAITED}
forked.set(); thread.join(); os._exit(0)
"""
    told(program, tmp_path / "j")
    parent = ledgers(tmp_path / "j")[0]
    assert (parent.started, parent.pending, parent.abandoned) == (1, 1, 0)


def test_child_for_which_the_disk_has_no_room_records_in_memory_of_its_own(tmp_path: Path) -> None:
    """Its file could be made, and not filled: it must not touch the holes of it, which would end it by SIGBUS."""
    program = f"""
def full(descriptor, at, size): raise OSError(28, "No space left on device")
os.posix_fallocate = full
child = os.fork()
if not child:
    with telemetry.span("spec.parse"): pass
    print(runtime.region.is_file, runtime.region.words[{extent.STARTED}], flush=True); os._exit(0)
{_WAITED}
"""
    assert told(program, tmp_path / "j") == "False 1"
    assert Folder.open(tmp_path / "j").journals() == []


def test_grandchild_of_a_process_without_a_file_starts_at_zero(tmp_path: Path) -> None:
    """The folder is gone, so the child has no file; its own child must get through the fork nevertheless."""
    program = f"""
import shutil
shutil.rmtree(sys.argv[1])
child = os.fork()
if not child:
    with telemetry.span("spec.parse"): pass
    child = os.fork()
    if not child:
        print(runtime.region.words[{extent.STARTED}], flush=True); os._exit(0)
    {_WAITED}
    os._exit(0)
{_WAITED}
"""
    assert told(program, tmp_path / "j") == "0"


def test_child_that_sees_no_modules_any_more_leaves_the_parents_memory(tmp_path: Path) -> None:
    """After a `chroot` nothing can be imported, also not what puts other memory in the place of the parent's."""
    program = f"""
sys.path.clear(); sys.path_importer_cache.clear()
child = os.fork()
if not child:
    with telemetry.span("spec.parse"): pass
    os._exit(0)
{_WAITED}
os._exit(0)
"""
    told(program, tmp_path / "j")
    assert [ledger.started for ledger in ledgers(tmp_path / "j")] == [0, 1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_process_that_became_another_user_forks_and_ends_in_order(tmp_path: Path) -> None:
    """It may neither make a file for its child nor remove its own, and is not told so by exceptions."""
    program = f"""
os.setegid(65534); os.seteuid(65534)
with telemetry.span("spec.parse"): pass
child = os.fork()
if not child: os._exit(0)
{_WAITED}
telemetry.shutdown()
"""
    told(program, tmp_path / "j")
    assert [ledger.pending for ledger in ledgers(tmp_path / "j")] == [1]


def test_what_records_while_the_ring_turns_is_neither_lost_nor_doubled(tmp_path: Path) -> None:
    """A signal handler or finaliser may run anywhere, also while a segment is being allotted."""
    program = f"""
from telemetry._hotpath import Region
reserve, inside = Region.reserve, 0
def reserve_and_record(self, area, end):
    global inside
    if inside < 3 and area == self.words[{extent.RING_AT}]:
        inside += 1
        for _ in range(3000):
            with telemetry.span("pipeline.run"): pass
    return reserve(self, area, end)
Region.reserve = reserve_and_record
for _ in range(4000):
    with telemetry.span("spec.parse"): pass
os._exit(0)
"""
    done = run(program, tmp_path / "j")
    assert (done.returncode, done.stderr) == (0, "")
    (ledger,) = ledgers(tmp_path / "j")
    assert (ledger.started, ledger.pending + ledger.lost["overwritten"]) == (13000, 13000)


def test_series_that_begins_inside_of_another_ones_beginning_has_a_cell_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A signal handler that counts for the first time must not get the cell that is just being made."""
    metrics = Page()
    found: list[int | None] = []

    def interrupted() -> int:
        monkeypatch.setattr(page, "time_ns", time_ns)
        found.append(metrics.allot("counter", b"inner", 1))
        return time_ns()

    monkeypatch.setattr(page, "time_ns", interrupted)
    found.append(metrics.allot("counter", b"outer", 1))
    assert len(set(found)) == 2
    assert sorted(entry.descriptor for entry in page.walk(metrics.snapshot())) == [b"inner", b"outer"]


class _Interrupted(Region):
    """Writes a note while it reserves room for another one."""

    is_interrupted = False

    def reserve(self, area: int, end: int) -> bool:
        if not self.is_interrupted:
            self.is_interrupted = True
            self.note(extent.NOTE_SITE, 1, b'{"name": "inner"}')
        return super().reserve(area, end)


def test_note_that_is_written_inside_of_another_one_stands_beside_it() -> None:
    """Both sites keep their names."""
    region = _Interrupted(RING_BYTES)
    region.note(extent.NOTE_SITE, 2, b'{"name": "outer"}')
    sites = Reader(OwnMemory(region)).sites()
    assert {number: site["name"] for number, site in sites.items()} == {1: "inner", 2: "outer"}


def test_record_that_fits_nowhere_costs_no_other_one() -> None:
    """A record larger than the ring is counted, and all that waits there stays."""
    region = Region(RING_BYTES)
    ring = Ring(region, cursors=(extent.CURSOR,))
    for _ in range(3000):
        ring.put(b"\x12\x7e" + bytes(118) + b"\x7a\x00\x85\x01\x00\x01\x00\x00", 1, 0)
    before = Reader(OwnMemory(region)).pending()
    ring.put(bytes(2 * RING_BYTES), 1, 0)
    assert region.words[extent.SPANS_TOO_LARGE] == 1
    assert before == (3000, 0) == Reader(OwnMemory(region)).pending()


def test_segment_that_a_dead_process_was_about_to_overwrite_is_read() -> None:
    """It was killed after it had said which segment makes way, and before that one did: nobody will say otherwise."""
    region = Region(RING_BYTES)
    ring = Ring(region, cursors=(extent.CURSOR,))
    ring.put(b"\x12\x06\x85\x01\x00\x01\x00\x00", 1, 0)
    region.words[extent.DROPPING] = 1
    reader = Reader(OwnMemory(region))
    assert (len(reader.batch(0).chunks), len(reader.batch(0, last=True).chunks)) == (0, 1)


def test_interrupt_right_after_a_span_was_written_does_not_tear_it() -> None:
    """The pure twin hears of an interrupt after the call that wrote the span, in the block that would tear it."""
    region = Region(RING_BYTES)
    tip, place = segment.Tip(region), segment.Segment(region.memory, region.words[extent.RING_AT], 65536)
    tip.current = place
    tip.put(b"\x12\x06\x85\x01\x00\x01\x00\x00", 1, 0)
    at = region.words[extent.RING_AT] + extent.SEGMENT_HEADER_BYTES
    tip.tear(place, at, extent.room(8))
    assert region.words[at // 8] >> 56 == extent.SPAN
    assert region.words[extent.TORN_COUNT] == 0


def test_processor_that_interrupts_leaves_no_span_open(tmp_path: Path) -> None:
    """The span is in the ring when a processor sees that it has ended, so it is neither open nor abandoned."""
    program = """
class Processor:
    def on_start(self, span, parent_context=None): pass
    def on_end(self, span): raise KeyboardInterrupt
    def shutdown(self): pass
    def force_flush(self, timeout_millis=0): return True
runtime.add_span_processor(Processor())
for _ in range(3):
    try:
        with telemetry.span("spec.parse"): pass
        for _ in range(1000): str()
    except KeyboardInterrupt: pass
os._exit(0)
"""
    run(program, tmp_path / "j")
    (ledger,) = ledgers(tmp_path / "j")
    assert (ledger.started, ledger.pending, ledger.open, ledger.abandoned) == (3, 3, 0, 0)


@pytest.mark.parametrize("path", ["/tmp/a\0b", "/tmp/\ud800"])
def test_what_is_no_path_is_refused_as_one(path: str) -> None:
    """The caller hears of it as of any other folder that cannot be used."""
    with pytest.raises(JournalError, match="no path"):
        Folder.open(path)
