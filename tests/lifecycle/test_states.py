"""What becomes of a metric that is deprecated, hidden or removed, as those see it who record and those who read."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import metrics
from tests.collector import Collector, eventually
from tests.contracts.files import COUNTER, Files
from tests.lifecycle.names import REGISTRY, TWINS

import telemetry
from telemetry.contracts import compare_registries, load_registry
from telemetry.errors import ContractError
from telemetry.metrics import ExecutionMetrics, MergedMetrics, parts_of
from telemetry.testing import isolated

PROGRAM = Path(__file__).with_name("program.py")
DEPRECATED = {**COUNTER, "stability": "deprecated", "since": "2026-01-31"}
HIDDEN = {**DEPRECATED, "stability": "hidden", "deprecated_since": "2026-01-01"}


def run(pure: str, **variables: str) -> tuple[str, str]:
    """Run the program; give the page that it scraped and what it wrote to stderr."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("TELEMETRY_", "OTEL_"))}
    own = {"TELEMETRY_REGISTRY": str(REGISTRY), "TELEMETRY_PURE": pure, "TELEMETRY_JOURNAL": "off"}
    command = [sys.executable, str(PROGRAM)]
    done = subprocess.run(command, env={**kept, **own, **variables}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["page"], done.stderr


@pytest.mark.parametrize("pure", TWINS)
def test_writes_by_an_old_name_are_counted(pure: str) -> None:
    """The counter beside a deprecated metric has the writes through its name, and no others."""
    page, _ = run(pure)
    for old in ("builds_total", "queue_depth", "build_seconds", "push_seconds", "image_bytes"):
        assert f'{old}_deprecated{{environment="development"}} 4' in page
    assert "image_builds_total_deprecated" not in page


@pytest.mark.parametrize("pure", TWINS)
def test_a_hidden_metric_is_recorded_and_not_shown(pure: str) -> None:
    """A scrape has it only where the setting asks for it; its counter and its successor are shown all the same."""
    page, _ = run(pure)
    assert "\npulls_total{" not in page
    assert 'pulls_total_deprecated{environment="development"} 1' in page
    assert 'image_pulls_total{environment="development"} 3' in page
    page, _ = run(pure, TELEMETRY_SHOW_HIDDEN_METRICS="yes")
    assert '\npulls_total{environment="development"} 3' in page


@pytest.mark.parametrize("pure", TWINS)
def test_a_hidden_metric_is_not_pushed(pure: str) -> None:
    """OTLP has it only where the setting asks for it."""
    for asked in ("no", "yes"):
        with Collector() as collector:
            run(pure, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, TELEMETRY_SHOW_HIDDEN_METRICS=asked)
            assert eventually(lambda: "image_pulls_total" in collector.metrics)
            assert ("pulls_total" in collector.metrics) == (asked == "yes")


def test_whoever_merges_processes_hides_it_too() -> None:
    """The pages of a process have it; what is shown follows the setting of who shows, and nothing is refused."""
    registry = load_registry(REGISTRY)
    recorded = ExecutionMetrics(registry, ambient={"environment": "staging"}, limit=5)
    recorded.record("pulls_total", 3)
    pages = [bytes(page) for page in recorded.memory()]
    for asked in (False, True):
        parts = [(part, True) for part in parts_of(pages)]
        merged = MergedMetrics(registry.exposed(hidden=asked), partial(list, parts))
        assert ("pulls_total" in {family.name for family in merged.families()}) == asked
        assert merged.refused == {}


@pytest.mark.parametrize("pure", TWINS)
def test_a_deprecated_metric_is_named_once(pure: str) -> None:
    """The first write through an old name is told with its successor; the others are only counted."""
    _, stderr = run(pure)
    told = [line for line in stderr.splitlines() if "metric builds_total is deprecated" in line]
    assert len(told) == 1
    assert told[0].startswith(
        "telemetry: metric builds_total is deprecated since 2026-01-31; record image_builds_total"
    )


def test_deprecation_is_no_loss() -> None:
    """What a deprecated metric records is whole, so a test of it passes."""
    with isolated(registry=[REGISTRY]) as recording:
        telemetry.metric("builds_total").labels(team="red").inc()
        recording.assert_whole()


def test_a_removed_metric_is_refused() -> None:
    """A decorator with its name is an error that says since when, and what to use; a handle counts what it refuses."""
    with isolated(registry=[REGISTRY]) as recording:
        with pytest.raises(ContractError, match=r"'retries_total' is removed since 2026-02-28 .* Use 'image_retries"):

            @telemetry.record_metric("retries_total")
            def retry() -> None: ...

        telemetry.metric("retries_total").inc()
        assert recording.losses == {"metric_refused": 1}
        assert recording.metrics == {}
    gc.collect()


def test_a_removed_metric_is_not_foreign() -> None:
    """An instrument of OpenTelemetry with its name records nothing, under any name."""
    with isolated(registry=[REGISTRY]) as recording:
        metrics.get_meter("app").create_counter("retries_total").add(1)
        metrics.get_meter("app").create_counter("retries").add(1)
        assert recording.metrics == {}
        assert recording.losses == {"instrument_refused": 2}


def test_the_registry_adds_the_counter_of_writes(files: Files) -> None:
    """Each metric that is about to go has one, with its owner, unless a file declares it."""
    registry = files.load({"extends": [], "metrics": [DEPRECATED, {**HIDDEN, "name": "runs_total"}]})
    counter = registry.metric("builds_total_deprecated")
    assert (counter.kind, counter.labels, counter.owner) == ("counter", ("environment",), "me")
    assert "runs_total_deprecated" in registry.metrics
    own = {**COUNTER, "name": "builds_total_deprecated", "labels": ["environment"], "description": "Ours."}
    registry = files.load({"extends": [], "metrics": [DEPRECATED, own]})
    assert registry.metric("builds_total_deprecated").description == "Ours."


def test_a_removed_name_is_not_free(files: Files) -> None:
    """It stays declared, so that it is not given another meaning, and exposes no series."""
    removed = {**HIDDEN, "stability": "removed"}
    registry = files.load({"extends": [], "metrics": [removed]})
    assert (dict(registry.metrics), list(registry.removed)) == ({}, ["builds_total"])
    assert files.mistake({"extends": [], "metrics": [removed, COUNTER]})[1].startswith("metric 'builds_total' is decl")


MISTAKES: list[tuple[list[dict[str, Any]], str, str]] = [
    ([{**DEPRECATED, "since": "2026-02-30"}], "/metrics/0/since", "'2026-02-30' is no day of the calendar"),
    ([{**HIDDEN, "deprecated_since": "2026-13-01"}], "/metrics/0/deprecated_since", "'2026-13-01' is not a day"),
    ([{**COUNTER, "stability": "hidden"}], "/metrics/0/stability", "a hidden metric says since when"),
    ([{**DEPRECATED, "relabel": {"team": "squad"}}], "/metrics/0/relabel", "only a metric with 'replaced_by'"),
    (
        [{**DEPRECATED, "replaced_by": "b_total", "relabel": {"x": "y"}}, {**COUNTER, "name": "b_total"}],
        "/metrics/0/relabel/x",
        "'x' is no label of this metric",
    ),
]


@pytest.mark.parametrize(("declared", "pointer", "problem"), MISTAKES, ids=[pointer for _, pointer, _ in MISTAKES])
def test_mistakes_do_not_load(files: Files, declared: list[dict[str, Any]], pointer: str, problem: str) -> None:
    """What is wrong in itself is found where the file is loaded."""
    found = files.mistake({"extends": [], "metrics": declared})
    assert found[0] == pointer
    assert found[1].startswith(problem)


def test_a_circle_of_successors_does_not_load(files: Files) -> None:
    """Two metrics that replace each other leave nothing to use."""
    one = {**DEPRECATED, "name": "a_total", "replaced_by": "b_total"}
    two = {**DEPRECATED, "name": "b_total", "replaced_by": "a_total"}
    found = files.mistakes({"extends": [], "metrics": [one, two]})
    assert [each.problem.split(";")[0] for each in found] == [
        "'b_total' leads back to 'a_total'",
        "'a_total' leads back to 'b_total'",
    ]


CHANGES: list[tuple[list[Mapping[str, Any]], list[Mapping[str, Any]], list[str]]] = [
    ([COUNTER], [DEPRECATED], ["info TC413"]),
    ([DEPRECATED], [HIDDEN], ["info TC413"]),
    ([COUNTER], [HIDDEN], ["error TC413"]),
    ([HIDDEN], [{**HIDDEN, "stability": "removed"}], ["info TC401"]),
    ([HIDDEN], [], ["info TC401"]),
    ([COUNTER], [{**HIDDEN, "stability": "removed"}], ["error TC401"]),
]


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES)
def test_changes_of_state(
    files: Files, old: list[Mapping[str, Any]], new: list[Mapping[str, Any]], expected: list[str]
) -> None:
    """Each step after the other is announced, so it may be made; a leap may not. The added counter is no change."""
    before, after = (files.load({"extends": [], "metrics": each}) for each in (old, new))
    assert [f"{each.level} {each.code}" for each in compare_registries(before, after)] == expected
