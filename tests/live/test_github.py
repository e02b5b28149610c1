"""On GitHub, commands annotate the code and write a summary; there and elsewhere they fail for findings alone."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.live.programs import look
from tests.live.requests import span, traces
from typer import Typer
from typer.testing import CliRunner

from telemetry.cli.contracts.check import check
from telemetry.cli.github import Annotation, cell, command, fold
from telemetry.cli.pointer import line_of

BROKEN = """{
  "name": "team",
  "metrics": [
    {
      "name": "builds_total", "kind": "counter", "unit": "count",
      "description": "builds, 100%: all", "owner": "pipeline", "labels": ["environment"]
    }
  ]
}
"""


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make this look like a step of GitHub Actions; give the file of its summary."""
    summary = tmp_path / "summary.md"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    return summary


def checked(*arguments: str) -> Any:
    """Run `telemetry contracts check`."""
    app = Typer()
    app.command()(check)
    return CliRunner().invoke(app, list(arguments))


def test_a_mistake_is_shown_at_its_line(step: Path, tmp_path: Path) -> None:
    """`contracts check` names file and line of what is wrong, escaped as GitHub wants it, and writes a summary."""
    (tmp_path / "a,b").mkdir()
    (tmp_path / "a,b" / "team.json").write_text(BROKEN)
    done = checked("a,b/team.json")
    (annotation,) = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert done.exit_code == 1
    assert annotation.startswith("::error file=a%2Cb/team.json,line=6,title=telemetry TC124::/metrics/0/description: ")
    assert "100%25: all" in annotation
    text = step.read_text()
    assert "### Telemetry contracts: ❌ failed" in text and "| error | TC124 |" in text


def test_nothing_wrong_is_said_too(step: Path) -> None:
    """A check that passes leaves a summary and no annotation."""
    done = checked()
    assert (done.exit_code, done.stdout) == (0, "findings: 0\n")
    assert "✅ passed" in step.read_text()


def test_json_stays_json(step: Path, tmp_path: Path) -> None:
    """With `--json` the standard output is for the program; annotations go to standard error, which GitHub reads."""
    (tmp_path / "run.jsonl").write_text(traces(span("spec.pars")))
    found = look(tmp_path / "run.jsonl", "--json")
    assert found.report["verdict"] == "failed"
    assert found.said.startswith("::error title=telemetry TC601::span spec.pars: the registry has no such span")
    assert "| of contracts | 0 % | 0 of 27 |" in step.read_text()


def test_elsewhere_nothing_is_added(step: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of GitHub there are neither annotations nor a summary."""
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    (tmp_path / "team.json").write_text(BROKEN)
    assert "::" not in checked("team.json").stdout
    assert not step.exists()


def test_a_summary_that_cannot_be_written_fails_nothing(step: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check passes all the same, and says so."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step / "no" / "such" / "folder"))
    done = checked()
    assert (done.exit_code, "the step summary cannot be written" in done.stderr) == (0, True)


def test_a_summary_keeps_the_limit(step: Path, tmp_path: Path) -> None:
    """GitHub refuses more than 1 MiB of a step: what comes last is cut, and says where the rest is."""
    step.write_text("x" * 1_000_000)
    (tmp_path / "run.jsonl").write_text("".join(traces(span(f"get.{number}")) for number in range(900)))
    assert look(tmp_path / "run.jsonl").status == 1
    assert step.stat().st_size <= 1024 * 1024
    assert step.read_text().endswith("the rest is in the log of the step.\n")


def test_text_is_no_command(step: Path, tmp_path: Path) -> None:
    """What a program recorded begins no line of its own, so it gives GitHub no commands."""
    name = "a\n::add-mask::b\n::error::c"
    (tmp_path / "run.jsonl").write_text(traces(span(name)))
    lines = look(tmp_path / "run.jsonl").text.splitlines()
    assert [line for line in lines if line.startswith("::")] == [lines[-1]]
    assert lines[-1].startswith("::error title=")


@given(st.text(), st.text(), st.text())
def test_an_annotation_is_one_line_and_can_be_read_back(message: str, title: str, file: str) -> None:
    """Whatever its texts are: as GitHub's runner takes it apart, they come out again."""
    line = command(Annotation("warning", message, title, file, 3))
    assert "\n" not in line and "\r" not in line
    match = re.fullmatch(r"::warning ?(.*?)::(.*)", line, re.DOTALL)
    assert match is not None
    given_properties = dict(part.split("=", 1) for part in match[1].split(",") if part)

    assert back(match[2], "%25", "%0D", "%0A") == message
    codes = ("%25", "%0D", "%0A", "%3A", "%2C")
    assert back(given_properties.get("file", ""), *codes) == file
    assert back(given_properties.get("title", ""), *codes) == title


def back(text: str, *codes: str) -> str:
    """Read escaped text, each of these codes for its character."""
    return re.sub("|".join(codes), lambda found: chr(int(found[0][1:], 16)), text)


def test_cells_and_folds_hold_anything() -> None:
    """A cell is one line without markup, and a fold is closed by its own fence only."""
    assert cell("a|b\n<i>`c`") == "a\\|b &lt;i>\\`c\\`"
    assert fold("spans", "```\n<b>").count("````") == 2


def test_pointers_lead_to_lines() -> None:
    """Each member and item of a document is found at its line, and what is missing at what would be around it."""
    document = {"a~/b": [{"c": 1}, {"c": [1, 2, {"d": "}],{"}]}], "e": {"f": {}, "g": None}, "": 3}
    text = json.dumps(document, indent=1)
    lines = text.splitlines()
    for pointer, words in (
        ("/a~0~1b", '"a~/b": ['),
        ("/a~0~1b/1/c/2/d", '"d": "}],{"'),
        ("/a~0~1b/0/c", '"c": 1'),
        ("/e/f", '"f": {}'),
        ("/e/g", '"g": null'),
        ("/", '"": 3'),
        ("/e/none/of/it", '"e": {'),
    ):
        assert lines[line_of(text, pointer) - 1].strip().rstrip(",") == words
    assert line_of(text, "") == line_of(text, "/none") == 1
    assert os.linesep == "\n"
