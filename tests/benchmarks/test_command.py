"""The command `python -m benchmarks`, run for real with the shortest of efforts."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import typer
from benchmarks import __main__ as command
from benchmarks import suite, verdicts
from benchmarks.budgets import Budget
from benchmarks.harness import Effort
from benchmarks.rows import ROWS
from benchmarks.table import amount

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
    assert [each.name for each in result.measurements] == [case.name for case in ROWS["floor"].cases]
    assert [each.name for each in result.floors] == ["floor", "floor again"]
    assert result.floor is not None
    assert 10 < result.floor.least < 100_000
    assert result.twin in {"pure", "compiled"}
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
    assert set(cases) == {"floor", "floor again", *(case.name for case in ROWS["floor"].cases)}
    assert len(cases["floor/pass"]["costs"]) == len(cases["floor/pass"]["beside"]) == QUICK_ROUNDS
    assert cases["floor/pass"]["floors_least"] < 1


def test_unknown_row_is_bad_usage() -> None:
    """A pattern that selects nothing is refused with the names that exist."""
    with pytest.raises(typer.BadParameter, match="no row or case is named 'nothing'; the rows are floor, stage"):
        command.main("nothing", quick=True)


def bounded(monkeypatch: pytest.MonkeyPatch, most: float) -> None:
    """Leave one bound: what the passing on alone may cost, in floors."""
    budget = Budget("floor/pass", "floor", {"pure": most, "compiled": most}, most)
    monkeypatch.setattr(command, "read_budgets", lambda: (budget,))
    monkeypatch.setattr(verdicts, "CROWDED", 99.0)


def test_broken_bound_fails_after_three_attempts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bound that nothing can keep is tried three times, then fails with exit code 1 and says by how much."""
    runs: list[str] = []
    run = suite.run

    def counted(row: str, effort: Effort, *, pattern: str) -> suite.Result:
        runs.append(row)
        return run(row, effort, pattern=pattern)

    monkeypatch.setattr(suite, "run", counted)
    bounded(monkeypatch, 0.0001)
    with pytest.raises(typer.Exit) as exit_:
        command.main("floor/pass", quick=True, check=True)
    assert exit_.value.exit_code == 1
    assert runs == ["floor"] * 3
    shown = capsys.readouterr().out
    assert "FAILED: 1" in shown
    assert "FAIL floor/pass: 0." in shown
    assert "x FLOOR, at most 0.0001" in shown


def test_kept_bound_passes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A bound that is kept returns, and the summary says whose bounds were kept."""
    bounded(monkeypatch, 10_000)
    command.main("floor/pass", quick=True, check=True)
    shown = capsys.readouterr().out
    assert "ok   floor/pass: 0." in shown
    assert "1 of 1 bounds kept for the " in shown


def test_crowded_machine_is_said_loudly_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where others use more of the machine than can be borne, even a bound that nothing keeps is not judged."""
    bounded(monkeypatch, 0.0001)
    monkeypatch.setattr(verdicts, "CROWDED", -1.0)
    command.main("floor/pass", quick=True, check=True)
    shown = capsys.readouterr().out
    assert "0 of 1 bounds kept" in shown
    assert "NOT ENOUGH DATA for 1 of them, which is no pass" in shown


def test_plot_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`--plot` leaves a picture of the rows that ran, without any library for pictures."""
    output = tmp_path / "rows.svg"
    command.main("floor/*", plot_file=output, quick=True)
    root = ET.fromstring(output.read_text())
    assert root.tag.endswith("svg")
    assert "matplotlib" not in sys.modules


def test_costs_read_well() -> None:
    """Costs are written with the unit that needs few digits."""
    assert [amount(ns) for ns in (0.0, 31.96, 231.96, 63_641.1, 8.2e6, -1.5e9)] == [
        "0 ns",
        "32 ns",
        "232 ns",
        "63.6 us",
        "8.2 ms",
        "-1.5 s",
    ]
    assert [amount(size, "bytes") for size in (12.0, 1381.0, 9.01e6)] == ["12 B", "1.38 kB", "9.01 MB"]


def test_settings_of_the_shell_do_not_reach_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that would break or change a measured library is taken away from the row's process."""
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "many")
    result = suite.run("span", BRIEF, pattern="*/opentelemetry")
    assert [each.name for each in result.measurements] == ["span/opentelemetry"]
