"""Limits of series: what a registry file says of them, and which combinations have slots that nobody else gets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.files import COUNTER, Files

from telemetry.contracts import MetricContract, Slots, check_registry, compare_registries, load_registry
from telemetry.errors import ContractError

OPEN: Any = {**COUNTER, "labels": ["host", "environment"]}
GIVEN = {"environment": "staging"}


def limits(files: Files, *contents: dict[str, Any]) -> list[int]:
    """Load files, and give the limit of the counter in three environments."""
    registry = files.load(*contents)
    builds = registry.metric("builds_total")
    return [registry.limit_of(builds, environment) for environment in ("staging", "production", "offline")]


def test_a_metric_has_a_limit_of_its_own(files: Files) -> None:
    """A number holds everywhere; by environment it holds there, and the registry's holds elsewhere."""
    assert limits(files, {"metrics": [{**OPEN, "cardinality": 7}]}) == [7, 7, 7]
    assert limits(files, {"metrics": [{**OPEN, "cardinality": {"staging": 7}}]}) == [7, 200, 200]
    own = {"cardinality": {"production": 70}, "metrics": [{**OPEN, "cardinality": {"staging": 7, "default": 9}}]}
    assert limits(files, own) == [7, 9, 9]


def test_a_later_file_sets_the_limit_of_a_metric_anew(files: Files) -> None:
    """It repeats the metric with another limit, and may change nothing else."""
    first, again = {"metrics": [{**OPEN, "cardinality": {"staging": 7}}]}, {**OPEN, "cardinality": {"production": 8}}
    assert limits(files, first, {"metrics": [again]}) == [7, 8, 200]
    with pytest.raises(ContractError, match="differs in unit;"):
        files.load(first, {"metrics": [{**again, "unit": "builds"}]})


@pytest.mark.parametrize(
    ("metric", "problem"),
    [
        ({"cardinality": 0}, "/metrics/0/cardinality: must be 1 or more; it is 0"),
        ({"cardinality": {"staging": 1.5}}, "/metrics/0/cardinality/staging: must be a whole number"),
        ({"cardinality": {"foreign": 5}}, "/metrics/0/cardinality/foreign: a metric has a contract"),
        ({"cardinality": "many"}, "/metrics/0/cardinality: must be a number; it is a string"),
    ],
)
def test_a_limit_is_a_number_from_one(files: Files, metric: dict[str, Any], problem: str) -> None:
    """Anything else is refused, with its place."""
    with pytest.raises(ContractError) as caught:
        load_registry(files.write({"metrics": [{**OPEN, **metric}]}))
    assert problem in str(caught.value)


def test_known_values_of_a_closed_label_are_superfluous(files: Files) -> None:
    """An enumeration says them already; two lists could differ."""
    content = {"enumerations": {"team": ["red"]}, "reserved": {"team": ["red"]}, "metrics": [COUNTER]}
    with pytest.raises(ContractError, match="/reserved/team: 'team' is a closed label"):
        load_registry(files.write(content))


def test_the_word_for_the_rest_is_no_value(files: Files) -> None:
    """A series called like the overflow series could not be told from it."""
    content = {"extends": [], "reserved": {"host": ["_overflow"]}, "metrics": [{**OPEN, "owner": "me"}]}
    assert "TC122" in {each.code for each in check_registry(files.write(content))}
    contract = load_registry(files.write({"metrics": [OPEN]})).metric("builds_total")
    assert "stands for all series past the limit" in (contract.label_breach("host", "_overflow") or "")


def test_a_lower_limit_of_a_metric_is_a_warning(files: Files) -> None:
    """No query fails for it, and those who record should know; a higher one harms nobody."""
    lower, higher = (load_registry(files.write({"metrics": [{**OPEN, "cardinality": many}]})) for many in (7, 9))
    found = [(change.code, change.level, change.breaking) for change in compare_registries(higher, lower)]
    assert found == [("TC414", "warning", False)]
    assert [change.level for change in compare_registries(lower, higher)] == ["info"]


def test_reserved_values_fill_the_check(files: Files) -> None:
    """Known values of open labels count as those of closed ones when the check multiplies."""
    content = {"extends": [], "cardinality": {"staging": 3}, "metrics": [{**OPEN, "description": "What it counts."}]}
    assert check_registry(files.write(content)) == ()
    content["reserved"] = {"host": ["a", "b", "c", "d"]}
    (found,) = check_registry(files.write(content))
    assert (found.code, found.pointer) == ("TC301", "/metrics/0/labels")


def contract(known: int) -> MetricContract:
    """Make the contract of a metric with an open label that has so many known values."""
    reserved = {"host": frozenset(f"known{number}" for number in range(known))} if known else {}
    return MetricContract(
        "builds_total", "counter", "count", "Builds.", "me", ("host", "environment"), reserved=reserved
    )


@given(
    limit=st.integers(1, 12),
    known=st.integers(0, 16),
    hosts=st.lists(st.integers(0, 40).map(lambda number: f"known{number}") | st.text(max_size=3), max_size=60),
)
def test_slots_are_fair(limit: int, known: int, hosts: list[str]) -> None:
    """However combinations come: never more than the limit, and each known one has a slot where all of them fit."""
    wanted = contract(known)
    slots = Slots(wanted, limit, GIVEN)
    taken = {host for host in dict.fromkeys(hosts) if slots.take((host, "staging"))}
    assert len(taken) <= limit
    if known <= limit:
        assert {host for host in hosts if host in wanted.reserved.get("host", ())} <= taken
        strangers = [host for host in dict.fromkeys(hosts) if host not in wanted.reserved.get("host", ())]
        assert set(strangers[: limit - known]) <= taken
