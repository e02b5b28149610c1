"""`telemetry view` as a user runs it: sources, options, exit codes, and files that are whole or not there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journal import programs
from tests.journal.written import Journal, payload, record
from tests.view import documents

TRACES = [documents.trace_id(number) for number in range(3)]


def view(folder: Path, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    command = [sys.executable, "-c", "from telemetry.cli import main; main()", "view", *map(str, arguments)]
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A file of OTLP JSON lines with three traces."""
    return documents.demo(tmp_path / "build.jsonl")


def recorded(page: Path) -> dict[str, object]:
    """Read what a page holds."""
    text = page.read_text("utf-8").split('id="recording">')[1].split("</script>")[0]
    found: dict[str, object] = json.loads(text)
    return found


@pytest.mark.parametrize(
    ("form", "name"),
    [("html", "trace.html"), ("perfetto", "trace.perfetto.json"), ("speedscope", "trace.speedscope.json")],
)
def test_each_format_has_its_file(build: Path, form: str, name: str) -> None:
    """Without an output the file has a name that says what it is, and one line says what is in it."""
    run = view(build.parent, build, "--format", form)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == f"{name}: 3 traces, 87 spans, 1 failed, 6 log lines, 2 metrics\n"
    assert (build.parent / name).stat().st_size > 1000


def test_same_source_gives_the_same_bytes(build: Path, tmp_path: Path) -> None:
    """Two runs write the same file, whatever the order of hashes in the interpreter."""
    pages = []
    for seed in ("1", "2"):
        for form in ("html", "perfetto", "speedscope"):
            assert view(tmp_path, build, "-o", f"{form}-{seed}", "--format", form, PYTHONHASHSEED=seed).returncode == 0
            pages.append((tmp_path / f"{form}-{seed}").read_bytes())
    assert pages[:3] == pages[3:]


def test_one_trace_can_be_chosen(build: Path, tmp_path: Path) -> None:
    """The id of a trace, or how it begins, leaves the others out, and the page opens with it."""
    run = view(tmp_path, build, "--trace", TRACES[1].upper())
    assert run.returncode == 0
    page = recorded(tmp_path / "trace.html")
    assert page["opened"] == TRACES[1]
    assert run.stdout.startswith("trace.html: 1 trace, 61 spans, 1 failed, 2 log lines")


def test_unknown_traces_are_refused_with_the_nearest(build: Path, tmp_path: Path) -> None:
    """A trace that is not there is bad usage, and those whose ids are like it are named; nothing is written."""
    wanted = TRACES[2][:-1] + "f"
    run = view(tmp_path, build, "--trace", wanted)
    assert run.returncode == 2
    assert "there is no such trace; the nearest are: " in run.stderr
    assert TRACES[2] in run.stderr
    assert view(tmp_path, build, "--trace", "0000").stderr.count("several traces begin so") == 1
    assert not (tmp_path / "trace.html").exists()


def test_journals_and_bundles_show_the_same(tmp_path: Path, journal_folder: Path) -> None:
    """A folder of journals, a journal, and a bundle of it give the same spans, open ones too."""
    programs.run(programs.NESTED, journal_folder, "3")
    (journal,) = journal_folder.glob("*-*-*.journal")
    pack = [sys.executable, "-c", "from telemetry.cli import main; main()", "bundle", "pack", "-o", "b.tar.gz"]
    subprocess.run(
        [*pack, "--unsigned", "--journal", str(journal_folder)], cwd=tmp_path, check=True, capture_output=True
    )
    for source in (journal_folder, journal, "b.tar.gz"):
        run = view(tmp_path, source, "--json")
        assert run.returncode == 0, run.stderr
        said = json.loads(run.stdout)
        counts = {name: said[name] for name in ("traces", "spans", "failed", "open", "processes")}
        assert counts == {"traces": 1, "spans": 5, "failed": 0, "open": 2, "processes": 1}
        assert said["problems"] == []


def test_spans_of_a_running_process_are_open(tmp_path: Path, journal_folder: Path) -> None:
    """What a process is at just now is in the page, and is not taken for dead."""
    process = programs.start(programs.NESTED, journal_folder, "1", end="signal.pause()")
    try:
        assert json.loads(view(tmp_path, journal_folder, "--json").stdout)["open"] == 2
    finally:
        programs.stop(process)
    assert recorded(tmp_path / "trace.html")["processes"][0]["state"] == "running"  # type: ignore[index]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.3, 0.6, 0.9])
def test_half_a_journal_is_read_as_far_as_it_goes(tmp_path: Path, journal_folder: Path, share: float) -> None:
    """A journal that was cut short gives a page or one line that says why not; never a traceback."""
    programs.run(programs.NESTED, journal_folder, "50")
    (journal,) = journal_folder.glob("*-*-*.journal")
    cut = tmp_path / journal.name
    cut.write_bytes(journal.read_bytes()[: int(journal.stat().st_size * share)])
    run = view(tmp_path, cut)
    assert "Traceback" not in run.stderr
    assert run.returncode == (0 if (tmp_path / "trace.html").exists() else 1)
    assert run.returncode == 0 or run.stderr.startswith("telemetry: ")


def test_a_damaged_journal_does_not_hide_the_others(tmp_path: Path, journal_folder: Path) -> None:
    """In a folder, what can be read is shown, and what cannot is named."""
    programs.run(programs.NESTED, journal_folder, "3")
    (journal_folder / "1-2-3.journal").write_bytes(b"no journal" * 1000)
    run = view(tmp_path, journal_folder)
    assert run.returncode == 0
    assert "left out: 1-2-3.journal" in run.stderr
    assert "5 spans" in run.stdout


def test_a_bad_record_costs_one(tmp_path: Path, journal_folder: Path) -> None:
    """A span that is no protobuf text stands among others of its batch: they are shown, and it is counted."""
    journal_folder.mkdir(mode=0o700)
    journal = Journal(journal_folder / "4711-99-3e8.journal", key=1000, segment=8192, slots=4)
    journal.spans(range(1, 6))
    journal.put(payload(record(6, "broken")).replace(b"broken", b"\xff\xfe\xfdken"))
    journal.spans(range(7, 10))
    journal.close()
    run = view(tmp_path, journal_folder, "--json")
    said = json.loads(run.stdout)
    assert (run.returncode, said["spans"], said["problems"]) == (0, 8, ["spans that cannot be read: 1"])


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (None, 2, "there is no such file or folder"),
        (b"", 1, "no line of it is OTLP JSON"),
        (b"hello\n{}\n", 1, "no line of it is OTLP JSON"),
        (b"\x1f\x8b broken", 1, "telemetry: "),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes | None, status: int, said: str) -> None:
    """What is no recording is refused in one line, and nothing is written."""
    if content is not None:
        (tmp_path / "source").write_bytes(content)
    run = view(tmp_path, "source")
    assert run.returncode == status
    assert said in run.stderr and run.stderr.count("\n") == 1
    assert not (tmp_path / "trace.html").exists()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """A folder without journals says what to name instead."""
    (tmp_path / "nothing").mkdir()
    run = view(tmp_path, "nothing")
    assert run.returncode == 1
    assert "there is no journal in it" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "."], "that is a folder"),
        (["-o", "build.jsonl"], "that is the source"),
        (["-o", "missing/trace.html"], "No such file or directory"),
        (["-o", "-", "--json"], "standard output"),
        (["-o", "-", "--open"], "--open is for a page in a file"),
        (["--format", "speedscope", "--open"], "--open is for a page in a file"),
        (["--registry", "missing.json"], "missing.json"),
    ],
)
def test_bad_usage_is_refused(build: Path, arguments: list[str], said: str) -> None:
    """What cannot be meant ends with exit code 2 and says what to do; the source stays as it is."""
    before = build.read_bytes()
    run = view(build.parent, build.name, *arguments)
    assert (run.returncode, said in run.stderr) == (2, True), run.stderr
    assert build.read_bytes() == before
    assert sorted(each.name for each in build.parent.glob("*trace*")) == []


def test_standard_output_has_the_page_alone(build: Path) -> None:
    """With - as output the page is written there, and nothing else."""
    run = view(build.parent, build, "-o", "-")
    assert run.stdout.startswith("<!doctype html>") and run.stdout.endswith("</html>\n")
