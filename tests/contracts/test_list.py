"""`telemetry contracts list`: what may be recorded, for people and for programs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import typer
from tests.contracts.files import COUNTER, Files
from typer.testing import CliRunner, Result

from telemetry.cli.contracts.list import list as list_command
from telemetry.contracts import load_registry


def run(*arguments: object) -> Result:
    """Run the command with these arguments."""
    app = typer.Typer()
    app.command()(list_command)
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_columns_of_a_pack() -> None:
    """A row a metric, with the pack that declares it; a pack without spans shows none."""
    result = run("--pack", "cost")
    heads, *rows = result.stdout.splitlines()
    assert (result.exit_code, heads.split()[:4]) == (0, ["metric", "kind", "unit", "owner"])
    assert [row.split()[0] for row in rows] == list(load_registry(packs=["cost"]).metrics)
    assert rows[0].split()[1:5] == ["gauge", "usd", "devops", "cost"]


def test_spans_and_events_follow() -> None:
    """The pipeline's spans and log events have rows of their own, with what they hold."""
    text = run("--pack", "pipeline").stdout
    row = next(line for line in text.splitlines() if line.startswith("codegen.lower"))
    assert row.split()[1:3] == ["span", "pipeline"]
    assert "clause.id" in row
    assert "verify.block" in text


def test_json_has_values_and_requirements(files: Files) -> None:
    """A program learns the values of closed labels, and what spans must have."""
    path = files.write({"extends": ["pipeline"], "metrics": [{**COUNTER, "values": {"team": ["red"]}}]})
    content = json.loads(run("--json", path).stdout)
    assert (content["packs"], content["files"]) == (["pipeline"], [str(path)])
    metric = next(each for each in content["metrics"] if each["name"] == "builds_total")
    assert (metric["labels"]["team"], metric["source"]) == (["red"], "team")
    span = next(each for each in content["spans"] if each["name"] == "codegen.lower")
    assert {"name": "backend.name", "type": "string", "required": "always"} in span["attributes"]
    assert {each["name"] for each in content["events"]} == load_registry().events.keys()


def test_settings_name_the_files(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without files the command shows the registry of the settings."""
    monkeypatch.setenv("TELEMETRY_REGISTRY", str(files.write({"extends": [], "metrics": [COUNTER]})))
    assert run().stdout.splitlines()[1].split()[0] == "builds_total"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--pack", "cots"), "did you mean 'cost'?"),
        (("--pack", "cost", "team.json"), "no files"),
        (("no.json",), "no.json"),
    ],
)
def test_bad_usage(arguments: tuple[str, ...], words: str) -> None:
    """What cannot be shown is said in one line, with exit code 2."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_it_is_a_command_of_its_group() -> None:
    """`telemetry contracts list` runs as a process."""
    program = "import sys; from telemetry.cli import main; sys.argv[0] = 'telemetry'; main()"
    command = [sys.executable, "-c", program, "contracts", "list", "--pack", "tasks"]
    assert "task_retry_count" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
