"""The documentation of the contracts is right: its example loads, and it names what there is."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
import re
from pathlib import Path

import pytest
import typer
from tests.contracts.files import Files
from typer.testing import CliRunner

from telemetry import contracts
from telemetry.cli.contracts.check import check
from telemetry.contracts import RULES, SCHEMA_PATH, load_registry

TEXT = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text(encoding="utf-8")
MODULES = [f"telemetry.contracts.{each.name}" for each in pkgutil.iter_modules(contracts.__path__)]


def table_after(heading: str) -> set[str]:
    """Read the names in the first column of the first table after a heading."""
    table = TEXT.partition(f"{heading}\n")[2].partition("\n|---")[2].partition("\n\n")[0]
    return {
        name
        for line in table.splitlines()
        for name in re.findall("`([^`]+)`", line.split("|")[1:2][0] if "|" in line else "")
    }


def test_the_example_loads(files: Files) -> None:
    """The file that the documentation shows is right, and does what the text says of it."""
    example = TEXT.partition("```json\n")[2].partition("```")[0]
    registry = files.load(json.loads(example))
    push = registry.metric("image_push_duration_seconds")
    assert push.label_breach("registry_kind", "secret") == (
        "image_push_duration_seconds: label 'registry_kind' must be one of private, public; it is 'secret'"
    )
    span = registry.span("image.push")
    assert span.breaches({"host.kind": "online"}, failed=False, common=registry.attributes) == [
        "'image.digest' is missing"
    ]
    assert "frozen" in registry.metric("backend_maturity").values["maturity"]
    line = dict.fromkeys(("run_id", "organization_slug", "component"), "x") | {
        "severity": "error",
        "env": "staging",
    }
    assert registry.event("image.pushed").breaches(line, "error", registry.fields) == ["'error_code' is missing"]


def test_the_example_passes_the_check_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page says that the check says of its file is what it says, also with the description that it names."""
    example = json.loads(TEXT.partition("```json\n")[2].partition("```")[0])
    shown = TEXT.partition("$ telemetry contracts check contracts/team.json\n")[2]
    monkeypatch.chdir(tmp_path)
    path = Path("contracts/team.json")
    path.parent.mkdir()
    program = typer.Typer()
    program.command()(check)
    for description, begins in ((None, ""), ("pushes", "```text\n")):
        example["metrics"][0]["description"] = description or example["metrics"][0]["description"]
        path.write_text(json.dumps(example))
        expected = (shown.partition(begins)[2] if begins else shown).partition("```")[0]
        assert CliRunner().invoke(program, [str(path)]).stdout == expected


def test_every_key_is_explained() -> None:
    """The tables have each key of the format."""
    schema = json.loads(Path(SCHEMA_PATH).read_text())
    assert table_after("## A file of your own") >= schema["properties"].keys() - {"$schema"}
    assert table_after("### Metrics") == schema["$defs"]["metric"]["properties"].keys()
    assert (
        table_after("### Spans, attributes, fields, events") | {"description"}
        == schema["$defs"]["attribute"]["properties"].keys()
    )


def test_every_rule_is_explained() -> None:
    """The table has each naming rule."""
    assert table_after("### Naming rules") == set(RULES)


def test_the_pack_is_listed() -> None:
    """The lists have each metric, span and event of the pack, and no others."""
    pack = load_registry(packs=["pipeline"])
    section = TEXT.partition("## What is in the pack `pipeline`\n")[2].partition("\n## ")[0]
    for heading, table in (("Metrics", pack.metrics), ("Spans", pack.spans), ("Events", pack.events)):
        part = section.partition(f"**{heading}**")[2].partition("\n- **")[0].partition(". Each")[0]
        assert set(re.findall("`([^`]+)`", part)) == set(table), heading


@pytest.mark.parametrize("name", [*MODULES, "telemetry.config"])
def test_examples_in_docstrings(name: str) -> None:
    """What docstrings show is what happens."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0
