"""The command `python -m benchmarks`, run for real with the shortest of efforts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from benchmarks import __main__ as command
from benchmarks import suite
from benchmarks.gates import Gate
from benchmarks.harness import Effort
from benchmarks.rows import ROWS
from benchmarks.table import duration

ROOT = Path(__file__).parents[2]
QUICK_ROUNDS = command.QUICK.rounds
BRIEF = Effort(rounds=2, round_ns=200_000)


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep runs within this process as short as they can be."""
    monkeypatch.setattr(command, "QUICK", BRIEF)


def test_row_runs_in_a_fresh_process() -> None:
    """A row comes back with its cases in order, two floors, and times that are times."""
    result = suite.run("floor", BRIEF)
    assert [each.name for each in result.measurements] == [case.name for case in ROWS["floor"]]
    assert [each.name for each in result.floors] == ["floor", "floor again"]
    assert 10 < result.floor.wall_min_ns < 100_000
    assert result.noise >= 0


def test_failing_row_is_an_error_with_its_cause() -> None:
    """A row that fails in its process is an error that carries what the process said."""
    with pytest.raises(RuntimeError, match=r"(?s)row 'absent' failed.*KeyError"):
        suite.run("absent", BRIEF)


def test_command_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    """The command prints the cases and writes all rounds with the machine that they were measured on."""
    output = tmp_path / "rows.json"
    arguments = ["--quick", "--rows", "floor/*", "--json", str(output)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert "x FLOOR" in done.stdout
    assert "all, 12 other variables" in done.stdout
    document = json.loads(output.read_text())
    assert document["machine"]["python"].startswith("CPython 3.")
    (row,) = document["results"]
    cases = {case["name"]: case for case in row["cases"]}
    assert set(cases) == {"floor", "floor again", *(case.name for case in ROWS["floor"])}
    assert len(cases["floor/pass"]["wall_ns"]) == QUICK_ROUNDS


def test_unknown_row_is_bad_usage() -> None:
    """A pattern that selects nothing is refused with the names that exist."""
    with pytest.raises(typer.BadParameter, match="no row or case is named 'nothing'; the rows are floor, stage"):
        command.main("nothing", quick=True)


def test_gate_fails_after_three_attempts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A bound that nothing can keep is tried three times, then fails with exit code 1 and says by how much."""
    runs: list[str] = []
    run = suite.run

    def counted(row: str, effort: Effort, *, pattern: str) -> suite.Result:
        runs.append(row)
        return run(row, effort, pattern=pattern)

    monkeypatch.setattr(suite, "run", counted)
    monkeypatch.setattr("benchmarks.gates.GATES", (Gate("floor/pass", 0.001),))
    with pytest.raises(typer.Exit) as exit_:
        command.main("floor/pass", quick=True, gate=True)
    assert exit_.value.exit_code == 1
    assert runs == ["floor"] * 3
    shown = capsys.readouterr().out
    assert "FAIL floor/pass: 0." in shown
    assert "x FLOOR, at most 0.001" in shown


def test_gate_passes_at_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A bound that is kept costs one run and returns."""
    monkeypatch.setattr("benchmarks.gates.GATES", (Gate("floor/pass", 100),))
    command.main("floor/pass", quick=True, gate=True)
    assert "ok   floor/pass: 0." in capsys.readouterr().out


def test_durations_read_well() -> None:
    """Times are written with the unit that needs few digits."""
    assert [duration(ns) for ns in (0.0, 31.96, 231.96, 63_641.1, 8.2e6, -1.5e9)] == [
        "0 ns",
        "32 ns",
        "232 ns",
        "63.6 us",
        "8.2 ms",
        "-1.5 s",
    ]


def test_settings_of_the_shell_do_not_reach_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that would break or change a measured library is taken away from the row's process."""
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "many")
    result = suite.run("span", BRIEF, pattern="*/opentelemetry")
    assert [each.name for each in result.measurements] == ["span/opentelemetry"]
