"""The shipped packs: each is whole by itself, keeps the rules, and loads only where it is chosen."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.files import Files

from telemetry.contracts import DEFAULT_PACKS, SCHEMA_PATH, load_registry, shipped_packs

COUNTS = {
    "agents": 10,
    "alerts": 9,
    "business": 8,
    "common": 10,
    "cost": 4,
    "llm": 3,
    "migration": 5,
    "parser": 8,
    "pipeline": 9,
    "quality": 6,
    "runs": 27,
    "tasks": 5,
}
CLOSED = {
    "db_connections": {"state": {"idle", "active", "waiting"}},
    "pr_pipeline_items": {"state": {"open", "review", "merged", "failed"}},
    "gazeqa_requirements": {"status": {"verified", "incomplete", "blocked"}},
    "metric_ingest_status": {"status": {"success", "failure"}},
    "agent_tasks_total": {"outcome": {"success", "failure"}},
}
WAIVED = {
    "counter_total": {"migration_velocity_weekly", "escaped_defect_count", "metric_ingest_status", "task_retry_count"},
    "total_counter": {"risk_burndown_total", "gazeqa_tests_total", "gazeqa_criteria_total"},
    "ratio_range": {"telemetry_variance_ratio", "capacity_utilization_ratio"},
    "unit_suffix": {"gazeqa_coverage_percent"},
    "known_series": {"parse_duration_ms", "parser_failure_total"},
}
ALL = load_registry(packs=shipped_packs())
DOCUMENTS: dict[str, Any] = {
    name: json.loads((Path(SCHEMA_PATH).parent / "packs" / f"{name}.json").read_text("utf-8"))
    for name in shipped_packs()
}


def test_a_hundred_and_four_metrics_in_twelve_packs() -> None:
    """Each metric is in one pack, so choosing a pack chooses its metrics."""
    assert {name: len(document["metrics"]) for name, document in DOCUMENTS.items()} == COUNTS
    assert len(ALL.metrics) == sum(COUNTS.values()) == 104


@pytest.mark.parametrize("pack", sorted(COUNTS))
def test_a_pack_stands_alone(pack: str) -> None:
    """Loaded by itself it closes the same labels with the same values as among all others."""
    alone = load_registry(packs=[pack])
    assert alone.packs == (pack,)
    assert alone.metrics == {name: ALL.metrics[name] for name in alone.metrics}


@pytest.mark.parametrize("pack", sorted(COUNTS))
def test_a_pack_names_its_owners(pack: str) -> None:
    """The owners that a pack lists are those of its metrics, no more and no fewer."""
    registry = load_registry(packs=[pack])
    assert set(registry.owners) == {metric.owner for metric in registry.metrics.values()}
    assert len(registry.owners) == len(DOCUMENTS[pack]["owners"])


def test_packs_close_nothing_but_their_own_labels() -> None:
    """A pack beside the pipeline's closes no label that none of its metrics has; alert severities are for rules."""
    for pack, document in DOCUMENTS.items():
        labels = {label for metric in document["metrics"] for label in metric["labels"]}
        spare = document["enumerations"].keys() - labels
        assert pack == "pipeline" or spare <= {"alert_severity"}, pack


def test_narrowed_labels() -> None:
    """A metric takes those values of a shared enumeration that make sense for it."""
    for name, closed in CLOSED.items():
        for label, values in closed.items():
            assert ALL.metrics[name].values[label] == values
            assert values < set(ALL.enumerations[label])


def test_waivers_are_those_of_given_names() -> None:
    """Only names that are older than the rules break them; a run's label is called `env`."""
    found: dict[str, set[str]] = {}
    for metric in ALL.metrics.values():
        for rule in metric.waive:
            found.setdefault(rule, set()).add(metric.name)
    assert found.pop("environment_label") == {name for name, metric in ALL.metrics.items() if "env" in metric.labels}
    assert found == WAIVED


def test_only_run_gauges_have_a_run_id() -> None:
    """An id of a run is a label of gauges in the pack `runs` and of nothing else."""
    scoped = {name for name, metric in ALL.metrics.items() if "run_id" in metric.labels}
    assert all(ALL.metrics[name].kind == "gauge" for name in scoped)
    assert scoped <= load_registry(packs=["runs"]).metrics.keys()


def test_nothing_loads_that_is_not_chosen(files: Files) -> None:
    """The default is the pipeline's pack; a file that extends others gets those and no more."""
    assert load_registry().packs == DEFAULT_PACKS == ("pipeline",)
    chosen = files.load({"extends": ["cost", "llm"]})
    assert chosen.packs == ("cost", "llm")
    assert len(chosen.metrics) == COUNTS["cost"] + COUNTS["llm"]


def test_packs_agree_with_what_telemetry_measures() -> None:
    """The lag of the export is in two packs, which say the same and load together."""
    both = load_registry(packs=["parser", "telemetry"])
    assert both.metric("telemetry_stream_lag_ms").owner == "devops"


def test_the_documentation_counts_the_packs() -> None:
    """The table of packs has each one, with the number of its metrics."""
    text = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text("utf-8")
    section = text.partition("\n## Packs\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", section, re.MULTILINE))
    own = len(load_registry(packs=["telemetry"]).metrics)
    assert {name: int(count) for name, count in rows.items()} == {**COUNTS, "telemetry": own}
