"""`telemetry journal` as people and programs use it, on what real processes left."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import localtime, mktime, strftime, strptime, time
from typing import Any

import pytest
from tests.journal.programs import HOLDING, NESTED, run, start, stop
from tests.journal.written import SECOND, START_NS, Journal, record
from typer.testing import CliRunner, Result

from telemetry._hotpath import extent
from telemetry.cli.folders import OFF
from telemetry.cli.journal import app
from telemetry.journal import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the journal of a process that died in the compiler, after 12 spans."""
    run(NESTED, tmp_path / "specc", "12")
    return tmp_path / "specc"


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Journal]:
    """A journal of a process that nobody knows, in a folder of its own."""
    path = tmp_path / "mine"
    path.mkdir(mode=0o700)
    Folder.open(path)
    journal = Journal(path / "4711-99-3e8.journal")
    yield journal
    journal.close()


def telemetry(*arguments: object) -> Result:
    """Run `telemetry journal` with these arguments."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(each) for each in arguments])


def said(*arguments: object) -> Any:
    """Give what it says as JSON."""
    return json.loads(telemetry(*arguments, "--json").stdout)


def test_ls(folder: Path) -> None:
    """Each process stands in a line: its pid, service, state, and what waits in its journal."""
    done = telemetry("ls", folder)
    assert done.exit_code == 0
    heads, line = done.stdout.splitlines()
    assert heads.split()[:4] == ["pid", "service", "state", "age"]
    pid, service, state, *_, name = line.split()
    assert (service, state) == ("specc", "died")
    assert name.startswith(f"{pid}-")
    (row,) = said("ls", folder)["processes"]
    assert (row["pid"], row["spans_pending"], row["logs_pending"], row["open"]) == (int(pid), 12, 0, 2)
    assert 0 < row["bytes_on_disk"] < 4 << 20
    assert row["age_seconds"] < 60


def test_ls_tells_who_runs(tmp_path: Path) -> None:
    """A process that lives is running, one that came to its end has ended."""
    process = start(NESTED, tmp_path / "j", "1", end="signal.pause()")
    try:
        run(NESTED, tmp_path / "j", "1", end="pass")
        states = {row["pid"]: row["state"] for row in said("ls", tmp_path / "j")["processes"]}
        assert states.pop(process.pid) == "running"
        assert list(states.values()) == ["ended"]
        assert said("recover", tmp_path / "j")["processes"][0]["pid"] != process.pid
    finally:
        stop(process)


def test_the_newest_stands_last(written: Journal) -> None:
    """Processes are listed in the order in which their journals were made, whatever the names of the files are."""
    for pid, seconds in ((9, 1), (3, 3), (5, 2)):
        other = Journal(written.path.with_name(f"{pid}-99-{pid:x}0.journal"), key=16 * pid)
        other.set(extent.PID, pid)
        other.set(extent.CREATED_NS, START_NS + seconds * SECOND)
        other.close()
    lines = telemetry("ls", written.path.parent).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["pid", "4711", "9", "5", "3"]
    assert [row["pid"] for row in said("recover", written.path.parent)["processes"]] == [4711, 9, 5, 3]


def test_ls_of_those_that_died(folder: Path) -> None:
    """`--died` leaves out who runs and who came to its end; where nobody is left, a sentence says so."""
    run(NESTED, folder, "1", end="pass")
    assert len(said("ls", folder)["processes"]) == 2
    (row,) = said("ls", folder, "--died")["processes"]
    assert row["state"] == "died"
    assert len(telemetry("ls", folder, "--died").stdout.splitlines()) == 2
    Path(row["file"]).unlink()
    assert telemetry("ls", folder, "--died").stdout == f"no process that died has a journal in {folder}\n"


def test_folders_of_services(folder: Path, tmp_path: Path) -> None:
    """For the folder of several services all of them are listed."""
    run(NESTED, tmp_path / "other", "1")
    assert len(said("ls", tmp_path)["processes"]) == 2


def test_the_folder_of_the_settings(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without an argument it is the folder that is set, or else all services of the default place."""
    monkeypatch.setenv("TELEMETRY_JOURNAL", str(folder))
    assert len(said("ls")["processes"]) == 1
    monkeypatch.delenv("TELEMETRY_JOURNAL")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "telemetry").mkdir(mode=0o700)
    folder.rename(tmp_path / "telemetry" / "specc")
    assert len(said("ls")["processes"]) == 1


@pytest.mark.parametrize("command", ["ls", "ledger", "recover", "prune"])
def test_a_folder_without_journals_is_bad_usage(tmp_path: Path, command: str) -> None:
    """Exit code 2 and a sentence that names the folder, for every subcommand; and nothing is made there."""
    done = telemetry(command, tmp_path / "nothing")
    assert done.exit_code == 2
    assert f"there is no journal in {tmp_path / 'nothing'};" in done.stderr
    assert not (tmp_path / "nothing").exists()


def test_the_folder_that_was_looked_at_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So it is where no folder was given; and where journals are off, it is said in the words that all commands use."""
    monkeypatch.delenv("TELEMETRY_JOURNAL")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert f"there is no journal in {tmp_path / 'telemetry'};" in telemetry("ls").stderr
    monkeypatch.setenv("TELEMETRY_JOURNAL", "off")
    assert OFF in telemetry("ls").stderr


def test_ledger(folder: Path) -> None:
    """The ledger of each process, and their sum, say that nothing is missing."""
    done = telemetry("ledger", folder)
    assert done.exit_code == 0
    assert [line.split()[-1] for line in done.stdout.splitlines()] == ["balance", "balances", "balances"]
    found = said("ledger", folder)
    (row,) = found["processes"]
    assert (row["started"], row["pending"], row["open"], row["balances"]) == (14, 12, 2, True)
    assert row["lost"]["overwritten"] == row["lost"]["refused"] == 0
    assert (found["total"]["started"], found["balances"]) == (14, True)


def test_a_ledger_that_does_not_balance_fails(written: Journal) -> None:
    """Exit code 1, and what is unaccounted for is named."""
    written.spans(range(1, 4))
    written.set(extent.STARTED, 10)
    done = telemetry("ledger", written.path.parent)
    assert done.exit_code == 1
    assert "+7 UNACCOUNTED" in done.stdout


def test_losses_are_named(written: Journal) -> None:
    """What was lost stands in the ledger with its reason."""
    written.spans(range(1, 4))
    written.set(extent.STARTED, 10)
    written.set(extent.SPANS_OVERWRITTEN, 7)
    done = telemetry("ledger", written.path.parent)
    assert done.exit_code == 0
    assert "7 overwritten" in done.stdout


def test_unreadable_journals_are_said(written: Journal) -> None:
    """A journal that cannot be read is named with the reason, and no check passes over it."""
    bad = written.path.with_name("1-1-a.journal")
    bad.write_bytes(b"garbage")
    for command, code in (("ls", 0), ("ledger", 1), ("recover", 1)):
        done = telemetry(command, written.path.parent)
        assert done.exit_code == code
        assert "shorter than the header" in done.stderr
        assert said(command, written.path.parent)["unreadable"][0]["file"] == str(bad)


def test_recover_says_where_the_run_died(folder: Path) -> None:
    """The innermost open span is named with those around it, and the trace is drawn as a tree."""
    done = telemetry("recover", folder)
    assert done.exit_code == 0
    assert "12 finished records, 2 open spans" in done.stdout
    assert "at pipeline.run > compile.execute" in done.stdout
    assert "└─ compile.execute" in done.stdout
    assert "error.type=process_died" in done.stdout
    (row,) = said("recover", folder)["processes"]
    (stage,) = row["stages"]
    assert (row["finished"], row["closed"], stage["name"]) == (12, 2, "compile.execute")


def test_recover_says_when_the_run_died(folder: Path) -> None:
    """The last sign of life is said in local time, and how long ago it was."""
    head = telemetry("recover", folder).stdout.splitlines()[0]
    local, _, ago = head.partition(" died ")[2].partition(": ")[0].partition(", ")
    assert abs(mktime(strptime(local, "%Y-%m-%d %H:%M:%S")) - time()) < 60
    assert re.fullmatch(r"\d+ s ago", ago)


def test_a_process_without_a_record_died_when_it_began(written: Journal) -> None:
    """Where nothing was recorded the journal itself is the last sign of life."""
    began = strftime("%Y-%m-%d %H:%M:%S", localtime(START_NS // SECOND))
    assert f"died {began}, " in telemetry("recover", written.path.parent).stdout


def test_recover_counts_those_that_ended_in_order(folder: Path) -> None:
    """Only what went wrong is shown; the others are one line, and all of them stand in the JSON and in the file."""
    for _ in range(2):
        run(NESTED, folder, "3", end="pass")
    done = telemetry("recover", folder, "--output", folder / "out")
    assert len(re.findall(r"^\d+ specc", done.stdout, re.MULTILINE)) == 1
    assert done.stdout.splitlines()[-1] == "2 processes ended in order: 10 finished records, nothing open"
    assert len(said("recover", folder)["processes"]) == 3
    assert (folder / "out").read_text().count('"spanId"') == 14 + 10


def test_recover_shows_an_end_with_something_open(written: Journal) -> None:
    """A process that came to its end while a span was open is shown, and so is one whose records are damaged."""
    written.set(extent.STATE, extent.ENDED)
    places = written.spans([1])
    assert telemetry("recover", written.path.parent).stdout == (
        "1 process ended in order: 1 finished record, nothing open\n"
    )
    written.begin(replace(record(2), end_ns=0))
    done = telemetry("recover", written.path.parent)
    assert re.search(r"^4711  ended .*: 1 finished record, 1 open span$", done.stdout, re.MULTILINE)
    assert "ended in order" not in done.stdout
    written.write(written.table_at, bytes(8))
    written.flip(places[0] + 40)
    written.spans([3])
    assert "1 finished record, 0 open spans, 1 corrupt" in telemetry("recover", written.path.parent).stdout


def test_recover_writes_otlp_json(folder: Path, tmp_path: Path) -> None:
    """The file has each span once, as a Collector reads it: resource, ids in hex, the recovered ones marked."""
    output = tmp_path / "out.jsonl"
    assert telemetry("recover", folder, "--output", output).exit_code == 0
    requests = [json.loads(line) for line in output.read_text().splitlines()]
    (resource,) = {json.dumps(each["resourceSpans"][0]["resource"]) for each in requests}
    assert '"service.name"' in resource
    spans = [span for each in requests for scope in each["resourceSpans"][0]["scopeSpans"] for span in scope["spans"]]
    assert len({span["spanId"] for span in spans}) == len(spans) == 14
    marked = [span for span in spans if any(pair["key"] == "telemetry.recovered" for pair in span["attributes"])]
    assert {span["name"] for span in marked} == {"pipeline.run", "compile.execute"}
    assert all(len(span["traceId"]) == 32 and len(span["spanId"]) == 16 for span in spans)


def test_recover_says_what_is_damaged(written: Journal, tmp_path: Path) -> None:
    """Damage costs the damaged record, is said, and makes the exit code 1; the rest is written."""
    places = written.spans(range(1, 6))
    written.flip(places[2] + 40)
    written.begin(replace(record(50), end_ns=0))
    output = tmp_path / "out.jsonl"
    done = telemetry("recover", written.path.parent, "--output", output)
    assert done.exit_code == 1
    assert "4 finished records, 1 open span, 1 corrupt" in done.stdout
    assert output.read_text().count('"spanId"') == 5


def test_recover_to_nowhere(folder: Path, tmp_path: Path) -> None:
    """A file that cannot be written is bad usage."""
    done = telemetry("recover", folder, "--output", tmp_path / "no" / "out.jsonl")
    assert done.exit_code == 2
    assert "No such file" in done.stderr


def test_names_do_not_steer_the_terminal(written: Journal) -> None:
    """What a journal says is shown, and never obeyed."""
    written.note(extent.NOTE_TERMS, {"service": "\x1b[31mred\n"})
    written.begin(replace(record(1, "\x1b]0;title\x07"), end_ns=0))
    for command in ("ls", "ledger", "recover"):
        assert "\x1b" not in telemetry(command, written.path.parent).stdout


def test_prune_keeps_what_waits(folder: Path) -> None:
    """Journals with something that nobody has taken yet stay, which is said, unless all are to go."""
    assert telemetry("prune", folder).stdout == (
        "kept 1 journal: 1 with pending records; --all removes those of processes that run no more\n"
    )
    assert len(list(folder.glob("*.journal"))) == 1
    assert len(said("prune", folder, "--all")["removed"]) == 1
    assert list(folder.glob("*.journal")) == []
    assert telemetry("prune", folder).stdout == f"there is nothing to remove in {folder}\n"


def test_prune_removes_what_is_spent(written: Journal) -> None:
    """A journal whose records were all taken, and whose metrics were folded, goes."""
    written.spans(range(1, 4))
    written.set(extent.PAGES_USED, 64)
    written.set(extent.CURSOR, extent.cursor(1, written.head))
    written.set(extent.SPANS_SHIPPED, 3)
    (kept,) = said("prune", written.path.parent)["kept"]
    assert kept == {"file": str(written.path), "state": "died", "reason": "with metrics that are not folded"}
    written.set(extent.FOLDED, 1)
    assert said("prune", written.path.parent)["removed"] == [str(written.path)]
    assert not written.path.exists()


def test_prune_leaves_the_living_alone(tmp_path: Path) -> None:
    """The journal of a process that runs is never removed."""
    process = start(NESTED, tmp_path / "j", "1", end="signal.pause()")
    try:
        done = said("prune", tmp_path / "j", "--all")
        assert (done["removed"], done["failed"]) == ([], [])
        assert telemetry("prune", tmp_path / "j").stdout == "kept 1 journal: 1 of a running process\n"
    finally:
        stop(process)


def test_prune_names_what_it_cannot_read(written: Journal) -> None:
    """A journal that cannot be read stays too, and is named."""
    bad = written.path.with_name("1-1-a.journal")
    bad.write_bytes(b"garbage")
    done = telemetry("prune", written.path.parent)
    assert (done.exit_code, done.stdout) == (0, f"removed {written.path}\n")
    assert f"{bad}: " in done.stderr


def test_prune_says_that_open_spans_wait(written: Journal) -> None:
    """A span that nobody has closed yet is a reason of its own."""
    written.begin(replace(record(1), end_ns=0))
    assert "kept 1 journal: 1 with open spans; --all" in telemetry("prune", written.path.parent).stdout


def test_prune_leaves_what_is_shipped_alone(written: Journal) -> None:
    """While somebody ships a journal it stays, and the exit code says so."""
    process = start(HOLDING, written.path.parent, "1001", end="signal.pause()")
    try:
        done = telemetry("prune", written.path.parent, "--all")
        assert done.exit_code == 1
        assert "it is being shipped" in done.stderr
        assert written.path.exists()
    finally:
        stop(process)
    assert telemetry("prune", written.path.parent, "--all").exit_code == 0
    assert not written.path.exists()


def test_at_a_terminal(folder: Path) -> None:
    """At a terminal the heads are emphasised; elsewhere there is nothing but text."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-c", "from telemetry.cli.journal import app; app()", "ls", str(folder)]
    with subprocess.Popen(command, stdout=theirs, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the end of a terminal is EIO on Linux
            while data := os.read(ours, 4096):
                shown += data
    os.close(ours)
    assert process.returncode == 0
    assert b"\x1b[1m" in shown
    assert b"specc" in shown
    assert "\x1b" not in telemetry("ls", folder).stdout
