"""`telemetry contracts check`: one broken file for each code, found with its place and remedy, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.contracts.files import COUNTER, HISTOGRAM, Files
from typer.testing import CliRunner, Result

from telemetry.cli.contracts.check import check
from telemetry.contracts import CODES, OWN_PACK, RULES, Finding, check_registry, load_registry, naming, shipped_packs
from telemetry.contracts.checks import rules_of
from telemetry.errors import ContractError

BROKEN = Path(__file__).parent / "broken"

# File, place, the beginning of the problem, remedy.
FOUND = [
    ("TC101_file", "", "is not JSON: Expecting value at line 4", "correct the file, or its name"),
    ("TC102_format", "/metrics/0/kind", "must be one of counter, gauge", "write it as registry.schema.json says"),
    ("TC103_once", "/metrics/1/name", "metric 'builds_total' is declared in this file twice", "keep one"),
    ("TC104_reference", "/metrics/0/values/team", "'green' is not in the enumeration", "add it there, or correct it"),
    ("TC105_series", "/metrics/1/name", "'builds' and 'builds_total' would both expose", "rename one"),
    ("TC106_rising", "/metrics/0/buckets/2", "must be greater than 1 before it", "put them in order, each once"),
    ("TC107_secret", "/spans/0/attributes/0/name", "'registry.password' says that it holds a secret",
     "add 'class': 'secret', or 'internal' if it holds none"),
    ("TC110_snake_case", "/metrics/0/name", "'queueDepth' is not snake_case",
     "write it in lower case, words joined by '_'"),
    ("TC111_label_count", "/metrics/0/labels", "5 labels are more than 4", "leave out the least useful"),
    ("TC112_environment_label", "/metrics/0/labels", "the label 'environment' is missing",
     "add it to 'labels', as every metric has it"),
    ("TC113_bounded_labels", "/metrics/0/labels", "label 'trace_id' has no bounded set",
     "put it on a span (only a gauge may have 'run_id')"),
    ("TC114_counter_total", "/metrics/0/name", "a counter's name ends in '_total'", "call it 'builds_total'"),
    ("TC115_total_counter", "/metrics/0/name", "only a counter's name ends in '_total'", "leave the ending out"),
    ("TC116_unit_suffix", "/metrics/0/unit", "a name in '_ms' has the unit", "correct one of them"),
    ("TC117_time_unit", "/metrics/0/unit", "time is in seconds", "record seconds, or name the milliseconds"),
    ("TC118_ratio_range", "/metrics/0/unit", "a ratio has the range [0, 1]", "state it"),
    ("TC119_deprecation_day", "/metrics/0/stability", "a deprecated metric says since", "add 'since' with the day"),
    ("TC120_idle_waiver", "/metrics/0/waive", "rule 'label_count' is kept", "leave the waiver out"),
    ("TC121_closed_labels", "/metrics/0/labels", "label 'error_code' takes any value",
     "list its values in 'values' here, or in 'enumerations'"),
    ("TC122_label_values", "/enumerations/team/1", "must be a name, not text", "put texts into a span attribute"),
    ("TC122_label_values_of_a_metric", "/metrics/0/values", "label 'team': must not be an id",
     "put ids into a span attribute"),
    ("TC123_few_modules", "/metrics/0/values", "'module_id' has 51 values", "count by a group of modules"),
    ("TC124_description_sentence", "/metrics/0/description", "'number of builds' is no sentence",
     "begin with a capital, end with a full stop, and say what it is"),
    ("TC124_description_of_a_field", "/events/0/fields/0/description", "'digest' is no sentence",
     "begin with a capital, end with a full stop, and say what it is"),
    ("TC125_owner_known", "/metrics/0/owner", "nobody knows the owner 'delivry'; did you mean 'delivery'?",
     "add it to 'owners', or correct it"),
    ("TC126_bucket_cover", "/metrics/0/buckets", "1 to 5 is a narrow range", "let the last be 10 times the first"),
    ("TC126_bucket_count", "/metrics/0/buckets", "2 buckets tell little", "give it 3 or more"),
    ("TC127_version_suffix", "/metrics/0/name", "a version is '_v' and a number from 2",
     "call it 'build_duration_seconds_v2', or without it"),
    ("TC128_successor", "/metrics/0/stability", "nothing says what to use in its place", "add 'replaced_by'"),
    ("TC203_deprecated_first", "/metrics/0/stability", "a hidden metric was deprecated before",
     "add 'deprecated_since' with the day"),
    ("TC204_lasting_successor", "/metrics/0/replaced_by", "'runs_total' is deprecated itself", "name 'jobs_total'"),
    ("TC204_removed_successor", "/metrics/0/replaced_by", "'runs_total' is removed itself", "name one that stays"),
    ("TC206_dual_emission", "/metrics/0/replaced_by", "writes to it are not recorded as 'jobs_seconds': 'kind' is",
     "record both until nobody looks at the old one, or waive this"),
    ("TC206_two_predecessors", "/metrics/0/replaced_by",
     "writes to it are not recorded as 'jobs_total': runs_total is replaced by jobs_total too",
     "record both until nobody looks at the old one, or waive this"),
    ("TC207_day_order", "/metrics/0/since", "2026-01-10 is before 2026-01-31", "correct one of them"),
    ("TC208_writes_counter", "/metrics/1/labels", "it counts the writes to a deprecated metric",
     "leave it out, and the registry adds it"),
    ("TC301_known_series", "/metrics/0/labels", "its labels have 4 known combinations, and the limit is 3 (staging)",
     "raise 'cardinality' of the metric, or leave out a label or values"),
]  # fmt: skip
LIFECYCLE_CODES = {"TC203", "TC204", "TC206", "TC207", "TC208"}
"""What needs no day and no other file."""
OWN_CODES = {code for code in CODES if code.startswith("TC1")} | {"TC301", *LIFECYCLE_CODES}


def run(*arguments: object) -> Result:
    """Run the command with these arguments."""
    app = typer.Typer()
    app.command()(check)
    return CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.mark.parametrize(("file", "pointer", "problem", "remedy"), FOUND, ids=[name for name, *_ in FOUND])
def test_each_breach_is_found(file: str, pointer: str, problem: str, remedy: str) -> None:
    """The file breaks one rule: that is all that is found, with its code, place and remedy."""
    path = BROKEN / f"{file}.json"
    found = check_registry(path)[0]
    assert {each.code for each in check_registry(path)} == {file[:5]}
    assert (found.level, found.path) == (CODES[file[:5]].level, str(path))
    assert (found.pointer, found.remedy) == (pointer, remedy)
    assert found.problem.startswith(problem)


def test_each_code_has_its_file() -> None:
    """No code of a declaration is without a broken file, and no file without its line above."""
    assert {name for name, *_ in FOUND} == {path.stem for path in BROKEN.glob("*.json")}
    assert {name[:5] for name, *_ in FOUND} == OWN_CODES


@pytest.mark.parametrize("pack", [*shipped_packs(), OWN_PACK])
def test_packs_are_clean(pack: str) -> None:
    """Each shipped pack passes by itself."""
    assert check_registry(packs=[pack]) == ()


def test_all_packs_together_are_clean() -> None:
    """Without files and settings the command checks all packs, and finds nothing."""
    assert check_registry(packs=(*shipped_packs(), OWN_PACK)) == ()
    result = run()
    assert (result.exit_code, result.stdout) == (0, "findings: 0\n")


def test_rules_have_one_code_each() -> None:
    """The name of a rule is that of its code, so that a finding says what a waiver has to name."""
    later = rules_of(load_registry())
    rules = {**RULES, **later}
    assert {rule.code: name for name, rule in rules.items()} == {
        code: CODES[code].name for code in OWN_CODES if code >= "TC110" and code != naming.WAIVER_CODE
    }
    assert tuple(later) == naming.LATER_RULES


@pytest.mark.parametrize(
    "file", ["TC126_bucket_cover", "TC128_successor", "TC121_closed_labels", "TC124_description_sentence"]
)
def test_a_later_rule_can_be_waived(files: Files, file: str) -> None:
    """A waiver with a reason lifts what only the check asks for; what it need not lift is idle."""
    content = json.loads((BROKEN / f"{file}.json").read_text())
    rule = CODES[file[:5]].name
    content["metrics"][0]["waive"] = {rule: "It has been so for years."}
    assert check_registry(files.write(content)) == ()
    content["metrics"][0]["waive"]["owner_known"] = "Just in case."
    assert [each.code for each in check_registry(files.write(content))] == ["TC120"]


def test_what_only_the_check_asks_for_loads(files: Files) -> None:
    """A program starts with a file whose texts and buckets are poor; the check is what complains."""
    poor = {**HISTOGRAM, "description": "time", "buckets": [1, 2]}
    registry = files.load({"metrics": [poor]})
    assert registry.metric("build_duration_seconds").bounds == (1, 2)
    assert [each.code for each in check_registry(files.write({"metrics": [poor]}))] == ["TC126", "TC124", "TC125"]


@pytest.mark.parametrize("name", ["parse_duration_ms_v2", "ipv4_total_v12", "review_depth", "video_v2"])
def test_versions_at_the_end_are_right(files: Files, name: str) -> None:
    """A version is the last word of a name; other words with a v are none."""
    kind = {"kind": "counter"} if "_total" in name else {"kind": "gauge"}
    unit = {"unit": "milliseconds"} if "_ms" in name else {}
    metric = {**COUNTER, **kind, **unit, "name": name, "owner": "pipeline", "description": "What it counts."}
    assert check_registry(files.write({"metrics": [metric]})) == ()


@pytest.mark.parametrize("name", ["depth_v1", "depth_v02", "depth_version_2", "depth_v2_old"])
def test_versions_elsewhere_are_found(files: Files, name: str) -> None:
    """A version in another form or place could not be told from the name."""
    metric = {**COUNTER, "kind": "gauge", "name": name, "owner": "pipeline", "description": "What it counts."}
    assert [each.code for each in check_registry(files.write({"metrics": [metric]}))] == ["TC127"]


def test_rules_wait_for_what_cannot_be_read(files: Files) -> None:
    """Where there is no contract to look at, the mistake comes alone; breaches of names come all together."""
    wrong = {**COUNTER, "description": "builds"}
    alone = check_registry(files.write({"metrics": [wrong, {**COUNTER, "name": 3}]}))
    assert [each.code for each in alone] == ["TC102"]
    both = check_registry(files.write({"metrics": [{**wrong, "labels": [], "owner": "pipeline"}]}))
    assert [each.code for each in both] == ["TC124", "TC112"]


def test_findings_sort_by_their_place() -> None:
    """The tenth metric comes after the second, whatever the codes."""
    places = [("b.json", "/metrics/10/name"), ("b.json", "/metrics/2/name"), ("a.json", "/spans/0"), ("a.json", "")]
    made = [Finding("TC110", "error", path, pointer, "wrong", "correct it") for path, pointer in places]
    assert [(each.path, each.pointer) for each in sorted(made)] == [
        ("a.json", ""),
        ("a.json", "/spans/0"),
        ("b.json", "/metrics/2/name"),
        ("b.json", "/metrics/10/name"),
    ]


def test_an_unknown_pack_is_refused() -> None:
    """Who asks for a pack that there is not made a mistake in the call, not in a file."""
    with pytest.raises(ContractError, match="there is no pack 'pipline'"):
        check_registry(packs=["pipline"])


def test_text_names_place_code_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line a finding, with a path from here; the exit code is 1."""
    monkeypatch.chdir(BROKEN.parent)
    result = run(BROKEN / "TC118_ratio_range.json")
    assert result.exit_code == 1
    assert result.stdout == (
        "broken/TC118_ratio_range.json#/metrics/0/unit: TC118 a ratio has the range [0, 1]; state it\nfindings: 1\n"
    )


def test_json_has_all_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program reads what people read."""
    monkeypatch.chdir(BROKEN.parent)
    result = run("--json", BROKEN / "TC112_environment_label.json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "findings": [
            {
                "code": "TC112",
                "level": "error",
                "path": "broken/TC112_environment_label.json",
                "pointer": "/metrics/0/labels",
                "problem": "the label 'environment' is missing",
                "remedy": "add it to 'labels', as every metric has it",
            }
        ]
    }


def test_sarif_leads_to_file_and_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code scanning gets the file from here, the pointer, and each rule that a result names."""
    monkeypatch.chdir(BROKEN.parent)
    log: dict[str, Any] = json.loads(run("--sarif", "broken/TC110_snake_case.json").stdout)
    (scan,) = log["runs"]
    (result,) = scan["results"]
    (location,) = result["locations"]
    assert (log["version"], result["ruleId"], result["level"]) == ("2.1.0", "TC110", "error")
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "broken/TC110_snake_case.json"
    assert location["logicalLocations"] == [{"fullyQualifiedName": "/metrics/0/name"}]
    assert {rule["id"] for rule in scan["tool"]["driver"]["rules"]} == set(CODES)


def test_settings_name_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without files the command checks those of the settings."""
    monkeypatch.setenv("TELEMETRY_REGISTRY", str(BROKEN / "TC114_counter_total.json"))
    assert "TC114" in run().stdout


def test_bad_usage() -> None:
    """Two forms of one output are refused with exit code 2."""
    result = run("--json", "--sarif", BROKEN / "TC114_counter_total.json")
    assert result.exit_code == 2
    assert "keep one" in result.stderr


def test_it_is_a_command_of_its_group() -> None:
    """`telemetry contracts check` runs as a process and fails for a broken file."""
    program = "import sys; from telemetry.cli import main; sys.argv[0] = 'telemetry'; main()"
    command = [sys.executable, "-c", program, "contracts", "check", str(BROKEN / "TC101_file.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "TC101 is not JSON" in done.stdout


def test_the_documentation_lists_the_codes() -> None:
    """Each code is in the table, with the name that waivers use."""
    text = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `(TC[12]\d\d|TC301)` \| `(\w+)` \|", text, re.MULTILINE))
    assert listed == {code: CODES[code].name for code in OWN_CODES}


def test_what_cannot_be_read_has_one_remedy(tmp_path: Path) -> None:
    """A file that is not there, and one that is no UTF-8, are told with one thing to do."""
    (tmp_path / "b.json").write_bytes(b"\xff")
    missing, binary = check_registry(tmp_path / "a.json", tmp_path / "b.json")
    assert missing.problem.startswith("cannot be read: ") and ";" not in missing.problem
    assert missing.remedy == "correct the name, or make the file"
    assert (binary.problem, binary.remedy) == ("is not UTF-8: byte 0 is 0xff", "save it as UTF-8")


@pytest.mark.parametrize("buckets", ["[NaN, 1, 10]", "[0.5, 1e400, 2]", '["1", 1, 10]'])
def test_what_is_no_number_is_one_finding(tmp_path: Path, buckets: str) -> None:
    """A bucket that is no number is told alone; that the numbers beside it rise is not asked of it."""
    metric = '"name": "a_seconds", "kind": "histogram", "unit": "seconds", "description": "It is.", "owner": "me"'
    path = tmp_path / "a.json"
    path.write_text(f'{{"extends": [], "metrics": [{{{metric}, "labels": ["environment"], "buckets": {buckets}}}]}}')
    assert [each.code for each in check_registry(path)] == ["TC102"]
