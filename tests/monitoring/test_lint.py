"""What is found in dashboards and rule files: one broken file for each code, and nothing in those that are well."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from telemetry.cli.dashboards import app
from telemetry.contracts import CODES, OWN_PACK, Registry, load_registry, shipped_packs
from telemetry.monitoring import check_files, check_texts

ROOT = Path(__file__).parents[2]
BROKEN = Path(__file__).parent / "broken"
REGISTRY = BROKEN / "registry.json"
KEYS = [
    *("panels", "targets", "expr", "datasource", "uid", "type", "id", "title"),
    *("fieldConfig", "defaults", "templating", "list", "annotations", "query", "name", "options"),
]
RULE = "/groups/0/rules/0"
EXPR = "/panels/0/targets/0/expr"

# File, place, the beginning of the problem, the beginning of the remedy.
FOUND = [
    ("TC101_file.json", "", "is no JSON: Expecting value", "correct the file"),
    ("TC701_promql.json", EXPR, "is not PromQL: unclosed left parenthesis", "correct the expression"),
    ("TC702_known_metric.json", EXPR, "there is no series 'bilds_total'", "did you mean 'builds_total'?"),
    ("TC702_bare_histogram.json", EXPR, "there is no series 'build_duration_seconds'",
     "use build_duration_seconds_bucket"),
    ("TC703_current_metric.json", EXPR, "made_total is deprecated", "use builds_total"),
    ("TC704_metric_label.json", EXPR, "builds_total has no label 'squad': it has environment, instance, job, team",
     "leave it out"),
    ("TC705_counter_rate.json", EXPR, "builds_total only rises, and is read under sum",
     "put it in rate(builds_total[5m])"),
    ("TC706_gauge_rate.json", EXPR, "queue_depth is a gauge, and is read under rate", "use delta"),
    ("TC707_quantile_buckets.json", EXPR,
     "histogram_quantile of build_duration_seconds_bucket is aggregated without 'le'", "aggregate by le"),
    ("TC707_quantile_of_a_gauge.json", EXPR, "histogram_quantile needs buckets, and queue_depth has none",
     "aggregate the rates"),
    ("TC708_grouped_labels.json", EXPR, "by (squad): builds_total has no such label", "correct the label"),
    ("TC709_panel_unit.json", "/panels/0/fieldConfig/defaults", "panel 'Builds' has no unit", "set the unit"),
    ("TC710_panel_texts.json", "/panels/0", "panel 'Builds' has no description", "say what it shows"),
    ("TC711_known_keys.json", "/panels/0/colour", "Grafana does not know the key 'colour'", "correct the key"),
    ("TC712_unique_ids.json", "/panels/1/id", "id 1 is that of panel 'Builds' too", "give one another id"),
    ("TC713_datasource_variable.json", "/panels/0/datasource", "panel 'Builds' reads 'P1809F7CD0C75ACF3'",
     "use ${datasource}"),
    ("TC714_defined_variables.json", "/panels/0", "$team is no variable of this dashboard", "define it"),
    ("TC715_for_window.yml", "/groups/0/rules/0/for", "BuildsStopped waits 5m, and its rate looks back over 600 s",
     "make it longer"),
    ("TC716_label_value.json", EXPR, "builds_total: team is never 'green': it is blue, red", "correct the value"),
    ("TC717_environment_filter.json", EXPR, "builds_total is not narrowed by 'environment'",
     'add environment=~"$environment"'),
]  # fmt: skip


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The registry that the files of this folder are about."""
    return load_registry(REGISTRY)


@pytest.mark.parametrize(("file", "pointer", "problem", "remedy"), FOUND, ids=[name for name, *_ in FOUND])
def test_each_breach_is_found(registry: Registry, file: str, pointer: str, problem: str, remedy: str) -> None:
    """The file breaks one rule: that is all that is found, with its code, place and remedy."""
    (found,) = check_files([BROKEN / file], registry)
    assert (found.code, found.level, found.pointer) == (file[:5], "error", pointer)
    assert found.problem.startswith(problem)
    assert found.remedy.startswith(remedy)


def test_each_code_has_its_file() -> None:
    """No code of what reads metrics is without a broken file, and no broken file without its line above."""
    assert {name for name, *_ in FOUND} == {path.name for path in BROKEN.glob("TC*")}
    assert {name[:5] for name, *_ in FOUND} >= {code for code in CODES if code.startswith("TC7")}


def test_what_is_well_is_left_alone(registry: Registry) -> None:
    """A dashboard and rules by hand that keep every rule have no finding; a total may be recorded, a first seen."""
    assert check_files([BROKEN / "clean.json", BROKEN / "clean.yml"], registry) == ()


def test_dashboards_read_what_rules_record(registry: Registry, tmp_path: Path) -> None:
    """The name of a recording rule is a series where its file is checked too, and unknown where it is not."""
    content = json.loads((BROKEN / "clean.json").read_text())
    content["panels"][0]["targets"][0]["expr"] = "team:builds_total:rate5m"
    path = tmp_path / "recorded.json"
    path.write_text(json.dumps(content))
    assert [each.code for each in check_files([path], registry)] == ["TC702"]
    assert check_files([path, BROKEN / "clean.yml"], registry) == ()


def test_two_dashboards_of_one_uid_are_found(registry: Registry, tmp_path: Path) -> None:
    """The second of two files with one uid says whose it is."""
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text((BROKEN / "clean.json").read_text())
    (found,) = check_files([tmp_path], registry)
    assert (found.code, found.pointer, found.path) == ("TC712", "/uid", str(tmp_path / "b.json"))


def test_panels_in_collapsed_rows_are_checked(registry: Registry, tmp_path: Path) -> None:
    """A query that nobody sees until a row is opened is checked like any other."""
    content = json.loads((BROKEN / "TC705_counter_rate.json").read_text())
    row = {"id": 9, "type": "row", "title": "More", "collapsed": True, "panels": content["panels"]}
    content["panels"] = [row]
    path = tmp_path / "row.json"
    path.write_text(json.dumps(content))
    (found,) = check_files([path], registry)
    assert (found.code, found.pointer) == ("TC705", "/panels/0/panels/0/targets/0/expr")


def test_variables_and_annotations_are_checked(registry: Registry, tmp_path: Path) -> None:
    """The query of a variable and the expression of an annotation read metrics too."""
    content: dict[str, Any] = json.loads((BROKEN / "clean.json").read_text())
    content["templating"]["list"][1]["query"] = "label_values(builds_total, squad)"
    content["annotations"] = {
        "list": [
            {
                "name": "Jump",
                "enable": True,
                "iconColor": "red",
                "datasource": {"type": "prometheus", "uid": "${datasource}"},
                "expr": 'rate(queue_depth{environment=~"$environment"}[5m]) > 0',
            }
        ]
    }
    path = tmp_path / "more.json"
    path.write_text(json.dumps(content))
    found = {(each.code, each.pointer) for each in check_files([path], registry)}
    assert found == {("TC708", "/templating/list/1/query"), ("TC706", "/annotations/list/0/expr")}


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"panels": 3}', '{"panels": [7, null]}', '"x"'])
def test_other_json_is_no_crash(registry: Registry, tmp_path: Path, text: str) -> None:
    """What is no dashboard gives findings or none, and never a traceback."""
    path = tmp_path / "other.json"
    path.write_text(text)
    assert all(each.path == str(path) for each in check_files([path], registry))


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("a: [", ""),
        ("a: 5", ""),
        ("groups: 5", ""),
        ("groups: [1]", "/groups/0"),
        ("groups: [{rules: 5}]", "/groups/0/rules"),
        ("groups: [{rules: [2]}]", RULE),
        ("groups: [{rules: [{expr: 3}]}]", RULE),
        ("groups: [{rules: [{alert: A, record: a, expr: 3}]}]", RULE),
        ("groups: [{rules: [{alert: {a: b}, expr: 3}]}]", f"{RULE}/alert"),
        ("groups: [{rules: [{alert: A}]}]", f"{RULE}/expr"),
        ("groups: [{rules: [{alert: A, expr: null}]}]", f"{RULE}/expr"),
        ("groups: [{rules: [{alert: A, expr: [up]}]}]", f"{RULE}/expr"),
        ("groups: [{rules: [{alert: A, expr: up, for: 5x}]}]", f"{RULE}/for"),
        ("groups: [{rules: [{alert: A, expr: up, for: 5m1h}]}]", f"{RULE}/for"),
        ("groups: [{rules: [{alert: A, expr: up, for: ''}]}]", f"{RULE}/for"),
        ("groups: [{rules: [{alert: A, expr: up, for: [1]}]}]", f"{RULE}/for"),
        ("groups: [{rules: [{alert: A, expr: up, keep_firing_for: 5}]}]", f"{RULE}/keep_firing_for"),
    ],
)
def test_odd_rule_files_are_found(registry: Registry, tmp_path: Path, text: str, pointer: str) -> None:
    """What an engine would refuse is found with its place, and never a traceback."""
    path = tmp_path / "odd.yml"
    path.write_text(text)
    (found,) = check_files([path], registry)
    assert (found.code, found.pointer) == ("TC102" if pointer else "TC101", pointer)


@pytest.mark.parametrize("rest", ["", "for: 0", "for: 0s", "for: 1h30m", "for: 1d, keep_firing_for: 500ms"])
def test_rules_that_engines_take_are_well(registry: Registry, tmp_path: Path, rest: str) -> None:
    """Durations are as Prometheus reads them; a number is an expression."""
    path = tmp_path / "well.yml"
    path.write_text(f"groups: [{{name: g, rules: [{{alert: A, expr: up, {rest}}}, {{record: 'a:b', expr: 3}}]}}]")
    assert check_files([path], registry) == ()


def test_other_files_of_a_folder_are_left_alone(registry: Registry, tmp_path: Path) -> None:
    """A folder may hold other YAML and JSON, and alerts of Grafana; only a file that is named must be one of ours."""
    (tmp_path / "compose.yml").write_text("services: {}")
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "grafana.yml").write_text("apiVersion: 1\ngroups: [{name: g, rules: [{uid: a, title: A, data: []}]}]")
    assert check_files([tmp_path], registry) == ()
    found = check_files(sorted(tmp_path.iterdir()), registry)
    assert [(each.code, each.problem[:10]) for each in found] == [("TC101", "is neither")] * 3


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('up{job="$job"} > $limit', ["$job", "$limit"]),
        ("up > ${limit}", ["$limit"]),
        ("rate(prometheus_x_total[$__rate_interval])", ["$__rate_interval"]),
        ('label_replace(up, "a", "$1-${2}", "b", "(.*)x$|(.)")', []),
        ('label_replace(up, "a", "$it", "b", "(?P<it>.*)")', []),
    ],
)
def test_rules_know_no_variables(registry: Registry, tmp_path: Path, text: str, names: list[str]) -> None:
    """What Grafana alone would replace is found in a rule; groups of a regular expression are no variables."""
    path = tmp_path / "rules.yml"
    path.write_text(f"groups: [{{name: g, rules: [{{alert: A, expr: {json.dumps(text)}}}]}}]")
    found = check_files([path], registry)
    assert [(each.code, each.problem.split()[0]) for each in found] == [("TC714", name) for name in names]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", "$x", "rate(x[5m])", "row", "query"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=25,
)


@given(panels=st.lists(JSON, max_size=3), rest=st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4))
def test_no_dashboard_is_a_crash(registry: Registry, panels: list[Any], rest: dict[str, Any]) -> None:
    """Whatever the members of a dashboard are, it is checked to the end."""
    found = check_texts({"any.json": json.dumps({**rest, "panels": panels})}, registry)
    assert {each.code for each in found} <= set(CODES)


def test_ours_is_clean() -> None:
    """The generated tree of the project breaks none of the rules."""
    everything = load_registry(packs=[*shipped_packs(), OWN_PACK])
    assert check_files([ROOT / "monitoring"], everything) == ()


def test_the_command_says_what_is_wrong() -> None:
    """Findings are lines or JSON, and exit code 1; a clean file gives 0, a missing one 2."""
    runner = CliRunner()
    broken = ["check", str(BROKEN / "TC705_counter_rate.json"), "--registry", str(REGISTRY)]
    result = runner.invoke(app, broken)
    assert result.exit_code == 1
    assert f"TC705_counter_rate.json#{EXPR}: TC705 builds_total only rises" in result.stdout
    result = runner.invoke(app, [*broken, "--json"])
    assert [each["code"] for each in json.loads(result.stdout)["findings"]] == ["TC705"]
    clean = runner.invoke(app, ["check", str(BROKEN / "clean.json"), "--registry", str(REGISTRY)])
    assert (clean.exit_code, clean.stdout) == (0, "findings: 0\n")
    missing = runner.invoke(app, ["check", "nowhere.json", "--registry", str(REGISTRY)])
    assert (missing.exit_code, missing.stderr) == (2, "telemetry: nowhere.json: there is no such file or folder\n")


def test_the_script_is_the_command() -> None:
    """`monitoring/scripts/validate_dashboards.py` checks its folder, and fails where the command fails."""
    script = ROOT / "monitoring" / "scripts" / "validate_dashboards.py"
    done = subprocess.run([sys.executable, script], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "findings: 0\n", "")
    path = str(BROKEN / "TC701_promql.json")
    done = subprocess.run([sys.executable, script, path], check=False, capture_output=True, text=True)
    assert (done.returncode, "TC701" in done.stdout) == (1, True)


def test_the_page_names_every_code() -> None:
    """What the documentation says of each code is what the code wants."""
    page = (ROOT / "docs" / "dashboards.md").read_text()
    own = {code: kind for code, kind in CODES.items() if code.startswith("TC7")}
    assert [code for code, kind in own.items() if f"| `{code}` | `{kind.name}` | {kind.wants} |" not in page] == []
