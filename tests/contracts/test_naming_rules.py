"""Each rule of naming finds what breaks it, is lifted by a waiver with a reason, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contracts.files import COUNTER, GAUGE, HISTOGRAM, Files

from telemetry.contracts import RULES

RATIO = {**GAUGE, "name": "busy_ratio", "unit": "ratio", "range": [0, 1]}
LABELS = ["environment", "a", "b", "c", "d"]

BREACHES: list[tuple[str, dict[str, Any], str, str]] = [
    ("snake_case", {**COUNTER, "name": "Builds_total"}, "name", "'Builds_total' is not snake_case"),
    ("snake_case", {**COUNTER, "name": "builds__total"}, "name", "'builds__total' is not snake_case"),
    ("snake_case", {**COUNTER, "labels": ["environment", "teamName"]}, "name", "'teamName' is not snake_case"),
    ("label_count", {**COUNTER, "labels": LABELS}, "labels", "5 labels are more than 4"),
    ("environment_label", {**COUNTER, "labels": ["team"]}, "labels", "the label 'environment' is missing"),
    ("bounded_labels", {**COUNTER, "labels": ["environment", "run_id"]}, "labels", "label 'run_id' has no bounded set"),
    ("bounded_labels", {**GAUGE, "labels": ["environment", "trace_id"]}, "labels", "label 'trace_id' has no bounded"),
    ("counter_total", {**COUNTER, "name": "builds"}, "name", "a counter's name ends in '_total'"),
    ("total_counter", {**GAUGE, "name": "queue_total"}, "name", "only a counter's name ends in '_total', and this"),
    ("unit_suffix", {**HISTOGRAM, "name": "build_ms"}, "unit", "a name in '_ms' has the unit 'milliseconds', not 'sec"),
    ("unit_suffix", {**HISTOGRAM, "unit": "bytes"}, "unit", "a name in '_seconds' has the unit 'seconds', not 'bytes'"),
    ("unit_suffix", {**COUNTER, "name": "sent_bytes_total"}, "unit", "a name in '_bytes' has the unit 'bytes', not 'c"),
    ("unit_suffix", {**HISTOGRAM, "name": "build_ms_v2"}, "unit", "a name in '_ms' has the unit 'milliseconds'"),
    ("unit_suffix", {**GAUGE, "name": "busy_ratio"}, "unit", "a name in '_ratio' has the unit 'ratio', not 'jobs'"),
    ("time_unit", {**GAUGE, "unit": "milliseconds"}, "unit", "time is in seconds unless the name says otherwise"),
    ("time_unit", {**GAUGE, "unit": "hours"}, "unit", "time is in seconds unless the name says otherwise"),
    ("ratio_range", {**RATIO, "range": [0, 100]}, "unit", "a ratio has the range [0, 1]; state it"),
    ("deprecation_day", {**COUNTER, "stability": "deprecated"}, "stability", "a deprecated metric says since when"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "metric", "key", "problem"), BREACHES)
def test_a_breach_is_found(files: Files, rule: str, metric: dict[str, Any], key: str, problem: str) -> None:
    """A breach is shown at the key that is wrong, with the name of the rule that a waiver would need."""
    pointer, found = files.mistake({"metrics": [metric]})
    assert pointer == f"/metrics/0/{key}"
    assert found.startswith(problem)
    assert found.endswith(f"(rule '{rule}'; 'waive' can lift it, with a reason)")


@pytest.mark.parametrize(("rule", "metric"), [(rule, metric) for rule, metric, _, _ in BREACHES])
def test_a_waiver_lifts_one_rule(files: Files, rule: str, metric: dict[str, Any]) -> None:
    """With the waiver the metric loads, and the registry keeps the reason."""
    waived = {**metric, "waive": {rule: "It has been so for years."}}
    assert files.load({"metrics": [waived]}).metric(metric["name"]).waive == {rule: "It has been so for years."}


def test_every_rule_can_be_broken() -> None:
    """No rule is without a breach above."""
    assert {rule for rule, *_ in BREACHES} == set(RULES)


def test_a_waiver_that_lifts_nothing(files: Files) -> None:
    """A waiver of a rule that is kept would hide a later breach, so it has to go."""
    pointer, problem = files.mistake({"metrics": [{**COUNTER, "waive": {"snake_case": "Just in case."}}]})
    assert pointer == "/metrics/0/waive"
    assert problem == "rule 'snake_case' is kept, so there is nothing to waive; leave the waiver out"


def test_a_waiver_needs_a_reason(files: Files) -> None:
    """An empty reason is none."""
    pointers = [item.pointer for item in files.mistakes({"metrics": [{**COUNTER, "waive": {"snake_case": ""}}]})]
    assert pointers == ["/metrics/0/waive/snake_case"]


@pytest.mark.parametrize(
    "metric",
    [
        {**COUNTER, "name": "builds_total_v2"},
        {**COUNTER, "name": "parse_ms_total", "unit": "milliseconds"},
        {**COUNTER, "name": "queue_depth_deprecated"},
        {**GAUGE, "name": "mttr_minutes", "unit": "minutes"},
        {**GAUGE, "name": "last_ingest_ts", "unit": "seconds"},
        {**GAUGE, "labels": ["environment", "run_id"]},
        {**GAUGE, "name": "coverage_percent", "unit": "percent"},
        {**COUNTER, "labels": ["environment", "a", "b", "c"]},
        {**COUNTER, "stability": "deprecated", "since": "2026-01-31"},
        RATIO,
    ],
)
def test_names_that_keep_all_rules(files: Files, metric: dict[str, Any]) -> None:
    """Versions, units before `_total`, the counter of uses of a deprecated metric, and run-scoped gauges are right."""
    assert files.load({"metrics": [metric]}).metric(metric["name"]).waive == {}


def test_rules_wait_until_the_declaration_is_whole(files: Files) -> None:
    """A declaration that cannot be read brings up its own mistakes, and no rule that follows from them."""
    pointers = [item.pointer for item in files.mistakes({"metrics": [{**COUNTER, "name": 3, "labels": 3}]})]
    assert pointers == ["/metrics/0/labels", "/metrics/0/name"]


def test_every_metric_of_a_file_is_reviewed(files: Files) -> None:
    """A mistake in one metric does not keep the next from being looked at."""
    first, second = {**COUNTER, "name": "builds"}, {**GAUGE, "name": "Queue"}
    pointers = [item.pointer for item in files.mistakes({"metrics": [3, first, second]})]
    assert pointers == ["/metrics/0", "/metrics/1/name", "/metrics/2/name"]
