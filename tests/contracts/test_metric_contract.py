"""A metric's contract knows its unit of time and which label values it takes."""

from __future__ import annotations

import pickle
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.contracts import AMBIENT_LABELS, MetricContract, load_registry

PACK = load_registry()
OPEN = MetricContract("builds_total", "counter", "count", "Builds.", "me", ("environment", "team"))
RUN = MetricContract("tests", "gauge", "tests", "Tests.", "me", ("environment", "run_id", "team"))


@pytest.mark.parametrize(
    ("unit", "scale"),
    [("seconds", 1.0), ("milliseconds", 1000.0), ("minutes", 1 / 60), ("bytes", None), ("ratio", None), ("ms", None)],
)
def test_duration_scale(unit: str, scale: float | None) -> None:
    """A duration in seconds times the scale is in the metric's unit; what is no time has no scale."""
    assert MetricContract("x", "histogram", unit, "X.", "me").duration_scale == scale


@pytest.mark.parametrize("value", ["success", "", "PASSED", "passed ", "overflow"])
def test_a_closed_label_takes_its_values_only(value: str) -> None:
    """The breach lists what is allowed."""
    breach = PACK.metric("verification_total").label_breach("outcome", value)
    assert breach == f"verification_total: label 'outcome' must be one of blocked, passed; it is {value!r}"


def test_a_closed_label_takes_each_of_its_values() -> None:
    """All values of the enumeration are allowed, in every metric of the pack that has the label."""
    closed = [(metric, label) for metric in PACK.metrics.values() for label in metric.values]
    assert {label for _, label in closed} == {"environment", "maturity", "error_code", "outcome"}
    for metric, label in closed:
        assert [metric.label_breach(label, value) for value in metric.values[label]] == [None] * len(
            metric.values[label]
        )


@pytest.mark.parametrize(
    "value",
    ["c-gcc", "x86_64-unknown-linux-gnu", "refs/heads/main", "v1.2.3+local", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
     "eu-west-1", "größe", "0", "none", "a" * 128],
)  # fmt: skip
def test_an_open_label_takes_names(value: str) -> None:
    """Names, triples, versions, references and commit hashes are values of labels."""
    assert OPEN.label_breach("team", value) is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "is empty, which Prometheus takes for no label at all"),
        ("could not open the file", "must be a name, not text"),
        ("two\nlines", "must be a name, not text"),
        ("tab\there", "must be a name, not text"),
        ("nul\0", "must be a name, not text"),
        ("a" * 129, "has 129 characters, more than 128"),
        ("123e4567-e89b-12d3-a456-426614174000", "must not be an id"),
        ("123E4567-E89B-12D3-A456-426614174000", "must not be an id"),
        ("4bf92f3577b34da6a3ce929d0e0e4736", "must not be an id"),
    ],
)
def test_an_open_label_takes_no_text_and_no_ids(value: str, problem: str) -> None:
    """What would start a series of its own at each observation is refused, with where it belongs."""
    assert (OPEN.label_breach("team", value) or "").startswith(f"builds_total: label 'team' {problem}")


@given(st.uuids())
def test_no_uuid_is_a_label_value(value: uuid.UUID) -> None:
    """Neither spelling of any UUID passes; a gauge's `run_id` takes both."""
    for text in (str(value), value.hex):
        assert OPEN.label_breach("team", text) is not None
        assert RUN.label_breach("team", text) is not None
        assert RUN.label_breach("run_id", text) is None


@given(st.text())
def test_any_text_has_an_answer(value: str) -> None:
    """No value makes the check raise, and what it says is one line."""
    for contract in (OPEN, PACK.metric("verification_total")):
        breach = contract.label_breach(contract.labels[-1], value)
        assert breach is None or "\n" not in breach


def test_a_label_that_the_metric_lacks() -> None:
    """A wrong name of a label is told with the right ones."""
    assert OPEN.label_breach("squad", "red") == "builds_total has no label 'squad': it has environment, team"


def test_ambient_labels() -> None:
    """These get their values from settings."""
    assert AMBIENT_LABELS == ("environment", "env", "host_region", "workspace_tier")


def test_contracts_are_values() -> None:
    """The registry and its contracts compare by value, hash, and go to worker processes."""
    copy = pickle.loads(pickle.dumps(PACK))
    assert copy == PACK
    assert hash(copy.metric("verification_total")) == hash(PACK.metric("verification_total"))
