"""The dead: thousands cost what one does, each counts once whatever crashes when, and no span is lost in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import pytest

from telemetry._hotpath import extent
from telemetry.export.gateway.fold import Fold
from telemetry.export.gateway.transcript import Transcript
from telemetry.journal import DEAD_NAME, FOLDING, Dead, Folder, read_dead, write_dead

from .conftest import REGISTRY, MakeGateway
from .journals import Spans, counter, die, gauge, hold, span, write_journal
from .test_scrape import fetch, total, vital

WORKERS = 2000


def journals(folder: Path) -> list[str]:
    """Name the journals of single processes."""
    return sorted(path.name for path in folder.glob("*.journal") if path.name != DEAD_NAME)


def fold(folder: Path, **options: int) -> bool:
    """Fold as a gateway does that has just started."""
    return Fold(folder, REGISTRY, **options).run()


def test_thousands_of_short_lived_workers_cost_what_one_does(folder: Path, make_gateway: MakeGateway) -> None:
    """Their files are gone after one turn, the totals are exact to the last count, and a scrape reads one file."""
    for number in range(WORKERS):
        write_journal(folder, [counter("jobs_total", number, "a"), counter("jobs_total", 1.0, f"b{number % 7}")])
    began = monotonic()
    gateway = make_gateway()
    gateway.turn()
    assert monotonic() - began < 20
    assert journals(folder) == []
    assert (folder / DEAD_NAME).stat().st_size < 100_000
    assert total(gateway) == WORKERS * (WORKERS - 1) / 2
    assert sum(total(gateway, f"b{number}") or 0 for number in range(7)) == WORKERS
    assert vital(gateway, 'processes{state="folded"}') == WORKERS
    began = monotonic()
    fetch(gateway)
    assert monotonic() - began < 2


def test_totals_survive_the_gateway(folder: Path, make_gateway: MakeGateway) -> None:
    """Another gateway, days later, goes on from the totals of the dead."""
    for _ in range(3):
        write_journal(folder, [counter("jobs_total", 2.0, "a"), gauge("level", 7.0, "a")])
        assert fold(folder)
    assert total(make_gateway()) == 6.0
    assert read_dead(Folder.open(folder)).processes == 3


def test_living_are_left_alone(folder: Path) -> None:
    """The journal of a process that lives is neither added up nor touched."""
    journal = write_journal(folder, [counter("jobs_total", 2.0, "a")])
    hold(folder, journal)
    before = journal.path.read_bytes()
    assert fold(folder)
    assert journal.path.read_bytes() == before
    assert read_dead(Folder.open(folder)) == Dead()
    die(folder, journal)
    assert fold(folder)
    assert journals(folder) == []


def test_process_that_lost_its_lock_is_not_buried_alive(folder: Path) -> None:
    """A daemon that closed all descriptors holds nothing and still records: its pid and start say that it runs."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    journal = write_journal(folder, [counter("jobs_total", 2.0, "a")], pid=os.getpid(), ticks=ticks)
    assert fold(folder)
    assert journals(folder) == [journal.path.name]
    assert read_dead(Folder.open(folder)).processes == 0
    journal.set(extent.STATE, extent.ENDED)
    assert fold(folder)
    assert journals(folder) == []


def test_zombie_is_dead(folder: Path) -> None:
    """A process that only waits for its parent to look records nothing any more."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        stat = Path(f"/proc/{child.pid}/stat")
        ticks = int(stat.read_text().rpartition(")")[2].split()[19])
        write_journal(folder, [counter("jobs_total", 2.0, "a")], pid=child.pid, ticks=ticks)
        assert fold(folder)
        assert len(journals(folder)) == 1
        child.kill()
        while ") Z" not in stat.read_text():
            pass
        assert fold(folder)
        assert journals(folder) == []


def test_crash_between_the_totals_and_the_file_counts_once(folder: Path, make_gateway: MakeGateway) -> None:
    """A file that is in the totals and still there, because whoever added it died, is removed and not added again."""
    journal = write_journal(folder, [counter("jobs_total", 2.0, "a")], Spans([span("work")]))
    kept = journal.path.read_bytes()
    assert fold(folder, keep_bytes=0)
    assert journals(folder) == []
    journal.path.write_bytes(kept)
    gateway = make_gateway()
    assert total(gateway) == 2.0
    gateway.turn()
    assert total(gateway) == 2.0
    assert journals(folder) == []
    assert read_dead(Folder.open(folder)).counts["started"] == 1


@pytest.mark.parametrize("spans", [Spans(), Spans([span("work")])], ids=["files go", "files stay"])
@pytest.mark.parametrize("times", [1, 2, 5])
def test_death_in_the_middle_of_a_scrape_counts_once(
    folder: Path, make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch, times: int, spans: Spans
) -> None:
    """Who is added to the totals after a scrape has read him, and before it reads those, is counted once."""
    for _ in range(3):
        write_journal(folder, [counter("jobs_total", 2.0, "a")], spans)
    fill, left = Transcript.fill, list(range(times))

    def fill_and_fold(transcript: Transcript) -> None:
        fill(transcript)
        while left:
            left.pop()
            fold(folder)
            write_journal(folder, [counter("jobs_total", 0.0, "a")])

    monkeypatch.setattr(Transcript, "fill", fill_and_fold)
    assert total(make_gateway()) == 6.0
    assert left == []


def test_keys_of_files_that_are_gone_are_forgotten(folder: Path) -> None:
    """The totals do not grow with the number of those who died."""
    sizes = []
    for _ in range(3):
        for _ in range(20):
            write_journal(folder, [counter("jobs_total", 2.0, "a")])
        fold(folder)
        sizes.append((folder / DEAD_NAME).stat().st_size)
    assert read_dead(Folder.open(folder)).processes == 60
    assert sizes[1] == sizes[2]


def test_writing_that_was_cut_off_changes_nothing(folder: Path, make_gateway: MakeGateway) -> None:
    """What somebody had half written when he died is no total, and is cleared away."""
    write_journal(folder, [counter("jobs_total", 2.0, "a")])
    fold(folder)
    half = folder / f"{DEAD_NAME}.new"
    half.write_bytes((folder / DEAD_NAME).read_bytes()[:300])
    write_journal(folder, [counter("jobs_total", 3.0, "a")])
    gateway = make_gateway()
    assert total(gateway) == 5.0
    gateway.turn()
    assert total(gateway) == 5.0
    assert not half.exists()


def test_only_one_adds_up_at_a_time(folder: Path) -> None:
    """Whoever comes while somebody else holds the lock leaves it to him."""
    write_journal(folder, [counter("jobs_total", 2.0, "a")])
    code = (
        f"import sys; from telemetry.journal import Folder\nassert Folder.open({str(folder)!r}).hold({FOLDING})\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert not fold(folder)
        assert len(journals(folder)) == 1
        other.communicate()
    assert fold(folder)
    assert journals(folder) == []


def test_spans_that_nobody_ships_stay(folder: Path) -> None:
    """Without an endpoint a journal with spans, finished or open, stays for the bundle; its metrics are added once."""
    finished = write_journal(folder, [counter("jobs_total", 2.0, "a")], Spans([span("work")]))
    opened = write_journal(folder, [counter("jobs_total", 3.0, "a")], Spans([], [span("run", end_ns=0)]))
    for _ in range(3):
        assert fold(folder)
    assert journals(folder) == sorted([finished.path.name, opened.path.name])
    assert [each.word(extent.FOLDED) for each in (finished, opened)] == [1, 1]
    dead = read_dead(Folder.open(folder))
    assert (dead.processes, dead.settled, dead.counts) == (2, frozenset(), {})


def test_oldest_go_when_all_take_too_much(
    folder: Path, make_gateway: MakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """The limit holds; what went is the oldest, is counted as lost in the ledger of the dead, and is said."""
    written = [
        write_journal(folder, [counter("jobs_total", 1.0, "a")], Spans([span("work"), span("work")], [span("run")]))
        for _ in range(4)
    ]
    for age, journal in enumerate(written):
        os.utime(journal.path, (1000 - age, 1000 - age))
    size = written[0].path.stat().st_blocks * 512
    assert fold(folder, keep_bytes=2 * size)
    assert journals(folder) == sorted(journal.path.name for journal in written[:2])
    dead = read_dead(Folder.open(folder))
    assert {name: count for name, count in dead.counts.items() if count} == {"started": 6, "spans_overwritten": 6}
    assert "with 3 spans and 0 log records that nobody shipped" in capsys.readouterr().err
    assert total(make_gateway()) == 4.0


def test_ledgers_of_the_dead_add_up(folder: Path) -> None:
    """What each process counted is counted of them all, and what it left half written or damaged too."""
    for shipped in (3, 4):
        journal = write_journal(folder, [counter("jobs_total", 1.0, "a")])
        journal.set(extent.STARTED, shipped + 1)
        journal.set(extent.SPANS_SHIPPED, shipped)
        journal.set(extent.SAMPLED_OUT, 1)
        fold(folder)
    counts = read_dead(Folder.open(folder)).counts
    assert {name: count for name, count in counts.items() if count} == {
        "started": 9,
        "sampled_out": 2,
        "spans_shipped": 7,
    }


def test_journal_that_somebody_ships_is_not_removed(folder: Path) -> None:
    """A file goes only when nobody has its ship lock."""
    journal = write_journal(folder, [counter("jobs_total", 1.0, "a")])
    opened = Folder.open(folder)
    assert opened.hold(journal.key + 1)
    assert fold(folder)
    assert journals(folder) == [journal.path.name]
    opened.release(journal.key + 1)
    assert fold(folder)
    assert journals(folder) == []
    assert read_dead(opened).processes == 1


@pytest.mark.parametrize("place", [0, extent.PAGE_SIZE, extent.PAGE_SIZE + 40, -extent.PAGE_SIZE - 8])
def test_damaged_totals_begin_anew_and_are_kept(
    folder: Path, make_gateway: MakeGateway, capsys: pytest.CaptureFixture[str], place: int
) -> None:
    """One flipped bit is seen; a scrape goes on, the file is set aside for who wants to look, and a line says so."""
    write_journal(folder, [counter("jobs_total", 2.0, "a")])
    fold(folder)
    path = folder / DEAD_NAME
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(content)
    hold(folder, write_journal(folder, [counter("jobs_total", 5.0, "a")]))
    gateway = make_gateway()
    assert total(gateway) == 5.0
    assert vital(gateway, "unreadable_journals") == 1.0
    gateway.turn()
    assert len(list(folder.glob("*.damaged"))) == 1
    write_journal(folder, [counter("jobs_total", 1.0, "a")])
    gateway.turn()
    assert total(gateway) == 6.0
    assert vital(gateway, "unreadable_journals") == 0.0
    assert "begin anew" in capsys.readouterr().err


def test_full_disk_keeps_what_there_was(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where the totals cannot be written, the dead stay as they are and are read one by one; later it is made good."""
    write_journal(folder, [counter("jobs_total", 2.0, "a")])
    fold(folder)
    write_journal(folder, [counter("jobs_total", 3.0, "a")])
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
from pathlib import Path
from tests.gateway.conftest import REGISTRY
from telemetry.export.gateway import Access, Gateway
import httpx
with Gateway(Path({str(folder)!r}), REGISTRY, Access(port=0)) as gateway:
    for _ in range(2):
        gateway.turn()
        text = httpx.get(gateway.url + "/metrics", trust_env=False).text
        assert 'jobs_total{{who="a"}} 5.0' in text, text
        assert httpx.get(gateway.url + "/readyz", trust_env=False).status_code == 200
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], timeout=60)
    assert "cannot be added up: [Errno 27] File too large" in capfd.readouterr().err
    assert len(journals(folder)) == 1
    assert not (folder / f"{DEAD_NAME}.new").exists()
    assert read_dead(Folder.open(folder)).processes == 1
    assert fold(folder)
    assert read_dead(Folder.open(folder)).processes == 2


def test_folder_that_may_only_be_read_is_served(capfd: pytest.CaptureFixture[str]) -> None:
    """Where nothing may be written, not even by root, totals are right all the same, and nothing is removed."""
    with TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)  # so that the child reaches it as another user
        folder = Path(parent) / "journals"
        folder.mkdir(mode=0o700)
        _serve_as_reader(folder)
        assert "cannot be added up: [Errno 13] Permission denied" in capfd.readouterr().err
        assert len(journals(folder)) == 1


def _serve_as_reader(folder: Path) -> None:
    write_journal(folder, [counter("jobs_total", 2.0, "a")])
    Folder.open(folder)
    code = f"""
import os
from pathlib import Path
import httpx
from tests.gateway.conftest import REGISTRY
from telemetry.export.gateway import Access, Gateway
folder = Path({str(folder)!r})
httpx.get(Gateway(folder, REGISTRY, Access(port=0)).url + "/healthz", trust_env=False)  # imports what there is
if os.geteuid() == 0:
    os.chown(folder, 65534, 65534)
    for path in folder.iterdir():
        os.chown(path, 65534, 65534)
folder.chmod(0o500)
os.setgid(65534) if os.geteuid() == 0 else None
os.setuid(65534) if os.geteuid() == 0 else None
with Gateway(folder, REGISTRY, Access(port=0)) as gateway:
    gateway.turn()
    text = httpx.get(gateway.url + "/metrics", trust_env=False).text
    assert 'jobs_total{{who="a"}} 2.0' in text, text
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], timeout=60)
    folder.chmod(0o700)


def test_totals_are_a_journal_that_every_reader_reads(folder: Path) -> None:
    """The totals can be listed as any journal: nobody lives in it, nothing waits in it, and its counts are the sums."""
    from telemetry.journal import open_journal

    write_dead(Folder.open(folder), Dead(counts={"started": 4, "spans_shipped": 4}, processes=2))
    with open_journal(folder / DEAD_NAME) as reader:
        assert reader.identity.key == 0
        assert reader.has_ended
        assert reader.pending() == (0, 0)
        assert reader.open_spans() == []
        assert (reader.counts()["started"], reader.counts()["spans_shipped"]) == (4, 4)


def test_clock_that_jumps_keeps_every_count(folder: Path, make_gateway: MakeGateway) -> None:
    """Journals from the future and from 1970 are added up like all others; the series starts with the oldest."""
    for seconds in (0, 4_000_000_000):
        journal = write_journal(folder, [counter("jobs_total", 2.0, "a")])
        journal.set(extent.CREATED_NS, seconds * 10**9)
        os.utime(journal.path, (seconds, seconds))
    gateway = make_gateway()
    assert total(gateway) == 4.0
    gateway.turn()
    assert total(gateway) == 4.0
    assert journals(folder) == []
