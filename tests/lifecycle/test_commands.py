"""`telemetry contracts lifecycle` and `telemetry contracts coverage`, as people and programs use them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.contracts.files import COUNTER, Files
from tests.lifecycle.pages import project
from typer.testing import CliRunner, Result

from telemetry.cli.contracts.coverage import coverage
from telemetry.cli.contracts.lifecycle import lifecycle
from telemetry.contracts import CODES

NEW = {**COUNTER, "name": "image_builds_total"}
OLD = {**COUNTER, "stability": "deprecated", "since": "2026-01-31", "replaced_by": NEW["name"]}


@pytest.fixture
def registry(files: Files) -> Path:
    """Declare a metric that is being renamed."""
    return files.write({"extends": [], "metrics": [OLD, NEW]})


def run(command: Callable[..., Any], *arguments: object) -> Result:
    """Run a command with these arguments."""
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.mark.parametrize(("day", "code"), [("2026-02-14", 0), ("2026-02-15", 1)])
def test_the_exit_code_follows_the_day(registry: Path, day: str, code: int) -> None:
    """Within its window a metric harms no check; the day after the check fails."""
    assert run(lifecycle, registry, "--as-of", day).exit_code == code


def test_people_get_a_table(registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row for each metric that is about to go, and a line for each finding, with paths from here."""
    monkeypatch.chdir(registry.parent)
    done = run(lifecycle, registry, "--as-of", "2026-02-20")
    late = "TC201 builds_total is deprecated since 2026-01-31, which is 6 days longer than 14 days"
    assert done.stdout.splitlines() == [
        "metric        state       since       days left  successor",
        "builds_total  deprecated  2026-01-31         -6  image_builds_total",
        "",
        f"team.json#/metrics/0/since: {late}; hide it, or remove it",
        "findings: 1",
    ]


def test_programs_get_json(registry: Path, tmp_path: Path) -> None:
    """The day, the metrics with their days, and the findings; those of texts have a line."""
    notes = project(tmp_path / "project") / "notes.md"
    notes.write_text("\nbuilds_total\n")
    done = run(lifecycle, registry, "--as-of", "2026-02-01", "--scan", notes, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["as_of"]) == (1, "2026-02-01")
    assert [(each["name"], each["days_left"], each["successor"]) for each in told["metrics"]] == [
        ("builds_total", 13, "image_builds_total")
    ]
    assert [(each["code"], each["line"]) for each in told["findings"]] == [("TC205", 2)]


def test_code_scanning_gets_lines(registry: Path, tmp_path: Path) -> None:
    """SARIF has the file and the line of each use of an old name, and the name of the command."""
    notes = project(tmp_path / "project") / "notes.md"
    notes.write_text("\nbuilds_total\n")
    log = json.loads(run(lifecycle, registry, "--as-of", "2026-02-01", "--scan", notes, "--sarif").stdout)
    (scan,) = log["runs"]
    (result,) = scan["results"]
    place = result["locations"][0]["physicalLocation"]
    assert scan["tool"]["driver"]["name"] == "telemetry contracts lifecycle"
    assert (result["ruleId"], place["region"]) == ("TC205", {"startLine": 2})
    assert place["artifactLocation"]["uri"] == notes.as_uri()


def test_several_places_are_scanned(registry: Path, tmp_path: Path) -> None:
    """Files and folders may be named together; a warning harms no check."""
    root = project(tmp_path / "project")
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    clean = run(
        lifecycle, registry, "--as-of", "2026-02-01", "--scan", root / "tests", "--scan", tmp_path / "latin.txt"
    )
    assert (clean.exit_code, "TC209" in clean.stdout) == (0, True)
    used = run(lifecycle, registry, "--as-of", "2026-02-01", "--scan", root / "app", "--scan", root / "rules")
    assert (used.exit_code, used.stdout.count("TC205")) == (1, 2)


def test_all_packs_are_well() -> None:
    """Without files and settings the command looks at all shipped packs, today."""
    done = run(lifecycle)
    assert (done.exit_code, done.stdout) == (0, "findings: 0\n")


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        (lifecycle, ("--as-of", "soon"), "must be a day, such as 2026-01-31"),
        (lifecycle, ("--scan", "nowhere"), "there is no such file or folder"),
        (lifecycle, ("--json", "--sarif"), "keep one"),
        (coverage, (), "name what is to be looked at"),
        (coverage, ("--code", "nowhere"), "there is no such file or folder"),
        (coverage, ("--fail-under", "101", "--code", "."), ""),
    ],
)
def test_bad_usage(registry: Path, command: Callable[..., Any], arguments: tuple[str, ...], words: str) -> None:
    """What cannot be meant ends with 2, and says what is wrong."""
    done = run(command, registry, *arguments)
    assert (done.exit_code, words in done.stderr) == (2, True)


@pytest.mark.parametrize(("percent", "code"), [(0, 0), (50, 0), (50.1, 1)])
def test_a_share_may_be_asked_for(registry: Path, tmp_path: Path, percent: float, code: int) -> None:
    """The check fails where any share is less."""
    page = tmp_path / "page.json"
    page.write_text('{"expr": "image_builds_total"}')
    more = {**COUNTER, "name": "more_total"}
    registry.write_text(json.dumps({"extends": [], "metrics": [NEW, more]}))
    assert run(coverage, registry, "--dashboards", page, "--fail-under", percent).exit_code == code


def test_coverage_for_people_and_programs(registry: Path, tmp_path: Path) -> None:
    """A row for each kind and side; JSON has the gaps as findings too, and an orphan call fails the check."""
    page = tmp_path / "code.py"
    page.write_text("import telemetry\ntelemetry.metric('image_builds_total')\n")
    done = run(coverage, registry, "--code", page)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].split() == ["metrics", "code", "1", "1", "100", "%"]
    page.write_text("import telemetry\ntelemetry.metric('image_build_total')\n")
    done = run(coverage, registry, "--code", page, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["shares"][0]["percent"], told["shares"][0]["missing"]) == (1, 0.0, [NEW["name"]])
    assert {each["code"] for each in told["findings"]} == {"TC501", "TC505"}


@pytest.mark.parametrize("command", ["lifecycle", "coverage"])
def test_they_are_commands_of_their_group(command: str) -> None:
    """`telemetry contracts lifecycle --help` and its sibling run as processes."""
    program = "import sys; from telemetry.cli import main; sys.argv[0] = 'telemetry'; main()"
    arguments = [sys.executable, "-c", program, "contracts", command, "--help"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Exit code 0, 1 when" in done.stdout


def test_the_documentation_lists_the_codes() -> None:
    """Each code of the two commands that the other page has not is in a table, with its name."""
    text = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `(TC[25]\d\d)` \| `(\w+)` \|", text, re.MULTILINE))
    elsewhere = {"TC203", "TC204", "TC206", "TC207", "TC208"}
    assert listed == {code: kind.name for code, kind in CODES.items() if code[2] in "25" and code not in elsewhere}
