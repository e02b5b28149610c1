"""What is asked of a metric becomes PromQL that its kind allows, whatever the metric is called."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.contracts import MetricContract, Registry
from telemetry.monitoring import check_texts
from telemetry.monitoring.query import SHOWS, Query, Show, matcher
from telemetry.promql import read_expression
from telemetry.signals import MetricKind

LABELS = ("environment", "team", "backend")
METRIC = MetricContract("x_total", "counter", "count", "X.", "me", LABELS, {"team": frozenset({"red", "blue"})})
HISTOGRAM = replace(METRIC, name="x_seconds", kind="histogram", unit="seconds", bounds=(1.0, 2.0))
GAUGE = replace(METRIC, name="x_depth", kind="gauge", unit="jobs", across="last")
SUMMARY = replace(METRIC, name="x_bytes", kind="summary", unit="bytes", quantiles=(0.5, 0.9, 0.95, 0.99))

ASKED = [(kind, show) for kind, shows in SHOWS.items() for show in shows]


def asked(kind: MetricKind, show: Show, **more: Any) -> Query:
    """Ask a metric of a kind; shares have a part."""
    metric = {"counter": METRIC, "histogram": HISTOGRAM, "gauge": GAUGE, "summary": SUMMARY}[kind]
    metric = replace(metric, unit="seconds") if show == "age" else metric
    part = {"team": ("red",)} if show == "share" else {}
    return replace(Query(metric, show, part=part), **more)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (asked("counter", "rate"), "sum (rate(x_total[$__rate_interval]))"),
        (asked("counter", "increase", by=("team",), window="7d"), "sum by (team) (increase(x_total[7d]))"),
        (asked("counter", "rate", where={"team": ("red",)}, scope=('environment=~"$environment"',), window="5m"),
         'sum (rate(x_total{environment=~"$environment",team="red"}[5m]))'),
        (asked("counter", "share", window="5m"),
         '(sum (rate(x_total{team="red"}[5m])) or sum (rate(x_total[5m])) * 0) / (sum (rate(x_total[5m])) > 0)'),
        (asked("histogram", "p95", by=("team",), window="5m"),
         "histogram_quantile(0.95, sum by (le, team) (rate(x_seconds_bucket[5m])))"),
        (asked("histogram", "p50", window="5m"), "histogram_quantile(0.5, sum by (le) (rate(x_seconds_bucket[5m])))"),
        (asked("histogram", "mean", window="5m"),
         "sum (rate(x_seconds_sum[5m])) / (sum (rate(x_seconds_count[5m])) > 0)"),
        (asked("histogram", "heatmap", window="5m"), "sum by (le) (increase(x_seconds_bucket[5m]))"),
        (asked("histogram", "rate", window="5m"), "sum (rate(x_seconds_count[5m]))"),
        (asked("histogram", "total", window="5m"), "sum (increase(x_seconds_sum[5m]))"),
        (asked("summary", "p90", by=("team",)), 'max by (team) (x_bytes{quantile="0.9"})'),
        (asked("gauge", "last"), "x_depth"),
        (asked("gauge", "last", by=("team",)), "avg by (team) (x_depth)"),
        (asked("gauge", "sum", by=("team",), window="1d"), "sum by (team) (avg_over_time(x_depth[1d]))"),
        (asked("gauge", "max", window="1d"), "max (max_over_time(x_depth[1d]))"),
        (asked("gauge", "age", by=("team",)), "time() - max by (team) (x_depth)"),
        (asked("gauge", "present", window="2m"), "group (present_over_time(x_depth[2m]))"),
    ],
)  # fmt: skip
def test_each_question_has_its_form(query: Query, expected: str) -> None:
    """The kind of the metric decides on buckets, sums, rates and quantiles; nobody writes them by hand."""
    assert query.expression() == expected


@pytest.mark.parametrize(("across", "operation"), [("sum", "sum"), ("max", "max"), ("min", "min"), ("last", "avg")])
def test_the_last_value_by_labels_follows_the_contract(across: str, operation: str) -> None:
    """How several series become one is what the contract says of several processes; last ones have a mean."""
    query = Query(replace(GAUGE, across=across), "last", by=("team",))  # type: ignore[arg-type]
    assert query.expression() == f"{operation} by (team) (x_depth)"


def test_units_follow_what_is_asked() -> None:
    """A rate is a second's, a share a ratio, an age seconds, a number of events their unit."""
    assert asked("counter", "rate").unit == "count/second"
    assert asked("counter", "share").unit == "ratio"
    assert asked("gauge", "age").unit == "seconds"
    assert asked("histogram", "p95").unit == "seconds"
    assert asked("histogram", "increase").unit == "count"
    assert asked("gauge", "last").unit == "jobs"


def test_every_question_belongs_to_a_kind() -> None:
    """Nothing can be asked that no kind of metric answers."""
    assert {show for _, show in ASKED} == set(get_args(Show))


def test_matchers_keep_what_a_value_is() -> None:
    """Operators go in front, lists become one pattern, and quotes, backslashes and dots stay what they are."""
    assert matcher("a", ["x"]) == 'a="x"'
    assert matcher("a", ["=~x.*"]) == 'a=~"x.*"'
    assert matcher("a", ["!~x"]) == 'a!~"x"'
    assert matcher("a", ["!="]) == 'a!=""'
    assert matcher("a", ["x.y", "z"]) == 'a=~"x\\\\.y|z"'
    assert matcher("a", ['q"\\']) == 'a="q\\"\\\\"'


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,6}(_[a-z0-9]{1,6}){0,2}", fullmatch=True)
VALUES = st.text(min_size=1, max_size=8).filter(lambda text: not text.startswith(("=~", "!~", "!=")))


@given(
    name=NAMES,
    kind_show=st.sampled_from(ASKED),
    by=st.lists(st.sampled_from(LABELS), unique=True).map(tuple),
    window=st.sampled_from(["", "5m", "7d", "$__range"]),
    backends=st.lists(VALUES, max_size=2, unique=True).map(tuple),
)
def test_any_metric_and_question_is_well(
    name: str, kind_show: tuple[MetricKind, Show], by: tuple[str, ...], window: str, backends: tuple[str, ...]
) -> None:
    """Whatever it is called and asked, it is PromQL, and a dashboard that asks it keeps every rule."""
    kind, show = kind_show
    query = asked(kind, show, by=by, window=window, where={"backend": backends} if backends else {})
    query = replace(query, metric=replace(query.metric, name=name), scope=('environment=~"$environment"',))
    text = query.expression()
    assert read_expression(text).selections
    content = json.loads((Path(__file__).parent / "broken" / "clean.json").read_text())
    content["templating"]["list"][1]["query"] = ""
    content["panels"][0]["targets"][0]["expr"] = text
    registry = Registry(metrics={name: query.metric})
    unused = {"TC714"} if any("$" in each for each in backends) else set()  # a value may look like a variable
    assert {each.code for each in check_texts({"any.json": json.dumps(content)}, registry)} <= unused
