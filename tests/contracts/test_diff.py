"""What `telemetry contracts diff` calls breaking, what compatible, and where it finds the two registries."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.contracts.files import ATTRIBUTE, COUNTER, EVENT, FIELD, GAUGE, HISTOGRAM, SPAN, SUMMARY, Files
from typer.testing import CliRunner, Result

from telemetry.cli.contracts.diff import diff
from telemetry.contracts import SCHEMA_PATH, Change, compare_registries, load_edition, shipped_packs
from telemetry.contracts.diff import CHANGES

Document = Mapping[str, Any]

PAGE = Path(__file__).parents[2] / "docs" / "contract_changes.md"
PACKS = Path(SCHEMA_PATH).parent / "packs"


def run(*arguments: object) -> Result:
    """Run the command with these arguments."""
    app = typer.Typer()
    app.command()(diff)
    return CliRunner().invoke(app, [str(each) for each in arguments])


def changes(files: Files, old: Document, new: Document) -> tuple[Change, ...]:
    """Write two registries without packs, and compare them."""
    before, after = (
        load_edition(files.write({"extends": [], **content}, f"{name}.json"))
        for name, content in (("old", old), ("new", new))
    )
    return compare_registries(before, after)


def metric(base: Document, **other: object) -> Document:
    """A registry of one metric, with something else than the base has."""
    return {"metrics": [{**base, **other}]}


def span(**other: object) -> Document:
    """A registry of one span whose one attribute has something else."""
    return {"spans": [{**SPAN, "attributes": [{**ATTRIBUTE, **other}]}]}


def event(**other: object) -> Document:
    """A registry of one event with something else."""
    return {"events": [{**EVENT, **other}]}


VALUES = {"values": {"team": ["a", "b"]}}
CLOSED = {"values": ["a", "b"]}

BREAKING: tuple[tuple[Document, Document, str, str, str], ...] = (
    (metric(COUNTER), {}, "TC401", "metric builds_total", "was removed"),
    (
        metric(COUNTER),
        metric(COUNTER, name="makes_total"),
        "TC403",
        "metric builds_total",
        "is now called 'makes_total'",
    ),
    (metric(GAUGE), metric(GAUGE, kind="summary", quantiles=[0.5]), "TC404", "metric queue_depth", "'kind' changed"),
    (metric(GAUGE), metric(GAUGE, unit="tasks"), "TC405", "metric queue_depth", "from 'jobs' to 'tasks'"),
    (metric(GAUGE), metric(GAUGE, labels=["environment"]), "TC401", "metric queue_depth", "lost the label 'team'"),
    (
        metric(GAUGE),
        metric(GAUGE, labels=["environment", "group"]),
        "TC403",
        "metric queue_depth, label team",
        "is now called 'group'",
    ),
    (
        metric(GAUGE),
        metric(GAUGE, labels=["environment", "team", "host"]),
        "TC402",
        "metric queue_depth",
        "got the label 'host'",
    ),
    (metric(HISTOGRAM), metric(HISTOGRAM, buckets=[1, 3]), "TC407", "metric build_duration_seconds", "buckets lost 2"),
    (metric(SUMMARY), metric(SUMMARY, quantiles=[0.5]), "TC407", "metric image_size_bytes", "quantiles lost 1"),
    (metric(GAUGE), metric(GAUGE, across="max"), "TC410", "metric queue_depth", "'across' changed"),
    (
        metric(HISTOGRAM),
        metric(HISTOGRAM, exponential=True),
        "TC410",
        "metric build_duration_seconds",
        "'exponential' changed",
    ),
    (metric(GAUGE, **VALUES), metric(GAUGE, values={"team": ["a"]}), "TC408", "metric queue_depth", "lost 'b'"),
    (metric(GAUGE), metric(GAUGE, **VALUES), "TC408", "metric queue_depth", "took any value, and takes 'a', 'b' only"),
    (metric(GAUGE), metric(GAUGE, stability="beta"), "TC413", "metric queue_depth", "from 'stable' to 'beta'"),
    ({"spans": [SPAN]}, {}, "TC401", "span image.build", "was removed"),
    ({"spans": [SPAN]}, {"spans": [{**SPAN, "kind": "client"}]}, "TC404", "span image.build", "'kind' changed"),
    (
        {"spans": [SPAN]},
        {"spans": [{**SPAN, "attributes": []}]},
        "TC401",
        "span image.build, attribute team.name",
        "rem",
    ),
    (span(), span(name="team.label"), "TC403", "span image.build, attribute team.name", "is now called 'team.label'"),
    (span(), span(type="int"), "TC406", "span image.build, attribute team.name", "from 'string' to 'int'"),
    (span(**CLOSED), span(values=["a"]), "TC408", "span image.build, attribute team.name", "it lost 'b'"),
    (span(), span(**CLOSED), "TC408", "span image.build, attribute team.name", "took any value"),
    (span(required="always"), span(), "TC411", "span image.build, attribute team.name", "'required' changed"),
    (span(), span(**{"class": "secret"}), "TC412", "span image.build, attribute team.name", "'class' changed"),
    (
        span(**{"class": "secret", "treatment": "hash"}),
        span(**{"class": "secret"}),
        "TC412",
        "span image.build, attribute team.name",
        "from 'hash' to 'drop'",
    ),
    ({"events": [EVENT]}, {}, "TC401", "event image.done", "was removed"),
    (event(), event(severity="warning"), "TC410", "event image.done", "from 'info' to 'warning'"),
    (event(), event(fields=[]), "TC401", "event image.done, field team", "was removed"),
    ({"attributes": [ATTRIBUTE]}, {}, "TC401", "attribute team.name", "was removed"),
    ({"fields": [FIELD]}, {}, "TC401", "field team", "was removed"),
    ({"enumerations": {"x": ["a", "b"]}}, {"enumerations": {"x": ["a"]}}, "TC408", "enumeration x", "it lost 'b'"),
    ({}, {"foreign": "refuse"}, "TC414", "registry foreign", "from 'allow' to 'refuse'"),
)

HARMLESS: tuple[tuple[Document, Document, str, str], ...] = (
    ({}, metric(COUNTER), "TC402", "info"),
    (metric(COUNTER, stability="deprecated", since="2026-01-01"), {}, "TC401", "info"),
    (metric(COUNTER), metric(COUNTER, stability="deprecated", since="2026-01-01"), "TC413", "info"),
    (metric(COUNTER, stability="experimental"), metric(COUNTER), "TC413", "info"),
    (metric(GAUGE), metric(GAUGE, labels=["team", "environment"]), "TC415", "info"),
    (metric(GAUGE, **VALUES), metric(GAUGE, values={"team": ["a", "b", "c"]}), "TC409", "info"),
    (metric(GAUGE, **VALUES), metric(GAUGE), "TC409", "info"),
    (metric(HISTOGRAM), metric(HISTOGRAM, buckets=[1, 2, 3]), "TC407", "info"),
    (metric(GAUGE, range=[0, 2]), metric(GAUGE, range=[0, 3]), "TC410", "info"),
    (metric(GAUGE), metric(GAUGE, range=[0, 3]), "TC410", "warning"),
    (metric(COUNTER), metric(COUNTER, description="All builds."), "TC415", "info"),
    (metric(COUNTER), metric(COUNTER, owner="you"), "TC415", "info"),
    ({"spans": [{**SPAN, "attributes": []}]}, span(), "TC402", "info"),
    ({"spans": [{**SPAN, "attributes": []}]}, span(required="always"), "TC411", "warning"),
    (span(), span(required="on_failure"), "TC411", "warning"),
    (span(), span(**{"class": "public"}), "TC412", "warning"),
    (span(stability="experimental"), span(), "TC413", "info"),
    ({"enumerations": {"x": ["a"]}}, {"enumerations": {"x": ["a", "b"]}}, "TC409", "info"),
    ({"enumerations": {"x": ["a"]}}, {}, "TC401", "info"),
    ({"cardinality": {"default": 9}}, {"cardinality": {"default": 8}}, "TC414", "warning"),
    ({"cardinality": {"default": 8}}, {"cardinality": {"default": 9}}, "TC414", "info"),
    ({"reserved": {"host": ["a", "b"]}}, {"reserved": {"host": ["a"]}}, "TC414", "warning"),
    ({"reserved": {"host": ["a"]}}, {"reserved": {"host": ["a", "b"]}}, "TC414", "info"),
    ({"foreign": "refuse"}, {}, "TC414", "info"),
    ({"deprecation_days": 30}, {}, "TC414", "warning"),
    ({}, {"deprecation_days": 30}, "TC414", "info"),
)


@pytest.mark.parametrize(("old", "new", "code", "subject", "words"), BREAKING)
def test_what_readers_rely_on_may_not_go(
    files: Files, old: Document, new: Document, code: str, subject: str, words: str
) -> None:
    """A change that breaks a query, an alert or a program is an error; it names the contract and a way out."""
    worst = changes(files, old, new)[0]
    assert (worst.code, worst.level, worst.breaking, worst.subject) == (code, "error", True, subject)
    assert words in worst.problem
    assert worst.remedy


@pytest.mark.parametrize(("old", "new", "code", "level"), HARMLESS)
def test_what_breaks_nobody_may_change(files: Files, old: Document, new: Document, code: str, level: str) -> None:
    """A change that takes nothing away is compatible; one that writers should know of is a warning."""
    assert [(each.code, each.level, each.breaking) for each in changes(files, old, new)] == [(code, level, False)]


@pytest.mark.parametrize(("old", "new"), [each[:2] for each in BREAKING if "metrics" in each[0] and each[2] != "TC413"])
def test_experimental_metrics_may_break(files: Files, old: Document, new: Document) -> None:
    """Who relies on an experimental metric is warned, and not promised anything."""

    def experimental(content: Document) -> Document:
        return {"metrics": [{"stability": "experimental", **each} for each in content.get("metrics", ())]}

    found = changes(files, experimental(old), experimental(new))
    assert {each.level for each in found if each.breaking} == {"warning"}
    assert "error" not in {each.level for each in found}


def test_a_beta_metric_may_get_a_label(files: Files) -> None:
    """As in Kubernetes, beta metrics lose nothing and may get a label, which is a warning."""
    old, new = (metric(GAUGE, stability="beta", labels=labels) for labels in (["environment"], ["environment", "team"]))
    assert [(each.level, each.breaking) for each in changes(files, old, new)] == [("warning", False)]
    assert changes(files, new, old)[0].level == "error"


def test_parts_of_an_experimental_span_may_break(files: Files) -> None:
    """The promise of a span bounds that of its attributes."""
    old = {"spans": [{**SPAN, "stability": "experimental"}]}
    new = {"spans": [{**SPAN, "stability": "experimental", "attributes": []}]}
    assert [(each.level, each.breaking) for each in changes(files, old, new)] == [("warning", True)]


def test_an_enumeration_is_told_once(files: Files) -> None:
    """A value that goes is a change of the enumeration, not of each metric and attribute that uses it."""
    names = ("a_total", "b_total")
    users = {
        "metrics": [{**COUNTER, "name": name} for name in names],
        "attributes": [{**ATTRIBUTE, "enumeration": "team"}],
    }
    old, new = ({**users, "enumerations": {"team": values}} for values in (["x", "y"], ["x", "z"]))
    assert [(each.code, each.subject, each.problem) for each in changes(files, old, new)] == [
        ("TC408", "enumeration team", "it lost 'y'"),
        ("TC409", "enumeration team", "it got 'z'"),
    ]


def test_an_enumeration_is_as_stable_as_its_users(files: Files) -> None:
    """Where all that use it are experimental, its values may go with a warning."""
    users = metric(COUNTER, stability="experimental")
    old, new = ({**users, "enumerations": {"team": values}} for values in (["x", "y"], ["x"]))
    assert [(each.level, each.breaking) for each in changes(files, old, new)] == [("warning", True)]


def test_a_metric_that_narrows_an_enumeration_breaks(files: Files) -> None:
    """A value that only one metric gives up is a change of that metric."""
    enumerations = {"enumerations": {"team": ["x", "y"]}}
    old = {**enumerations, **metric(COUNTER)}
    new = {**enumerations, **metric(COUNTER, values={"team": ["x"]})}
    assert [each.subject for each in changes(files, old, new)] == ["metric builds_total"]


@pytest.mark.parametrize(("name", "following"), [("builds_total", "builds_total_v2"), ("queue_v2", "queue_v3")])
def test_the_way_out_is_a_version(files: Files, name: str, following: str) -> None:
    """What is stable and has to change is declared anew under the next version of its name."""
    kind = "counter" if "total" in name else "gauge"
    old, new = (metric(COUNTER, name=name, kind=kind, unit=unit) for unit in ("runs", "builds"))
    assert changes(files, old, new)[0].remedy == f"keep it, deprecated, and declare '{following}' beside it"


def test_each_code_is_described() -> None:
    """The codes of these tests are those of the table, so that none is without words."""
    assert {each[2] for each in (*BREAKING, *HARMLESS)} == set(CHANGES)
    assert [code for code in CHANGES if f"| `{code}` |" not in PAGE.read_text()] == []


def test_a_renamed_label_fails_the_command(files: Files) -> None:
    """The command names the label and its new name, and ends with 1."""
    old = files.write(metric(GAUGE), "old.json")
    new = files.write(metric(GAUGE, labels=["environment", "group"]), "new.json")
    done = run(old, new)
    assert done.exit_code == 1
    assert done.stdout == (
        "error TC403 metric queue_depth, label team: is now called 'group'; "
        "keep it, or deprecate the metric and declare 'queue_depth_v2' beside it\n"
        "changes: 1, not allowed: 1\n"
    )


def test_nothing_changed(files: Files) -> None:
    """A registry that is compared with itself passes, in each form of output."""
    path = files.write(metric(GAUGE))
    assert (run(path, path).exit_code, run(path, path).stdout) == (0, "nothing changed\n")
    assert json.loads(run(path, path, "--json").stdout) == {"breaking": False, "changes": []}
    assert run(path, path, "--markdown").stdout.endswith("\n\nNothing changed.\n")


def test_programs_read_json(files: Files) -> None:
    """The JSON has each change with its code, level and verdict."""
    old, new = files.write(metric(GAUGE), "old.json"), files.write(metric(GAUGE, unit="tasks"), "new.json")
    done = run(old, new, "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["breaking"] is True
    assert [(each["code"], each["level"], each["breaking"]) for each in told["changes"]] == [("TC405", "error", True)]


def test_reviewers_read_markdown(files: Files) -> None:
    """The Markdown has a table for each level, and no text of a contract breaks it."""
    old = files.write(metric(GAUGE), "old.json")
    new = files.write(metric(GAUGE, unit="tasks", description="a | b\nc"), "new.json")
    text = run(old, new, "--markdown").stdout
    assert "1 breaking, 0 to know of, 1 compatible." in text
    rows = [line for line in text.splitlines() if line.startswith("| `metric")]
    assert [row.replace("\\|", "").count("|") for row in rows] == [5, 5]


class Repository:
    """A git repository with a registry in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "contracts" / "team.json"
        self.file.parent.mkdir()
        self.git("init", "--quiet")

    def git(self, *arguments: str) -> None:
        """Run git in it."""
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=self.folder, check=True, capture_output=True)

    def commit(self, content: Document) -> None:
        """Write the registry and commit it."""
        self.file.write_text(json.dumps(content))
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "x")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with two commits, between which a label got another name; the tests run in it."""
    made = Repository(tmp_path)
    made.commit(metric(GAUGE))
    made.commit(metric(GAUGE, labels=["environment", "group"]))
    monkeypatch.chdir(tmp_path)
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        ("HEAD~1:contracts/team.json", "HEAD:contracts/team.json"),
        ("HEAD~1:contracts/team.json", "contracts/team.json"),
        ("HEAD~1:contracts", "contracts"),
        ("HEAD~1:contracts/", "HEAD:contracts"),
        ("--git", "HEAD~1", "contracts/team.json"),
        ("--git", "HEAD~1", "contracts"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_revisions_are_compared(arguments: tuple[str, ...]) -> None:
    """A file and a folder are found in the history, whichever way they are named."""
    done = run(*arguments)
    assert (done.exit_code, "TC403" in done.stdout) == (1, True), done.output


@pytest.mark.parametrize("arguments", [("HEAD~1:contracts", "."), ("HEAD~1:./", "."), ("--git", "HEAD~1", ".")])
def test_revisions_are_compared_from_a_folder(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """Below the root of the repository, `REVISION:PATH` is from the root, and `REVISION:./PATH` from here."""
    monkeypatch.chdir(repository.file.parent)
    done = run(*arguments)
    assert (done.exit_code, "TC403" in done.stdout) == (1, True), done.output


def test_a_new_file_is_all_new(repository: Repository) -> None:
    """What a revision did not have yet is added by all that is in it."""
    path = repository.folder / "more.json"
    path.write_text(json.dumps({"extends": [], **metric(COUNTER)}))
    done = run("--git", "HEAD", path)
    assert (done.exit_code, "info TC402 metric builds_total: was added" in done.stdout) == (0, True), done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument 'OLD'"),
        (("contracts",), "name two registries, or one and --git REVISION"),
        (("contracts", "contracts", "--git", "HEAD"), "name two registries, or one and --git REVISION"),
        (("contracts", "contracts", "--json", "--markdown"), "keep one"),
        (("nowhere.json", "contracts"), "nowhere.json: there is no such file or folder"),
        (("HEAD:nowhere.json", "contracts"), "HEAD:nowhere.json: git does not know it"),
        (("--git", "none", "contracts"), "none^{commit}: git does not know it: there is no such revision"),
        (("--git", "--all", "contracts"), "git does not know it"),
        (("empty", "contracts"), "empty: there is no registry in this folder"),
        (("HEAD:contracts/team.json", "wrong.json"), "wrong.json#: is not JSON"),
    ],
)
def test_bad_usage_is_told(repository: Repository, arguments: tuple[str, ...], words: str) -> None:
    """What cannot be compared is named, with the exit code of bad usage."""
    (repository.folder / "empty").mkdir()
    (repository.folder / "wrong.json").write_text("{")
    done = run(*arguments)
    assert (done.exit_code, words in done.stderr) == (2, True), done.output


def test_mistakes_of_a_revision_are_told_of_the_revision(repository: Repository) -> None:
    """The message names the file as git has it, and not the copy that was read."""
    repository.commit({"metrics": [{"name": "x"}]})
    done = run("HEAD:contracts/team.json", "contracts")
    assert done.exit_code == 2
    assert "HEAD:contracts/team.json#/metrics/0: 'kind' is missing" in done.stderr


def test_the_shipped_packs_can_be_compared() -> None:
    """A folder of packs is read as it stands, and not against the packs that are installed."""
    registry = load_edition(*sorted(PACKS.glob("*.json")))
    assert registry.packs == ()
    assert compare_registries(registry, registry) == ()
    assert "pipeline" in shipped_packs() and "compile_failure_total" in registry.metrics


def test_a_file_stands_on_its_packs(files: Files) -> None:
    """What a file extends is on both sides, so that only its own changes are told."""
    old = files.write({"extends": ["pipeline"], "enumerations": {"maturity": ["frozen"]}}, "old.json")
    new = files.write({"extends": ["pipeline"]}, "new.json")
    assert [each.line for each in compare_registries(load_edition(old), load_edition(new))] == [
        "error TC408 enumeration maturity: it lost 'frozen'; keep 'frozen' among the values"
    ]


def test_an_unknown_pack_is_told(files: Files) -> None:
    """The place of the name is given, and the packs that there are."""
    done = run(files.write({"extends": ["pipelin"]}), files.write({}, "new.json"))
    assert done.exit_code == 2
    assert "team.json#/extends/0: there is no pack 'pipelin'" in done.stderr


def test_it_is_a_command_of_its_group(files: Files) -> None:
    """`telemetry contracts diff` runs as a process."""
    path = files.write(metric(GAUGE))
    program = "import sys; from telemetry.cli import main; sys.argv[0] = 'telemetry'; main()"
    command = [sys.executable, "-c", program, "contracts", "diff", str(path), str(path)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "nothing changed\n"
