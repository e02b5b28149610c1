"""The dashboards of the project: what each shows, that nothing is left unseen, and that they stay what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from telemetry.contracts import OWN_PACK, Registry, load_registry, shipped_packs
from telemetry.monitoring import Descriptions, generate, read_descriptions
from telemetry.monitoring.lint.series import series_of
from telemetry.promql import read_expression

# Each dashboard of the operators' table, for whom it is, and panels that it promises: title to kind and metric.
PROMISED: Mapping[str, tuple[str, Mapping[str, tuple[str, str]]]] = {
    "pipeline": ("pipeline", {
        "Pipeline latency": ("heatmap", "pipeline_latency_seconds_bucket"),
        "Latency percentiles by backend": ("table", "pipeline_latency_seconds_bucket"),
        "Maturity of backends": ("timeseries", "backend_maturity"),
        "Missing binaries": ("bargauge", "backend_missing_binaries"),
        "Compiles that fail, by code": ("timeseries", "compile_failure_total"),
        "Verifications that block": ("gauge", "verification_block_rate"),
        "Bundle size per release": ("barchart", "offline_bundle_size_bytes_sum"),
    }),
    "migration-health": ("engineering", {
        "Completion": ("gauge", "migration_completion_ratio"),
        "Velocity": ("gauge", "migration_velocity_weekly"),
        "Burndown": ("timeseries", "migration_burndown_remaining"),
        "Action mix": ("heatmap", "action_mix_progress"),
        "CI success": ("piechart", "cicd_success_ratio"),
        "Deployment frequency": ("histogram", "deployment_frequency_weekly"),
        "Parser, p95": ("timeseries", "parse_duration_ms_bucket"),
        "CPU by workload": ("timeseries", "resource_utilization_cpu_percent"),
        "Mean time to repair": ("timeseries", "mttr_minutes"),
    }),
    "qa-preservation": ("qa", {
        "Coverage against target": ("timeseries", "regression_coverage_percent"),
        "Tests that pass": ("timeseries", "regression_pass_ratio"),
        "Defect density": ("heatmap", "defect_density_weekly"),
        "Escaped defects": ("table", "escaped_defect_count"),
        "Command line, p95": ("timeseries", "cli_latency_p95_ms"),
        "Variance against the baseline": ("timeseries", "telemetry_variance_ratio"),
        "Golden datasets": ("state-timeline", "golden_dataset_fresh"),
    }),
    "leadership-pulse": ("leadership", {
        "Completion": ("stat", "migration_completion_ratio"),
        "Open risks": ("stat", "risk_burndown_total"),
        "Satisfaction": ("stat", "stakeholder_satisfaction_score"),
        "Burndown against plan": ("timeseries", "migration_burndown_remaining"),
        "Features delivered by squad": ("barchart", "feature_delivery_rate"),
        "Alerts by severity": ("stat", "ALERTS"),
        "Capacity by squad": ("timeseries", "capacity_utilization_ratio"),
        "Milestones": ("state-timeline", "milestone_progress_ratio"),
    }),
    "feature-lens": ("features", {
        "Parses by parser": ("timeseries", "parse_duration_ms_count"),
        "Hits of the incremental cache": ("timeseries", "incremental_hit_rate"),
        "CPU by workload": ("timeseries", "resource_utilization_cpu_percent"),
        "Distribution of command latency, p95": ("histogram", "cli_latency_p95_ms"),
    }),
    "parser-throughput": ("parser", {
        "Parses by parser": ("timeseries", "parse_duration_ms_count"),
        "Batch size": ("timeseries", "parse_batch_size"),
        "Failures by code": ("timeseries", "parser_failure_total"),
        "Hits of the incremental cache": ("timeseries", "incremental_hit_rate"),
    }),
    "cost-usage": ("finance", {
        "Compute spend by workload": ("timeseries", "compute_spend_usd"),
        "Storage used": ("timeseries", "storage_used_bytes"),
        "Cost of a completed module": ("stat", "cost_per_completed_module_usd"),
        "Cost of incidents": ("barchart", "incident_cost_usd"),
    }),
    "agent-performance": ("platform", {
        "Tasks completed": ("timeseries", "agent_tasks_total"),
        "Tasks failed": ("timeseries", "agent_tasks_total"),
        "Response time": ("timeseries", "agent_response_seconds_bucket"),
        "CPU": ("timeseries", "agent_cpu_ratio"),
        "Memory": ("timeseries", "agent_memory_ratio"),
        "Network": ("state-timeline", "agent_network_up"),
        "Queue depth": ("timeseries", "agent_queue_depth"),
    }),
    "platform-health": ("platform", {
        "Component status": ("state-timeline", "component_up"),
        "Errors by component": ("timeseries", "component_errors_total"),
        "Endpoint availability": ("table", "api_request_seconds_count"),
        "Query time, p95": ("timeseries", "db_query_seconds_bucket"),
        "Agents": ("table", "agent_health_score"),
    }),
    "workflow-status": ("platform", {
        "Pull requests by state": ("timeseries", "pr_pipeline_items"),
        "Errors of the GitHub API": ("timeseries", "github_api_errors_total"),
        "Deliveries by outcome": ("timeseries", "webhook_delivery_total"),
    }),
    "error-analysis": ("developers", {"Errors by component and code": ("table", "component_errors_total")}),
    "resource-utilization": ("developers", {"Capacity in use": ("timeseries", "capacity_utilization_ratio")}),
    "run-overview": ("runs", {
        "Last 20 runs": ("table", "gazeqa_tests_total"),
        "Coverage": ("stat", "gazeqa_coverage_percent"),
        "Requirements by status": ("piechart", "gazeqa_requirements"),
    }),
    "run-exploration": ("runs", {
        "Pages visited": ("timeseries", "gazeqa_pages_visited_total"),
        "Loop breakers": ("timeseries", "gazeqa_loop_breaker_triggers_total"),
    }),
    "run-generation": ("runs", {
        "Tests by framework": ("barchart", "gazeqa_tests_by_framework"),
        "Upload latency": ("heatmap", "gazeqa_artifact_upload_latency_seconds_bucket"),
    }),
    "run-safety": ("runs", {
        "Retries by workflow": ("timeseries", "gazeqa_workflow_retries_total"),
        "Messages that nobody took": ("stat", "gazeqa_dlq_backlog"),
        "Guardrail blocks by action": ("timeseries", "gazeqa_guardrail_block_total"),
        "Secrets that were not redacted": ("stat", "gazeqa_secret_redaction_failures_total"),
    }),
    "telemetry-health": ("platform", {"Queue": ("timeseries", "telemetry_queue_bytes")}),
    "llm-usage": ("platform", {"Cost by model": ("timeseries", "llm_cost_usd_total")}),
}  # fmt: skip
UIDS = sorted(PROMISED)


@pytest.fixture(scope="module")
def registry() -> Registry:
    """Everything that is shipped."""
    return load_registry(packs=[*shipped_packs(), OWN_PACK])


@pytest.fixture(scope="module")
def descriptions(registry: Registry) -> Descriptions:
    """The shipped descriptions."""
    return read_descriptions(registry)


@pytest.fixture(scope="module")
def tree(registry: Registry, descriptions: Descriptions) -> Mapping[str, str]:
    """Everything that is generated."""
    return generate(registry, descriptions)


@pytest.fixture(scope="module")
def dashboards(tree: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """The dashboards by their uid, as Grafana loads them."""
    loaded = [json.loads(text) for path, text in tree.items() if path.startswith("dashboards/")]
    return {each["uid"]: each for each in loaded}


def panels(dashboard: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give the panels of a dashboard without the headings of its rows."""
    return (each for each in dashboard["panels"] if each["type"] != "row")


def selected(part: Mapping[str, Any]) -> set[str]:
    """Name the series that the queries of a panel read."""
    targets = [each["expr"] for each in part.get("targets", ()) if part["type"] != "logs"]
    return {each.name for text in targets for each in read_expression(text).selections}


def test_every_dashboard_is_there(tree: Mapping[str, str]) -> None:
    """Each lies in the folder of those whom it is for, and there is no other."""
    wanted = {f"dashboards/{persona}/{uid}.json" for uid, (persona, _) in PROMISED.items()}
    assert {path for path in tree if path.startswith("dashboards/")} == wanted


@pytest.mark.parametrize("uid", UIDS)
def test_each_shows_what_it_promises(dashboards: Mapping[str, Mapping[str, Any]], uid: str) -> None:
    """The promised panels are there, of their kind, and read their metric."""
    found = {each["title"]: (each["type"], selected(each)) for each in panels(dashboards[uid])}
    for title, (kind, series) in PROMISED[uid][1].items():
        assert found[title][0] == kind, title
        assert series in found[title][1], title


@pytest.mark.parametrize("uid", UIDS)
def test_each_says_how_fresh_it_is(dashboards: Mapping[str, Mapping[str, Any]], uid: str) -> None:
    """The first panel has the age of each family of metrics, and says where nothing has come in at all."""
    banner = next(panels(dashboards[uid]))
    assert (banner["title"], banner["gridPos"]["y"], banner["gridPos"]["w"]) == ("Freshness", 0, 24)
    age, absent = (each["expr"] for each in banner["targets"])
    assert age.startswith("time() - max by (metric_family) (last_ingest_ts{")
    assert absent.startswith("absent(last_ingest_ts{")
    # Over a range the last value of a series that has ended would be shown for ever: -1 from before the first ingest.
    assert [(each["instant"], each["range"]) for each in banner["targets"]] == [(True, False)] * 2
    missing = banner["fieldConfig"]["defaults"]["mappings"][0]["options"]["-1"]
    assert missing == {"text": "nothing has come in", "color": "red"}
    assert len(banner["fieldConfig"]["defaults"]["thresholds"]["steps"]) > 1


@pytest.mark.parametrize("uid", UIDS)
def test_each_can_be_narrowed_and_moved_in_time(dashboards: Mapping[str, Mapping[str, Any]], uid: str) -> None:
    """There are a data source and an environment to choose, a time range, a refresh, and links."""
    content = dashboards[uid]
    names = [each["name"] for each in content["templating"]["list"]]
    assert names[0] == "datasource"
    assert ("env" if PROMISED[uid][0] == "runs" else "environment") in names
    assert content["time"]["to"] == "now"
    assert content["refresh"]
    assert content["links"]
    assert "generated" in content["tags"]
    assert "Generated by `telemetry generate`" in content["description"]
    assert not content["editable"]


@pytest.mark.parametrize("uid", UIDS)
def test_each_panel_says_what_it_is(dashboards: Mapping[str, Mapping[str, Any]], uid: str) -> None:
    """Title, description and legends are there, and a unit that comes from the contract."""
    for each in panels(dashboards[uid]):
        assert each["title"] and each["description"], each["id"]
        assert each["type"] in ("text", "logs", "alertlist") or each["fieldConfig"]["defaults"]["unit"], each["title"]
        assert all(target["legendFormat"] for target in each.get("targets", ()) if "legendFormat" in target)


@pytest.mark.parametrize(
    ("uid", "title", "unit"),
    [
        ("pipeline", "Mean latency by region", "s"),
        ("pipeline", "Bundle size per release", "bytes"),
        ("pipeline", "Verifications that block", "percentunit"),
        ("qa-preservation", "Coverage against target", "percent"),
        ("qa-preservation", "Command line, p95", "ms"),
        ("cost-usage", "Compute spend by workload", "currencyUSD"),
        ("migration-health", "Velocity", "suffix: modules/week"),
        ("parser-throughput", "Failures by code", "cps"),
        ("agent-performance", "Since the last heartbeat", "s"),
        ("agent-performance", "Network", "bool_yes_no"),
        ("agent-performance", "Queue depth", "short"),
    ],
)
def test_units_are_those_of_the_contract(
    dashboards: Mapping[str, Mapping[str, Any]], uid: str, title: str, unit: str
) -> None:
    """What a contract counts is what Grafana writes after the number."""
    (found,) = [each for each in panels(dashboards[uid]) if each["title"] == title]
    assert found["fieldConfig"]["defaults"]["unit"] == unit


def test_no_stable_metric_is_unseen(registry: Registry, tree: Mapping[str, str]) -> None:
    """Each stable metric of the shipped packs is on a dashboard or in a rule."""
    metric_of = {name: each.metric.name for name, each in series_of(registry, {}).items() if each.metric}
    loaded = [json.loads(text) for path, text in tree.items() if path.startswith("dashboards/")]
    seen = {name for content in loaded for panel in panels(content) for name in selected(panel)}
    rules = [yaml.safe_load(text) for path, text in tree.items() if path.startswith("rules/")]
    texts = [rule["expr"] for content in rules for group in content["groups"] for rule in group["rules"]]
    seen |= {each.name for text in texts for each in read_expression(str(text)).selections}
    shown = {metric_of[name] for name in seen if name in metric_of}
    stable = {name for name, metric in registry.metrics.items() if metric.stability == "stable"}
    assert stable - shown == set()
    assert len(stable) > 50


def test_thresholds_are_those_of_the_alert(
    dashboards: Mapping[str, Mapping[str, Any]], descriptions: Descriptions
) -> None:
    """A panel that names an alert has the alert's thresholds, to the digit; nobody writes them twice."""
    (panel,) = [
        each for each in panels(dashboards["parser-throughput"]) if each["title"] == "Parse time, p95 by language"
    ]
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [each["color"] for each in steps] == ["green", "yellow", "red"]
    wanted = descriptions.alerts.thresholds("ParserSlow")
    assert [each["value"] for each in steps[1:]] == pytest.approx([wanted["warning"], wanted["critical"]])
    assert all(each["value"] > bound for each, bound in zip(steps[1:], wanted.values(), strict=True))


def test_worse_below_is_red_below(dashboards: Mapping[str, Mapping[str, Any]]) -> None:
    """Where little is bad the first colour is the worst, and where both ends are bad the middle is green."""
    (low,) = [each for each in panels(dashboards["run-overview"]) if each["title"] == "Coverage"]
    assert [each["color"] for each in low["fieldConfig"]["defaults"]["thresholds"]["steps"]] == ["yellow", "green"]
    (both,) = [each for each in panels(dashboards["leadership-pulse"]) if each["title"] == "Capacity by squad"]
    colours = [each["color"] for each in both["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    assert colours == ["red", "yellow", "green", "yellow", "red"]


def test_what_happened_is_marked(dashboards: Mapping[str, Mapping[str, Any]]) -> None:
    """Builds that fail twice, deployments and a plan that is missed are annotations."""
    marks = {uid: {each["name"] for each in content["annotations"]["list"]} for uid, content in dashboards.items()
             if content.get("annotations", {}).get("list")}  # fmt: skip
    assert marks["pipeline"] == {"Build failed twice", "Release packaged"}
    assert marks["migration-health"] == {"Build failed twice", "Deployment", "Behind the plan"}


def test_what_no_longer_holds_is_not_shown(dashboards: Mapping[str, Mapping[str, Any]]) -> None:
    """The card of firing alerts asks for now: over a range it would show the last that fired, though it has ended."""
    (card,) = [each for each in panels(dashboards["leadership-pulse"]) if each["title"] == "Alerts by severity"]
    assert [each["instant"] for each in card["targets"]] == [True]


def test_a_plan_is_a_line_between_two_days(dashboards: Mapping[str, Mapping[str, Any]]) -> None:
    """Its days and values are variables, so that people change them without a change of the file."""
    content = dashboards["leadership-pulse"]
    plan = {each["name"]: each["query"] for each in content["templating"]["list"] if each["name"].startswith("plan_")}
    assert plan == {"plan_start": "1767571200", "plan_end": "1797552000", "plan_from": "240", "plan_to": "0"}
    (panel,) = [each for each in panels(content) if each["title"] == "Burndown against plan"]
    assert [each["legendFormat"] for each in panel["targets"]] == ["remaining", "planned"]


def test_logs_of_blocked_verifications_are_beside_their_gauge(
    tree: Mapping[str, str], dashboards: Mapping[str, Mapping[str, Any]]
) -> None:
    """The panel asks the log store for the event, by the fields that the collection gives it there."""
    (panel,) = [each for each in panels(dashboards["pipeline"]) if each["type"] == "logs"]
    assert panel["datasource"] == {"type": "victoriametrics-logs-datasource", "uid": "${logs}"}
    assert panel["targets"][0]["expr"] == '_msg:in("verify.block") env:~"${environment:regex}"'
    assert "_msg_field=event&_stream_fields=component,env," in tree["fluent-bit/fluent-bit.yaml"]


def test_tables_can_be_had_as_csv(dashboards: Mapping[str, Mapping[str, Any]]) -> None:
    """Each table links to the view of its own data from which Grafana writes CSV."""
    for uid, content in dashboards.items():
        for panel in panels(content):
            if panel["type"] == "table":
                assert panel["links"][0]["url"].startswith(f"/d/{uid}?inspect={panel['id']}&inspectTab=data")


def test_provisioning_names_what_dashboards_read(
    tree: Mapping[str, str], dashboards: Mapping[str, Mapping[str, Any]]
) -> None:
    """The data sources that are chosen at first are provisioned, one is the default, and no secret stands in a file."""
    sources = yaml.safe_load(tree["provisioning/datasources/telemetry.yaml"])["datasources"]
    uids = {each["uid"] for each in sources}
    chosen = {each["current"]["value"] for content in dashboards.values() for each in content["templating"]["list"]
              if each["type"] == "datasource"}  # fmt: skip
    assert chosen == uids
    assert [each["name"] for each in sources if each.get("isDefault")] == ["Prometheus"]
    assert all(each["url"].startswith("${") and "secureJsonData" not in each for each in sources)
    (provider,) = yaml.safe_load(tree["provisioning/dashboards/telemetry.yaml"])["providers"]
    assert provider["options"]["foldersFromFilesStructure"] is True


OWN = """
uid = "mine"
title = "Mine"
description = "What is mine."
persona = "me"
[[rows]]
title = "All"
"""
PANEL = """
[[rows.panels]]
title = "{title}"
metric = "component_up"
show = "min"
by = ["component"]
"""


def ids_of(registry: Registry, folder: Path, *titles: str) -> dict[str, int]:
    """Generate a dashboard with these panels, and give their ids."""
    (folder / "dashboards").mkdir(exist_ok=True)
    text = OWN + "".join(PANEL.format(title=title) for title in titles)
    (folder / "dashboards" / "mine.toml").write_text(text)
    made = generate(registry, read_descriptions(registry, [folder]))
    return {each["title"]: each["id"] for each in json.loads(made["dashboards/me/mine.json"])["panels"]}


def test_a_panel_between_others_renumbers_none(registry: Registry, tmp_path: Path) -> None:
    """The id of a panel is its own: links to it hold whatever is put in front of it."""
    before = ids_of(registry, tmp_path, "One", "Two")
    after = ids_of(registry, tmp_path, "Zero", "One", "Half", "Two")
    assert {title: after[title] for title in before} == before
    assert len(set(after.values())) == len(after)


def test_a_user_replaces_a_shipped_dashboard(registry: Registry, tmp_path: Path) -> None:
    """One's own dashboard stands in place of the shipped one with its uid, where it says so."""
    (tmp_path / "dashboards").mkdir()
    text = OWN.replace('uid = "mine"', 'uid = "pipeline"\nreplace = true') + PANEL.format(title="Up")
    (tmp_path / "dashboards" / "pipeline.toml").write_text(text)
    made = generate(registry, read_descriptions(registry, [tmp_path]))
    assert [path for path in made if path.endswith("/pipeline.json")] == ["dashboards/me/pipeline.json"]


def test_dashboards_without_their_packs_are_left_out() -> None:
    """With the pack of pipelines alone there is its dashboard; its banner says that freshness is not measured."""
    small = load_registry()
    descriptions = read_descriptions(small)
    assert [each.uid for each in descriptions.dashboards] == ["pipeline"]
    assert set(descriptions.left_out) == set(UIDS) - {"pipeline"}
    assert descriptions.left_out["qa-preservation"] == ("parser", "quality")
    content = json.loads(generate(small, descriptions)["dashboards/pipeline/pipeline.json"])
    banner = next(panels(content))
    assert banner["type"] == "text"
    assert "load the pack `common`" in banner["options"]["content"]


def test_the_page_names_every_dashboard(descriptions: Descriptions) -> None:
    """The table of the documentation has each dashboard with its folder and packs, and no other."""
    page = (Path(__file__).parents[2] / "docs" / "dashboards.md").read_text()
    table = page.partition("## What there is")[2].partition("Each begins")[0]
    rows = [line.split(" | ")[:3] for line in table.splitlines() if line.startswith("| `")]
    wanted = [[f"| `{each.uid}`", f"`{each.persona}`", ", ".join(each.packs)] for each in descriptions.dashboards]
    assert sorted(rows) == sorted(wanted)
