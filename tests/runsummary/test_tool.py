"""A finished run as Prometheus text: what is written, and what happens to wrong files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families
from tests.runsummary.run import CHECKLIST, OBSERVABILITY, SUMMARY, convert, convert_all, write

from telemetry.contracts import load_registry
from telemetry.operations.runsummary import DOCUMENTS, schema_of

PACK = load_registry(packs=["runs"]).metrics


def samples(path: Path) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read what Prometheus would."""
    return {
        (each.name, frozenset(each.labels.items())): each.value
        for family in text_string_to_metric_families(path.read_text())
        for each in family.samples
    }


def test_every_metric_of_the_pack_is_written(tmp_path: Path) -> None:
    """A run whose files have everything gives every `gazeqa_` metric, with the kind and labels of its contract."""
    done = convert_all(tmp_path, tmp_path / "x.prom")
    assert done.returncode == 0, done.stderr
    families = {each.name: each for each in text_string_to_metric_families((tmp_path / "x.prom").read_text())}
    wanted = {name: each for name, each in PACK.items() if name.startswith("gazeqa_")}
    for name, contract in wanted.items():
        family = families[name.removesuffix("_total") if contract.kind == "counter" else name]
        assert family.type == contract.kind
        assert family.documentation == contract.description
        assert {tuple(sorted(set(each.labels) - {"le"})) for each in family.samples} == {tuple(sorted(contract.labels))}
    assert len(families) == len(wanted)


def test_numbers_are_those_of_the_files(tmp_path: Path) -> None:
    """Gauges, counters and flags have the numbers of the files; histograms count by the bounds of the contract."""
    convert_all(tmp_path, tmp_path / "x.prom")
    found = samples(tmp_path / "x.prom")
    env = ("env", "staging")
    assert found["gazeqa_tests_passed", frozenset({env, ("run_id", "2026-11-20-a1")})] == 10
    assert found["gazeqa_checklist_criteria_complete", frozenset({env})] == 1
    assert found["gazeqa_checklist_tests_complete", frozenset({env})] == 0
    assert found["gazeqa_login_total", frozenset({env, ("outcome", "failure")})] == 1
    name = "gazeqa_artifact_upload_latency_seconds"
    assert found[f"{name}_sum", frozenset({env})] == pytest.approx(60.52)
    below = {
        bound: found[f"{name}_bucket", frozenset({env, ("le", bound)})] for bound in ("0.01", "0.025", "0.5", "+Inf")
    }
    assert below == {"0.01": 0, "0.025": 1, "0.5": 2, "+Inf": 3}


def test_what_a_file_lacks_is_not_written(tmp_path: Path) -> None:
    """A metric that no file carries is absent: a zero that nobody counted would be a lie."""
    summary = write(tmp_path, "run_summary.json", {"run_id": "r", "env": "staging", "stories": 3})
    assert convert(summary, tmp_path / "x.prom").returncode == 0
    assert [name for name, _ in samples(tmp_path / "x.prom")] == ["gazeqa_story_count"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("run_summary.json", {**SUMMARY, "env": "prod"}, "$.env: 'prod' is not one of"),
        ("run_summary.json", {**SUMMARY, "tests": {"passed": -1}}, "$.tests.passed: -1 is less than the minimum"),
        ("run_summary.json", {**SUMMARY, "testz": {}}, "'testz' was unexpected"),
        ("run_summary.json", {"env": "staging"}, "'run_id' is a required property"),
        ("run_summary.json", {**SUMMARY, "run_id": "a run"}, "run_id differs"),
        ("run_summary.json", {**SUMMARY, "requirements": {"done": 1}}, "$.requirements.done: gazeqa_requirements"),
        ("run_summary.json", [], "is not of type 'object'"),
        ("checklist.json", {"tests_complete": "yes"}, "$.tests_complete: 'yes' is not of type 'boolean'"),
        ("checklist.json", {**CHECKLIST, "run_id": "another"}, "the files are not of one run: run_id differs"),
        ("observability.json", {"guardrail_blocks": {"a text": 1}}, "label 'action' must be a name"),
        ("observability.json", {"artifacts": {"upload_seconds": ["x"]}}, "$.artifacts.upload_seconds[0]: 'x'"),
    ],
)
def test_wrong_files_change_nothing(tmp_path: Path, name: str, content: Any, said: str) -> None:
    """What is wrong is said with its file and place, on one exit code; the old output stays, and nothing beside it."""
    output = tmp_path / "out" / "x.prom"
    output.parent.mkdir()
    output.write_text("old 1\n")
    given = {
        "run_summary.json": SUMMARY,
        "checklist.json": CHECKLIST,
        "observability.json": OBSERVABILITY,
        name: content,
    }
    paths = {each: write(tmp_path, each, text) for each, text in given.items()}
    options = ("--checklist", paths["checklist.json"], "--observability", paths["observability.json"])
    done = convert(paths["run_summary.json"], output, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert str(paths[name]) in done.stderr
    assert "Traceback" not in done.stderr
    assert [each.read_text() for each in output.parent.iterdir()] == ["old 1\n"]


@pytest.mark.parametrize("text", ["", "{", '{"run_id": "a", "run_id": "b"}', '{"stories": NaN}', "[" * 100_000, "\xff"])
def test_files_that_are_no_json(tmp_path: Path, text: str) -> None:
    """A file that was cut, or says something twice, is refused in one sentence."""
    path = tmp_path / "run_summary.json"
    path.write_bytes(text.encode("latin-1"))
    done = convert(path, tmp_path / "x.prom")
    assert (done.returncode, (tmp_path / "x.prom").exists()) == (1, False)
    assert "it is no JSON" in done.stderr and "Traceback" not in done.stderr


def test_a_run_has_a_name(tmp_path: Path) -> None:
    """A text is no run id; an id of 32 digits is one, for the gauges of a run alone have it."""
    summary = write(tmp_path, "run_summary.json", {"run_id": "a run", "env": "staging", "stories": 1})
    assert "label 'run_id' must be a name" in convert(summary, tmp_path / "x.prom").stderr
    summary = write(tmp_path, "run_summary.json", {"run_id": "0af7" * 8, "env": "staging", "stories": 1})
    assert convert(summary, tmp_path / "x.prom").returncode == 0


def test_numbers_beyond_a_double(tmp_path: Path) -> None:
    """A number that Prometheus cannot hold is refused at its place."""
    path = tmp_path / "run_summary.json"
    path.write_text('{"run_id": "r", "env": "staging", "stories": 1' + "0" * 400 + "}")
    done = convert(path, tmp_path / "x.prom")
    assert done.returncode == 1
    assert "$.stories: the number is too large" in done.stderr


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is not there is said; a name that the collector would not read is bad usage."""
    summary = write(tmp_path, "run_summary.json", SUMMARY)
    done = convert(summary, tmp_path / "none" / "x.prom")
    assert (done.returncode, "cannot be written: No such file or directory" in done.stderr) == (1, True)
    assert convert(summary, tmp_path / "x.txt").returncode == 2


def test_equal_files_give_equal_bytes(tmp_path: Path) -> None:
    """The order of hashes does not show in the output."""
    for seed in ("1", "2"):
        assert convert_all(tmp_path, tmp_path / f"{seed}.prom", seed=seed).returncode == 0
    assert (tmp_path / "1.prom").read_bytes() == (tmp_path / "2.prom").read_bytes()


def test_json_says_what_was_written(tmp_path: Path) -> None:
    """`--json` names the metrics, for programs."""
    summary = write(tmp_path, "run_summary.json", SUMMARY)
    said = json.loads(convert(summary, tmp_path / "x.prom", "--json").stdout)
    assert said["series"] == len(samples(tmp_path / "x.prom"))
    assert "gazeqa_requirements" in said["metrics"]


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_schemas_are_schemas(kind: Any) -> None:
    """Each schema keeps the meta-schema, and names only metrics of the pack, with all labels but the run's own."""
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)
    for name, labels in metrics_of(schema):
        assert set(PACK[name].labels) == {*labels, *({"run_id", "env"} & set(PACK[name].labels))}


def metrics_of(schema: Any) -> list[tuple[str, list[str]]]:
    """Collect what a schema says of metrics."""
    if "x-metric" in schema:
        return [(schema["x-metric"], schema.get("x-labels", []))]
    return [each for inner in schema.get("properties", {}).values() for each in metrics_of(inner)]
