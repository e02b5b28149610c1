"""Which metrics are late, as of a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.contracts.files import COUNTER, Files

from telemetry.contracts import Lifecycle, check_lifecycle, check_registry

NEW = {**COUNTER, "name": "image_builds_total", "description": "Builds that ended.", "owner": "delivery"}
OLD = {**NEW, "name": "builds_total", "stability": "deprecated", "since": "2026-01-31", "replaced_by": NEW["name"]}
HIDDEN = {**OLD, "stability": "hidden", "since": "2026-02-14", "deprecated_since": "2026-01-31"}


def seen(files: Files, day: str, *declared: dict[str, Any], **more: Any) -> Lifecycle:
    """See the lifecycle of some metrics as of a day."""
    path = files.write({"extends": [], "metrics": [*declared, NEW], **more})
    return check_lifecycle(path, as_of=date.fromisoformat(day))


@pytest.mark.parametrize(
    ("declared", "day", "days_left"),
    [
        (OLD, "2026-01-31", 14),
        (OLD, "2026-02-14", 0),
        (OLD, "2026-02-15", -1),
        (OLD, "2027-01-31", -351),
        (HIDDEN, "2026-02-28", 0),
        (HIDDEN, "2026-03-01", -1),
    ],
)
def test_a_window_is_of_fourteen_days(files: Files, declared: dict[str, Any], day: str, days_left: int) -> None:
    """On the fourteenth day all is well, and on the next one it is late; what is hidden has as long again."""
    found = seen(files, day, declared)
    (standing,) = found.standings
    assert (standing.name, standing.state, standing.days_left) == ("builds_total", declared["stability"], days_left)
    assert (standing.since, standing.successor) == (declared["since"], "image_builds_total")
    assert [each.code for each in found.findings] == ["TC201"] * (days_left < 0)


def test_a_late_metric_is_told_with_its_place(files: Files) -> None:
    """The finding has the day, how late it is, and what to do next."""
    (found,) = seen(files, "2026-02-20", OLD).findings
    assert (found.code, found.level, found.pointer) == ("TC201", "error", "/metrics/0/since")
    assert found.problem == "builds_total is deprecated since 2026-01-31, which is 6 days longer than 14 days"
    assert found.remedy == "hide it, or remove it"
    (found,) = seen(files, "2026-03-20", HIDDEN).findings
    assert found.remedy == "remove it"


def test_a_registry_may_give_more_days(files: Files) -> None:
    """`deprecation_days` of the last file that has it counts."""
    assert seen(files, "2026-03-02", OLD, deprecation_days=30).findings == ()
    assert [each.code for each in seen(files, "2026-03-03", OLD, deprecation_days=30).findings] == ["TC201"]


def test_a_day_to_come_is_a_mistake(files: Files) -> None:
    """A metric cannot be deprecated since tomorrow."""
    (found,) = seen(files, "2026-01-30", OLD).findings
    assert (found.code, found.pointer) == ("TC202", "/metrics/0/since")
    assert "2026-01-31 is to come, as of 2026-01-30" in found.problem


def test_removed_metrics_have_no_window(files: Files) -> None:
    """They are listed, and never late."""
    found = seen(files, "2030-01-01", {**HIDDEN, "stability": "removed"})
    assert [(each.state, each.days_left) for each in found.standings] == [("removed", None)]
    assert found.findings == ()


def test_the_check_of_declarations_asks_for_no_day(files: Files) -> None:
    """`check` finds the same today and in a year: days are for `lifecycle`."""
    late = {**OLD, "since": "2001-01-31", "labels": ["environment"]}
    path = files.write({"extends": [], "metrics": [late, {**NEW, "labels": ["environment"]}]})
    assert check_registry(path) == ()


def test_what_does_not_load_has_no_lifecycle(files: Files) -> None:
    """The mistakes come alone, and no registry."""
    found = seen(files, "2026-02-01", {**OLD, "kind": "clock"})
    assert (found.standings, found.registry) == ((), None)
    assert [each.code for each in found.findings] == ["TC102"]


def test_rules_of_states_are_found_too(files: Files) -> None:
    """What is wrong with a state on any day is found here as by `check`."""
    found = seen(files, "2026-02-01", {**OLD, "unit": "jobs"})
    assert [(each.code, each.level) for each in found.findings] == [("TC206", "warning")]
