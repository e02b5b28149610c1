"""While a metric is being renamed, what is written through either name shows under both, once each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import metrics
from prometheus_client.parser import text_string_to_metric_families
from tests.collector import Collector, eventually
from tests.lifecycle.names import OPERATIONS, REGISTRY, RENAMED, TWINS, both, by_labels, child

import telemetry
from telemetry.contracts import MetricContract, aliases, load_registry
from telemetry.metrics import ExecutionMetrics
from telemetry.testing import isolated

PROGRAM = Path(__file__).with_name("program.py")
TEAMS = ("red", "blue", "green")

writes = st.lists(
    st.sampled_from(sorted(RENAMED)).flatmap(
        lambda old: st.tuples(
            st.just(old),
            st.sampled_from(OPERATIONS[old]),
            st.booleans(),
            st.sampled_from(TEAMS),
            st.floats(-5, 1e6) | st.sampled_from((0.0, float("nan"), float("inf"), "1", None)),
        )
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(writes)
def test_any_sequence_of_writes_gives_equal_series(sequence: list[tuple[str, str, bool, str, Any]]) -> None:
    """Whatever is written through either name, both show the same series, and refuse the same values once."""
    with isolated(registry=[REGISTRY]) as recording:
        for old, operation, by_new, team, value in sequence:
            getattr(child(old, by_new=by_new, team=team), operation)(value)
        for old in RENAMED:
            shown, shown_by_new_name = both(recording, old)
            assert shown == shown_by_new_name


@pytest.mark.parametrize("by_new", [False, True])
def test_the_series_are_those_of_a_metric_alone(by_new: bool) -> None:
    """Each write counts once under each name."""
    with isolated(registry=[REGISTRY]) as recording:
        for old, operations in OPERATIONS.items():
            getattr(child(old, by_new=by_new, team="red"), operations[0])(2)
        for old, new in RENAMED.items():
            values = [recording.value(name) for name in (old, new)]
            assert [getattr(value, "sum", value) for value in values] == [2, 2]
            assert [getattr(value, "count", 1) for value in values] == [1, 1]


def test_decorators_record_both_names() -> None:
    """A duration, a count and a value of a call are there under both names, whichever the decorator has."""
    with isolated(registry=[REGISTRY]) as recording:

        @telemetry.record_metric("builds_total", capture={"team": "team"})
        @telemetry.record_metric("image_build_seconds", capture={"squad": "team"})
        @telemetry.record_metric("queue_depth", capture={"team": "team"}, value=len)
        @telemetry.record_metric("push_seconds", capture={"team": "team"}, on="failure")
        def build(team: str) -> str:
            if team == "blue":
                raise ValueError(team)
            return "four"

        build("red")
        with pytest.raises(ValueError, match="blue"):
            build("blue")
        for old in ("builds_total", "build_seconds", "queue_depth", "push_seconds"):
            shown, shown_by_new_name = both(recording, old)
            assert shown == shown_by_new_name
        assert recording.value("image_builds_total", squad="red") == 1
        assert recording.value("image_builds_total", squad="blue") == 1
        assert recording.value("build_seconds", team="red").count == 1  # type: ignore[union-attr]
        assert recording.value("image_queue_depth") == 4
        assert recording.value("image_push_seconds").count == 1  # type: ignore[union-attr]


def test_instruments_of_opentelemetry_record_both_names() -> None:
    """What is recorded through OpenTelemetry's API goes to both, added up and set as its instruments do."""
    with isolated(registry=[REGISTRY]) as recording:
        meter = metrics.get_meter("app")
        meter.create_counter("builds_total").add(3, {"team": "red"})
        meter.create_up_down_counter("image_queue_depth").add(2, {"squad": "red"})
        meter.create_gauge("queue_depth").set(7, {"team": "blue"})
        meter.create_histogram("image_build_seconds", "s").record(0.5, {"squad": "red"})
        meter.create_observable_counter("image_builds_total", [lambda _: [metrics.Observation(5, {"squad": "blue"})]])
        for old in ("builds_total", "queue_depth", "build_seconds"):
            shown, shown_by_new_name = both(recording, old)
            assert shown == shown_by_new_name
        assert recording.value("image_builds_total", squad="red") == 3
        assert recording.value("builds_total", team="blue") == 5
        assert recording.value("image_queue_depth", squad="blue") == 7


def test_a_chain_of_renames_is_one_metric() -> None:
    """The first, the second and the last name show the same, each under its own name of the label."""
    with isolated(registry=[REGISTRY]) as recording:
        telemetry.metric("old_total").labels(team="red").inc()
        telemetry.metric("middle_total").labels(squad="red").inc()
        telemetry.metric("new_total").labels(group="red").inc()
        shown = [recording.value("old_total", team="red"), recording.value("middle_total", squad="red")]
        assert [*shown, recording.value("new_total", group="red")] == [3, 3, 3]


def test_a_refused_value_is_told_once() -> None:
    """A value that no cell takes is one loss, and not one for each name."""
    with isolated(registry=[REGISTRY]) as recording:
        child("builds_total", by_new=False, team="red").inc(-1)
        child("build_seconds", by_new=True, team="red").observe(float("nan"))
        assert recording.losses == {"value_out_of_range": 2}


def test_past_the_limit_both_names_overflow_alike() -> None:
    """More series than the limit share one under each name, with the same sum."""
    made = ExecutionMetrics(load_registry(REGISTRY), ambient={"environment": "staging"}, limit=5)
    for number in range(20):
        names = {"team": f"t{number}"} if number % 2 else {"squad": f"t{number}"}
        made.record("builds_total" if number % 2 else "image_builds_total", 1, **names)
    families = {family.name: family for family in made.families()}
    old, new = (families[name] for name in ("builds_total", "image_builds_total"))
    assert len(old.series) == len(new.series) == 6
    sums, sums_by_new_name = (sorted(str(each.value) for each in family.series) for family in (old, new))
    assert sums == sums_by_new_name
    assert sum(map(float, sums)) == 20


def test_threads_may_write_to_either_name() -> None:
    """Series that threads begin through both names at once are there once under each, and nothing waits for ever."""
    made = ExecutionMetrics(load_registry(REGISTRY), ambient={"environment": "staging"}, limit=500)

    def write(turn: int) -> None:
        for number in range(200):
            name, label = (("builds_total", "team"), ("image_builds_total", "squad"))[(number + turn) % 2]
            made.record(name, 1, **{label: f"t{number}"})

    threads = [Thread(target=write, args=(turn,), daemon=True) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    families = {family.name: by_labels(family) for family in made.families()}
    assert families["builds_total"] == families["image_builds_total"]
    assert set(families["builds_total"].values()) == {"8.0"}
    assert len(families["builds_total"]) == 200


def test_a_forked_child_starts_at_zero_under_both_names() -> None:
    """What the parent recorded is the parent's to report, and the child's writes go to both names."""
    made = ExecutionMetrics(load_registry(REGISTRY), ambient={"environment": "staging"}, limit=5)
    made.record("queue_depth", 7, team="red")
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        made.restart()
        made.record("image_queue_depth", 3, squad="red")
        told = {family.name: family.series[0].value for family in made.families()}
        os.write(writing, json.dumps(told).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert json.loads(os.read(reading, 1000)) == {"queue_depth": 3, "image_queue_depth": 3, "queue_depth_deprecated": 0}


def test_metrics_that_are_not_renamed_keep_their_bare_cells() -> None:
    """Nothing stands between a bound instrument and its cell where no rename is under way."""
    made = ExecutionMetrics(load_registry(REGISTRY), ambient={"environment": "staging"}, limit=5)
    plain, renamed = made.instrument("image_retries_total"), made.instrument("new_total")
    bare = made.instrument("load_bytes")
    assert (plain.is_plain, bare.is_plain, renamed.is_plain) == (True, True, False)
    assert type(plain.cell({})).__name__ == "CounterCell"
    assert type(renamed.cell({"group": "a"})).__name__ == "FanCell"


def test_two_predecessors_are_no_rename() -> None:
    """What is written to one of two metrics with one successor shows under no other name."""
    new = MetricContract("c_total", "counter", "count", "X.", "me", ("environment",))
    one, two = (
        replace(new, name=name, stability="deprecated", replaced_by="c_total") for name in ("a_total", "b_total")
    )
    assert list(aliases({"a_total": one, "c_total": new})) == ["a_total", "c_total"]
    assert aliases({"a_total": one, "b_total": two, "c_total": new}) == {}


def run(pure: str, **variables: str) -> dict[str, Any]:
    """Run the program, and give what it found."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("TELEMETRY_", "OTEL_"))}
    environment = {
        **kept,
        "TELEMETRY_REGISTRY": str(REGISTRY),
        "TELEMETRY_PURE": pure,
        "TELEMETRY_JOURNAL": "off",
        **variables,
    }
    done = subprocess.run([sys.executable, str(PROGRAM)], env=environment, capture_output=True, text=True, check=True)
    told: dict[str, Any] = {**json.loads(done.stdout), "stderr": done.stderr}
    return told


def scraped(page: str) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    """Give the samples of a page by name, their labels called as the new name has them."""
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels = {("squad" if name == "team" else name): value for name, value in sample.labels.items()}
            found.setdefault(sample.name, {})[frozenset(labels.items())] = sample.value
    return found


def renamed(series: str) -> str | None:
    """Give the new name of a series of an old metric."""
    old = next((old for old in sorted(RENAMED, key=len, reverse=True) if series.startswith(old)), None)
    suffix = series.removeprefix(old) if old else ""
    return None if old is None or suffix.startswith("_deprecated") else RENAMED[old] + suffix


@pytest.mark.parametrize("pure", TWINS)
def test_a_scrape_shows_both_names(pure: str) -> None:
    """On either twin a scrape has each series of an old name under the new one too, with the same values."""
    page = scraped(run(pure)["page"])
    olds = [series for series in page if renamed(series)]
    assert {"builds_total", "queue_depth", "build_seconds_bucket", "push_seconds_count", "image_bytes_sum"} <= {*olds}
    for series in olds:
        assert page[series] == page[str(renamed(series))], series
    assert page["builds_total"][frozenset({("squad", "red"), ("environment", "development")})] == 6


def points(metric: Any) -> list[Mapping[str, Any]]:
    """Give the points of a metric of OTLP, without their times."""
    kind = metric.WhichOneof("data")
    made = []
    for point in getattr(metric, kind).data_points:
        labels = {each.key: each.value.string_value for each in point.attributes}
        values = {field.name: str(value) for field, value in point.ListFields() if "time" not in field.name}
        values.pop("attributes")
        made.append({"squad": labels.get("team", labels.get("squad")), **values})
    return sorted(made, key=str)


@pytest.mark.parametrize("pure", TWINS)
def test_a_push_shows_both_names(pure: str) -> None:
    """On either twin OTLP has the points of an old name under the new one too."""
    with Collector() as collector:
        run(pure, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        assert eventually(lambda: set(RENAMED) <= set(collector.metrics))
        found = dict(collector.metrics)
    for old, new in RENAMED.items():
        assert points(found[old]) == points(found[new])
        assert points(found[old])
