"""Every alert that was promised is there: its thresholds, how long they are passed, and what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.monitoring.trees import described, loaded, rules_of, write_tree

from telemetry.monitoring.description.duration import seconds

# Metric, side, and by severity the threshold and `for`; an event has none.
PROMISED = [
    ("parse_duration_ms", ">", {"warning": (250, "10m"), "critical": (300, "5m")}),
    ("regression_coverage_percent", "<", {"warning": (80, None), "critical": (75, None)}),
    ("cicd_success_ratio", "<", {"warning": (0.92, "15m"), "critical": (0.85, "15m")}),
    ("deployment_frequency_weekly", "<", {"warning": (1, "1h")}),
    ("deployment_frequency_weekly", "<=", {"critical": (0, "3d")}),
    ("capacity_utilization_ratio", "<", {"warning": (0.7, "1h"), "critical": (0.6, "1h")}),
    ("capacity_utilization_ratio", ">", {"warning": (1.05, "1h"), "critical": (1.2, "1h")}),
    ("telemetry_variance_ratio", ">", {"info": (0.03, "15m"), "warning": (0.04, "15m"), "critical": (0.06, "15m")}),
    ("agent_health_score", ">", {"info": (0, None)}),
    ("agent_response_seconds", ">", {"warning": (30, "10m")}),
    ("agent_heartbeat_timestamp_seconds", ">", {"critical": (300, "0s")}),
    ("escaped_defect_count", ">", {"critical": (0, None)}),
    ("gazeqa_coverage_percent", "<", {"warning": (0.97, "1m")}),
    ("gazeqa_story_to_test_coverage", "<", {"warning": (0.98, "1m")}),
    ("gazeqa_artifact_upload_retries_total", ">", {"warning": (3, None)}),
    ("gazeqa_dlq_backlog", ">", {"critical": (0, "1m")}),
    ("gazeqa_secret_redaction_failures_total", ">", {"critical": (0, None)}),
    ("gazeqa_guardrail_block_total", ">", {"critical": (0, None)}),
    ("metric_ingest_status", ">", {"warning": (0.05, "40m")}),
    ("last_ingest_ts", ">", {"warning": (7200, "1m")}),
]  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate what is shipped."""
    folder = tmp_path_factory.mktemp("tree")
    return write_tree(folder, described(folder))


def every_rule(tree: Path) -> list[dict[str, object]]:
    """Give all alerting rules of a tree."""
    names = [f"rules/{path.name}" for path in sorted((tree / "rules").glob("*.yml"))]
    groups = [group for name in names for group in loaded(tree, name)["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def judged(rule: dict[str, object]) -> tuple[str, float]:
    """Give the side and the threshold that end an expression."""
    found = re.search(r" (<=|>=|<|>) ([0-9.]+)$", str(rule["expr"]))
    assert found, rule
    return found[1], float(found[2])


@pytest.mark.parametrize(("metric", "side", "levels"), PROMISED, ids=lambda each: each if isinstance(each, str) else "")
def test_promised_alerts_are_there(
    tree: Path, metric: str, side: str, levels: dict[str, tuple[float, str | None]]
) -> None:
    """Each severity of each promised alert has the promised threshold, side and time."""
    mine = [rule for rule in every_rule(tree) if rule["labels"].get("metric_name") == metric]  # type: ignore[attr-defined]
    mine = [rule for rule in mine if rule["alert"] != "DataMissing" and judged(rule)[0] == side]
    found = {rule["labels"]["severity"]: (judged(rule)[1], rule.get("for")) for rule in mine}  # type: ignore[index]
    assert found == levels


def test_guardrails_alert_in_production_only(tree: Path) -> None:
    """A guardrail that stops an action in staging wakes nobody."""
    (rule,) = rules_of(tree, "GuardrailBlockedProduction")
    assert rule["expr"].count('env="production"') == rule["expr"].count("gazeqa_guardrail_block_total")


def test_alerts_carry_what_routes_and_people_need(tree: Path) -> None:
    """A rule has its severity, metric and owner, a summary and a description with the value."""
    for rule in every_rule(tree):
        labels, said = rule["labels"], rule["annotations"]
        assert isinstance(labels, dict) and isinstance(said, dict)
        assert labels["severity"] in {"info", "warning", "critical"}
        if rule["alert"] != "UnresolvedCritical":
            assert labels["metric_name"] and labels["owner"]
            assert "metric_family" in labels or "metric_family" in str(rule["expr"])
        assert said["summary"] and (
            "$value" in said["description"] or rule["alert"] in {"DataMissing", "UnresolvedCritical"}
        )


def test_runs_tell_their_environment(tree: Path) -> None:
    """Alerts on runs, whose environment is called `env`, are grouped with the others by `environment`."""
    for rule in rules_of(tree, "DeadLetters") + rules_of(tree, "RunCoverageLow"):
        assert rule["labels"]["environment"] == "{{ $labels.env }}"


def test_critical_alerts_have_a_runbook_that_is_there(tree: Path) -> None:
    """The link of each critical alert leads to a page with its parts, and the queries in it are the rule's own."""
    critical = [rule for rule in every_rule(tree) if rule["labels"]["severity"] == "critical"]  # type: ignore[index]
    assert critical
    for rule in critical:
        page = (tree / "runbooks" / str(rule["annotations"]["runbook_url"]).rsplit("/", 1)[1]).read_text()  # type: ignore[index]
        for heading in ("## Checklist", "## Queries", "## Roll back when", "## Message"):
            assert heading in page
        assert str(rule["expr"]) in page


def test_linked_dashboards_are_there(tree: Path) -> None:
    """The dashboard that an alert links is generated."""
    known = {json.loads(path.read_text())["uid"] for path in (tree / "dashboards").rglob("*.json")}
    linked = {str(rule["annotations"].get("dashboard_url", "")).rsplit("/", 1)[-1] for rule in every_rule(tree)}  # type: ignore[attr-defined]
    assert linked - {""} <= known


def test_metrics_of_alerts_are_missed(tree: Path) -> None:
    """What an alert relies on, and has to come, alerts when it does not come for two intervals."""
    missed = {rule["labels"]["metric_name"] for rule in rules_of(tree, "DataMissing")}
    assert {"parse_duration_ms", "cicd_success_ratio", "gazeqa_dlq_backlog", "last_ingest_ts"} <= missed
    assert all("[1m]" in rule["expr"] for rule in rules_of(tree, "DataMissing"))


def test_no_window_outlasts_its_time(tree: Path) -> None:
    """A state alerts only when it lasts longer than the window that one blip fills."""
    for rule in every_rule(tree):
        windows = re.findall(r"rate\([^\[]*\[(\w+)\]", str(rule["expr"]))
        assert all(seconds(each) <= seconds(str(rule["for"])) for each in windows)


def test_two_runs_write_the_same(tmp_path: Path) -> None:
    """Rules, tests and configurations are the same text each time."""
    first, second = (write_tree(tmp_path / name, described(tmp_path / name)) for name in "ab")
    names = [path.relative_to(first) for path in first.rglob("*") if path.is_file()]
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
