"""Values that settings give to all that is recorded: versions on spans, the environment as a label."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import telemetry
from telemetry.testing import isolated


def written(folder: Path, **content: object) -> Path:
    """Write a registry file."""
    path = folder / "registry.json"
    path.write_text(json.dumps(content))
    return path


def test_versions_are_on_every_span() -> None:
    """The versions of data and model that a run uses are on each span; what a span says itself wins."""
    with isolated(dataset_version="golden-7", model_version="m-3") as recording:
        with telemetry.span("spec.parse"):
            pass
        with telemetry.span("plan.compile_graph", attributes={"model.version": "m-4"}):
            pass
    told = [(span.attributes["dataset.version"], span.attributes["model.version"]) for span in recording.spans]
    assert told == [("golden-7", "m-3"), ("golden-7", "m-4")]
    assert recording.violations() == {}


def test_versions_that_are_not_set_are_not_there() -> None:
    """Without the settings no span has a version."""
    with isolated() as recording, telemetry.span("spec.parse"):
        pass
    assert not {"dataset.version", "model.version"} & recording.span("spec.parse").attributes.keys()


@pytest.mark.usefixtures("alone")
def test_a_registry_without_versions(tmp_path: Path) -> None:
    """Where no contract knows the attributes they are left out, and no breach is counted."""
    path = written(
        tmp_path,
        extends=[],
        spans=[{"name": "tape.write", "description": "Push."}],
        attributes=[{"name": "host.kind", "type": "string", "description": "Where."}],
    )
    with isolated(registry=path, dataset_version="golden-7") as recording, telemetry.span("tape.write"):
        pass
    assert recording.span("tape.write").attributes == {"host.kind": "online"}
    assert recording.violations() == {}


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_pack_of_runs_calls_it_env(tmp_path: Path, environment: str) -> None:
    """The label `env` has the environment of the settings, decorated or not."""
    with isolated(registry=written(tmp_path, extends=["pipeline", "runs"]), environment=environment) as recording:
        telemetry.metric("gazeqa_tests_total").labels(run_id="r1").set(7)

        @telemetry.record_metric("gazeqa_tests_passed", value=lambda passed: passed, labels={"run_id": "r1"})
        def passed() -> int:
            return 6

        passed()
    for name, value in (("gazeqa_tests_total", 7), ("gazeqa_tests_passed", 6)):
        assert recording.value(name, run_id="r1", env=environment) == value
    assert recording.violations() == {}
