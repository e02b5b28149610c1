"""What `telemetry contracts docs` writes: a page that says all, and a schema that agrees with the contracts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator
from tests.contracts.files import ATTRIBUTE, COUNTER, EVENT, GAUGE, HISTOGRAM, SPAN, SUMMARY, Files
from tests.logs.lines import LogFile
from typer.testing import CliRunner, Result

from telemetry.cli.contracts.docs import docs
from telemetry.contracts import AttributeContract, EventContract, Registry, load_registry, render_documentation
from telemetry.logs import get_logger, use_channel

DOCS = Path(__file__).parents[2] / "docs"
LOG_SCHEMA = json.loads((DOCS / "log.schema.json").read_text())
REGISTRY = load_registry()
WITH_FIELDS = sorted(name for name, event in REGISTRY.events.items() if event.fields)
TEAM: Mapping[str, Any] = {
    "extends": [],
    "enumerations": {"environment": ["staging"]},
    "metrics": [
        {**COUNTER, "stability": "deprecated", "since": "2026-01-31", "replaced_by": "queue_depth"},
        {**GAUGE, "range": [0, 9], "values": {"team": ["a", "b"]}},
        {**HISTOGRAM, "waive": {"bounded_labels": "It is | <b>\n# small"}, "labels": ["environment", "path"]},
        SUMMARY,
    ],
    "spans": [{**SPAN, "attributes": [{**ATTRIBUTE, "class": "secret", "treatment": "hash"}]}],
    "events": [EVENT],
    "cardinality": {"staging": 7},
}


def run(*arguments: object) -> Result:
    """Run the command with these arguments."""
    app = typer.Typer()
    app.command()(docs)
    return CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture
def written(files: Files, tmp_path: Path) -> tuple[Path, Path]:
    """A registry file, and the folder that its documentation was written to."""
    registry, folder = files.write(TEAM), tmp_path / "docs"
    folder.mkdir()
    assert run("--registry", registry, "--output", folder).exit_code == 0
    return registry, folder


def test_ours_is_fresh() -> None:
    """The page and the schema of the project say what its packs say; `telemetry contracts docs` writes them anew."""
    done = run("--check", "--output", DOCS)
    assert (done.exit_code, done.output) == (0, "")


def test_the_page_names_everything() -> None:
    """Each metric, span, event and common attribute of the shipped packs has its place, in the order of names."""
    page = (DOCS / "data_contracts.md").read_text()
    named = [*REGISTRY.metrics, *REGISTRY.spans, *REGISTRY.events, *REGISTRY.attributes, *REGISTRY.fields]
    assert [name for name in named if f"`{name}`" not in page] == []
    pipeline = page.partition("## Pack `pipeline`")[2].partition("## Pack")[0]
    rows = [line.split("`")[1] for line in pipeline.partition("### Spans")[0].splitlines() if line.startswith("| `")]
    assert rows == sorted(REGISTRY.metrics)
    assert "`outcome` (blocked, passed)" in pipeline


def test_the_page_says_what_was_agreed(written: tuple[Path, Path]) -> None:
    """Kind, unit, limits, successors, secrets and reasons are there, and no text breaks a table."""
    page = (written[1] / "data_contracts.md").read_text()
    for words in (
        "5 metrics, 1 spans and 1 log events.",
        "## File `team.json`",
        "| Builds. | me | deprecated since 2026-01-31; use `queue_depth` |",
        "`environment`, `team` (a, b) | Builds. From 0 to 9. Of several processes: last. |",
        "Buckets: 1, 2. Breaks the rule `bounded_labels`: It is \\| &lt;b> # small",
        "Quantiles: 0.5, 1.",
        "| `team.name` | string | never | The team. | secret, hash | stable |",
        "| `environment` | staging |",
        "| staging | 7 |",
    ):
        assert words in page
    widths = {line.replace("\\|", "").count("|") for line in page.splitlines() if line.startswith("| `build")}
    assert widths == {8}


def test_the_text_does_not_depend_on_order_and_place(tmp_path: Path) -> None:
    """The same contracts in another folder, in another order, give the same page."""
    pages = []
    for name, metrics in (("one", TEAM["metrics"]), ("two", TEAM["metrics"][::-1])):
        (tmp_path / name).mkdir()
        path = Files(tmp_path / name).write({**TEAM, "metrics": metrics})
        pages.append(render_documentation(load_registry(path)))
    assert pages[0] == pages[1]


def test_what_it_wrote_passes_the_check(written: tuple[Path, Path]) -> None:
    """Fresh files are not stale, and can be written over."""
    registry, folder = written
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert sorted(path.name for path in before) == ["data_contracts.md", "log.schema.json"]
    assert run("--registry", registry, "--output", folder, "--check").exit_code == 0
    assert run("--registry", registry, "--output", folder).exit_code == 0
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_renamed_label_is_found(written: tuple[Path, Path], files: Files) -> None:
    """The check fails, shows the first line that differs, says what to do, and changes nothing."""
    metrics = [{**TEAM["metrics"][0], "labels": ["environment", "group"]}, *TEAM["metrics"][1:]]
    renamed, folder = files.write({**TEAM, "metrics": metrics}), written[1]
    before = (folder / "data_contracts.md").read_text()
    done = run("--registry", renamed, "--output", folder, "--check")
    assert done.exit_code == 1
    place, old, new = done.stdout.splitlines()
    line = 1 + next(index for index, text in enumerate(before.splitlines()) if text.startswith("| `builds_total`"))
    assert place == f"{folder / 'data_contracts.md'}:{line}: differs from the registry"
    assert (old[:2], "`team`" in old, new[:2], "`group`" in new) == ("- ", True, "+ ", True)
    assert "write them anew: run this command without --check" in done.stderr
    assert (folder / "data_contracts.md").read_text() == before


def test_a_renamed_field_is_found_in_the_schema(written: tuple[Path, Path], files: Files) -> None:
    """The schema is compared as well as the page."""
    fields = [{**EVENT["fields"][0], "name": "group"}]
    renamed = files.write({**TEAM, "events": [{**EVENT, "fields": fields}]})
    done = run("--registry", renamed, "--output", written[1], "--check")
    assert (done.exit_code, "log.schema.json:" in done.stdout) == (1, True)


def test_a_longer_file_is_stale(written: tuple[Path, Path]) -> None:
    """A line more at the end is a difference too."""
    path = written[1] / "log.schema.json"
    path.write_text(path.read_text() + "\nmore\n")
    done = run("--registry", written[0], "--output", written[1], "--check")
    assert (done.exit_code, done.stdout.splitlines()[1:]) == (1, ["- more"])


def test_missing_files_are_stale(tmp_path: Path) -> None:
    """A folder without them fails the check."""
    done = run("--output", tmp_path, "--check")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f"{tmp_path / name}: is missing" for name in ("data_contracts.md", "log.schema.json")
    ]


def test_it_spares_what_others_wrote(tmp_path: Path) -> None:
    """A page of another hand stays as it is, and nothing else is written."""
    path = tmp_path / "data_contracts.md"
    path.write_text("# Mine\n")
    done = run("--output", tmp_path)
    assert (done.exit_code, path.read_text(), len(list(tmp_path.iterdir()))) == (2, "# Mine\n", 1)
    assert "this command did not write that file; name another folder, or remove it" in done.stderr


def test_bad_usage_is_told(files: Files, tmp_path: Path) -> None:
    """A registry with a mistake, a folder that is none and a file that is no text are bad usage."""
    wrong = files.write({"metrics": [{"name": "x"}]})
    (tmp_path / "binary").mkdir()
    (tmp_path / "binary" / "data_contracts.md").write_bytes(b"\xff")
    for arguments, words in (
        (("--registry", wrong, "--output", tmp_path), "'kind' is missing"),
        (("--output", tmp_path / "nowhere"), "No such file or directory"),
        (("--output", tmp_path / "binary"), "cannot be read"),
    ):
        done = run(*arguments)
        assert (done.exit_code, words in done.stderr) == (2, True), done.output


def test_the_settings_name_the_registry(
    written: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What TELEMETRY_REGISTRY names is documented, as a process too."""
    monkeypatch.setenv("TELEMETRY_REGISTRY", str(written[0]))
    monkeypatch.chdir(tmp_path)
    program = "import sys; from telemetry.cli import main; sys.argv[0] = 'telemetry'; main()"
    command = [sys.executable, "-c", program, "contracts", "docs", "--check"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == ""


@contextmanager
def log_file(path: Path, registry: Registry) -> Iterator[LogFile]:
    """Send the lines of all loggers to a file, and count what breaks the contracts."""
    with LogFile(path, registry=registry, level="debug") as file:
        before = use_channel(file.channel)
        try:
            yield file
        finally:
            use_channel(before)


def fits(line: Mapping[str, Any]) -> bool:
    """Tell whether the published schema accepts a line."""
    return bool(Draft202012Validator(LOG_SCHEMA).is_valid(line))


def value(field: AttributeContract) -> object:
    """Make a value that a field takes."""
    if field.values:
        return sorted(field.values)[0]
    samples = {"string": "x", "int": 3, "double": 0.5, "boolean": True}
    return samples[field.type] if field.type in samples else [samples[field.type.removesuffix("[]")]]


def fields_of(event: EventContract, severity: str) -> dict[str, Any]:
    """Make all fields that a line of this severity must have, and those that it may have."""
    failed = severity in ("error", "critical")
    never = "on_success" if failed else "on_failure"
    return {name: value(field) for name, field in event.fields.items() if field.required != never}


def altered(event: EventContract, fields: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Go through lines with one thing left out, one of a wrong type, and one that nobody declared."""
    for name in fields:
        yield {key: given for key, given in fields.items() if key != name}
        yield {**fields, name: {"no": "scalar"}}
        yield {**fields, name: "no such value"}
    yield {**fields, "nobody_declared_this": 1}


def test_the_log_schema_is_a_schema() -> None:
    """It is valid JSON Schema, and each event has a definition of its own."""
    Draft202012Validator.check_schema(LOG_SCHEMA)
    assert LOG_SCHEMA["$defs"].keys() >= REGISTRY.events.keys()


@pytest.mark.parametrize("severity", ["debug", "info", "warning", "error", "critical"])
@pytest.mark.parametrize("name", WITH_FIELDS)
def test_schema_and_contracts_agree(tmp_path: Path, name: str, severity: str) -> None:
    """Of each line that is really written, the schema says what the contracts say: it fits, or it was counted."""
    event = REGISTRY.events[name]
    whole = fields_of(event, severity)
    for index, fields in enumerate([whole, *altered(event, whole)]):
        with log_file(tmp_path / f"{index}.jsonl", REGISTRY) as file:
            getattr(get_logger(), severity)(name, **fields)
        line = json.loads(file.path.read_text())
        assert fits(line) is not bool(file.told), (line, file.told)


def test_other_lines_fit(tmp_path: Path) -> None:
    """A line of no event, with fields of its own, and a line with an exception have what all lines have."""
    with log_file(tmp_path / "run.jsonl", Registry()) as file:
        get_logger().info("free text", colour="red")
        try:
            raise ValueError("x")
        except ValueError:
            get_logger().exception("spec.rejected", spec="a", error_code="schema")
    free, failed = map(json.loads, file.path.read_text().splitlines())
    assert fits(free) and fits(failed)
    assert not fits({key: given for key, given in free.items() if key != "run_id"})
    assert not fits({**free, "env": "moon"})
