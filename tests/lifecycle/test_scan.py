"""Old names are found where they are used, with file and line, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lifecycle.names import REGISTRY
from tests.lifecycle.pages import CODE, DASHBOARD, NOTES, RULES, line_of, project

from telemetry.contracts import Finding, load_registry
from telemetry.operations.usage import old_names
from telemetry.operations.usage.files import LARGEST_BYTES
from telemetry.operations.usage.promql import by_tokens, metric_names

REGISTERED = load_registry(REGISTRY)


def found(*paths: Path) -> list[tuple[str, int, str]]:
    """Give file, line and name of each use."""
    findings = old_names(REGISTERED, paths)
    assert {each.code for each in findings} <= {"TC205"}
    return [(Path(each.path).name, each.line, each.problem.split("'")[1]) for each in findings]


def test_python_is_read_by_its_syntax(tmp_path: Path) -> None:
    """Decorators, handles and queries in texts are uses; documentation and prose are none."""
    assert found(project(tmp_path) / "app") == [
        ("build.py", line_of(CODE, "import build_seconds"), "build_seconds"),
        ("build.py", line_of(CODE, "@rec"), "builds_total"),
        ("build.py", line_of(CODE, "QUERY"), "image_bytes_sum"),
    ]


def test_dashboards_are_read_by_their_queries(tmp_path: Path) -> None:
    """Each `expr`, variables in it or not, and the queries of variables; a title is no use."""
    text = json.dumps(DASHBOARD, indent=1)
    assert found(project(tmp_path) / "dashboards") == [
        ("build.json", line_of(text, "rate(builds_total"), "builds_total"),
        ("build.json", line_of(text, "push_seconds_count"), "push_seconds_count"),
        ("build.json", line_of(text, "label_values"), "pulls_total"),
    ]


def test_rules_are_read_by_their_expressions(tmp_path: Path) -> None:
    """A use is at its line of an expression of several; an annotation is none."""
    assert found(project(tmp_path) / "rules") == [("build.yml", line_of(RULES, "rate(builds_total"), "builds_total")]


def test_other_texts_are_read_by_their_words(tmp_path: Path) -> None:
    """A name is a whole word."""
    assert found(project(tmp_path) / "notes.md") == [("notes.md", 1, "queue_depth")]
    assert NOTES.count("queue_depth") == 4


def test_each_series_of_a_metric_is_its_name(tmp_path: Path) -> None:
    """What a scrape has of a metric counts, and what only looks like it does not."""
    series = "builds_created builds_total build_seconds_bucket build_seconds_sum image_bytes_count queue_depth"
    others = "builds builds_sum build_seconds_total queue_depth_created image_builds_total builds_total_deprecated"
    (tmp_path / "notes.txt").write_text(series.replace(" ", "\n") + "\n" + others)
    assert [name for _, _, name in found(tmp_path)] == series.split()


def test_a_finding_says_what_to_use(tmp_path: Path) -> None:
    """It has the state, the successor, and the labels that have another name there."""
    (each,) = old_names(REGISTERED, [project(tmp_path) / "notes.md"])
    assert (each.problem, each.level) == ("'queue_depth' is deprecated since 2026-01-31", "error")
    assert each.remedy == "use 'image_queue_depth', where the label team is squad"
    assert str(each) == f"{tmp_path / 'notes.md'}:1: TC205 {each.problem}; {each.remedy}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("half.py", "def builds_total(:"),
        ("half.json", '{"panels": [{"expr": "builds_total'),
        ("half.yml", "groups: [builds_total"),
        ("values.yaml", "metric: builds_total"),
        ("Makefile", "\tcurl -s x | grep builds_total"),
    ],
)
def test_what_has_no_right_syntax_is_read_by_words(tmp_path: Path, name: str, content: str) -> None:
    """A broken file hides no use, unless it ends in the middle of one."""
    (tmp_path / name).write_text(content)
    expected = [] if name == "half.json" else [(name, 1, "builds_total")]
    assert found(tmp_path) == expected


def test_what_is_no_text_is_left_out_or_named(tmp_path: Path) -> None:
    """Binary files, version control and what telemetry made are left out; large and unreadable files are named."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("builds_total")
    (tmp_path / "program").write_bytes(b"\0builds_total")
    (tmp_path / "handles.py").write_text(
        '"""Typed handles; made by `telemetry contracts handles`."""\nbuilds_total = 1'
    )
    (tmp_path / "large.txt").write_text("builds_total " * (LARGEST_BYTES // 12))
    (tmp_path / "latin.txt").write_bytes(b"builds_total \xe9")
    findings = old_names(REGISTERED, [tmp_path, tmp_path / "gone"])
    assert [(each.code, each.level, Path(each.path).name) for each in findings] == [
        ("TC209", "warning", "gone"),
        ("TC209", "warning", "large.txt"),
        ("TC209", "warning", "latin.txt"),
    ]


def test_the_registry_is_no_use_of_itself(tmp_path: Path) -> None:
    """The files that declare the old names may have them; a copy may not."""
    assert found(REGISTRY) == []
    copy = tmp_path / "copy.json"
    copy.write_text(REGISTRY.read_text())
    assert found(copy)


EXPRESSIONS = {
    "a_total": {"a_total"},
    'sum by (team) (rate(a_total{b="c_total"}[5m])) / on (d) group_left (e) f': {"a_total", "f"},
    "max_over_time(a[1h:5m]) offset 5m and b or c unless d": {"a", "b", "c", "d"},
    'count({__name__=~"a|b", job="x"})': {"a", "b"},
    "a:b:rate5m > bool 1e3 # c": {"a:b:rate5m"},
    "quantile_over_time(0.5, a[5m] @ end()) * inf": {"a"},
    "rate(a_total[$__rate_interval]) > $threshold": {"a_total"},
    'sum(rate(a{b=~"$c"}[${d}])) by (e)': {"a"},
    "absent(a)": {"a"},
    "topk by (x) (5, a)": {"a"},
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_parser_and_the_tokens_agree(expression: str) -> None:
    """The names of an expression are the same, whether PromQL's parser is installed or not."""
    assert metric_names(expression) == EXPRESSIONS[expression]
    assert by_tokens(expression) == EXPRESSIONS[expression]


@given(st.text())
def test_any_text_can_be_asked_for_names(text: str) -> None:
    """What is no PromQL has names or not, and never raises."""
    assert all(isinstance(name, str) for name in metric_names(text) | by_tokens(text))


def test_findings_sort_by_line() -> None:
    """The tenth line of a file comes after the second."""
    made = [Finding("TC205", "error", "a", "", "x", "y", line) for line in (10, 2)]
    assert [each.line for each in sorted(made)] == [2, 10]
