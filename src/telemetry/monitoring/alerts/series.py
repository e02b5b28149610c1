"""Series that give an alert the value that a test needs, in promtool's notation."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from telemetry.contracts import MetricContract
from telemetry.monitoring.description.alert import Alert
from telemetry.monitoring.query import Query, equals, split

OPEN_VALUES: Final = "abcdefgh"
"""Values of a label that takes any."""

_PREFERRED: Final = "production"
_WHOLE: Final = 1000.0
_QUANTILES: Final[Mapping[str, float]] = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99}

Phases = Sequence[tuple[float, int]]
"""A course of values: each with the number of samples that have it."""


@final
@dataclass(frozen=True, slots=True)
class Input:
    """The series of one test, and the labels that an alert on them has.

    Attributes:
        series: From series to values.
        labels: The labels of the value that is asked.
    """

    series: Mapping[str, str]
    labels: Mapping[str, str]


def labels_of(alert: Alert, match: Mapping[str, str]) -> Mapping[str, str]:
    """Give all labels of one series of an alert, some of which are given."""
    metric = alert.metric
    where = alert.query.where if alert.query else {}
    names = metric.labels if metric else alert.by
    return {name: match.get(name) or _narrowed(metric, name, where.get(name, ())) for name in names}


def example(metric: MetricContract | None, label: str, *, unlike: Sequence[str] = ()) -> str:
    """Give a value that a label may have, unlike some."""
    values = sorted(metric.values.get(label, ())) if metric else []
    some = [each for each in (_PREFERRED, *values) if each in values and each not in unlike]
    return next(iter(some or (each for each in OPEN_VALUES if each not in unlike)), OPEN_VALUES[0])


def _narrowed(metric: MetricContract | None, label: str, given: Sequence[str]) -> str:
    """Give a value that a label may have where a query asks for some only."""
    operator, text = split(given[0]) if given else ("!=", "")
    if operator == "=":
        return text
    known = sorted(metric.values.get(label, ())) if metric else []
    free = [*OPEN_VALUES, *(re.sub(r"\.[*+]", "a", each) for each in text.split("|"))]
    every = (example(metric, label), *(known or free))
    return next((each for each in every if _meets(operator, text, each)), text)


def _meets(operator: str, text: str, value: str) -> bool:
    if operator == "!=":
        return value != text
    try:
        return (re.fullmatch(text, value) is not None) == (operator == "=~")
    except re.error:
        return False  # what RE2 reads and Python does not


def course(alert: Alert, phases: Phases, step: int, match: Mapping[str, str]) -> Input:
    """Write the series that give an alert these values, each for so many samples."""
    labels = labels_of(alert, match)
    shown = {label: value for label, value in labels.items() if label in alert.by}
    if alert.query is None or alert.metric is None:
        name = alert.metric.name if alert.metric else ""
        return Input({named(name, labels): steady(phases)}, shown)
    return Input(_series(alert.query, labels, phases, step), shown)


def reached(alert: Alert, value: float) -> float:
    """Give the value that an alert sees: of a histogram, what its buckets make of it."""
    query = alert.query
    if query is None or query.metric.kind != "histogram" or query.show not in _QUANTILES:
        return value
    upper = _bucket(query.metric, value)
    bounds = (0.0, *query.metric.bounds)
    return bounds[upper] + (bounds[upper + 1] - bounds[upper]) * _QUANTILES[query.show]


def named(name: str, labels: Mapping[str, str]) -> str:
    """Write a series."""
    inside = ",".join(equals(label, value) for label, value in labels.items())
    return f"{name}{{{inside}}}"


def steady(phases: Phases) -> str:
    """Write values that stay as they are within each phase."""
    return " ".join(f"{value:.10g}x{count - 1}" for value, count in phases)


def rising(phases: Phases) -> str:
    """Write a counter that rises by so much with each sample of a phase."""
    parts, total = [], 0.0
    for slope, count in phases:
        parts.append(f"{total:.10g}+{slope:.10g}x{count - 1}")
        total += slope * count
    return " ".join(parts)


def _series(query: Query, labels: Mapping[str, str], phases: Phases, step: int) -> Mapping[str, str]:
    name, kind = query.metric.name, query.metric.kind
    if query.show == "share":
        return _shares(query, labels, phases)
    if query.show == "age":
        return {named(name, labels): _ages(phases, step)}
    if kind == "histogram":
        return _buckets(query.metric, labels, phases)
    if query.show == "rate":
        return {named(name, labels): rising([(value * step, count) for value, count in phases])}
    if kind == "summary":
        quantile = f"{_QUANTILES[query.show]:g}"
        return {named(name, {**labels, "quantile": quantile}): steady(phases)}
    return {named(name, labels): steady(phases)}


def _buckets(metric: MetricContract, labels: Mapping[str, str], phases: Phases) -> Mapping[str, str]:
    """Let all observations of a phase fall into the bucket of its value."""
    bounds = [f"{bound:g}" for bound in metric.bounds] + ["+Inf"]
    hits = [(_bucket(metric, value), count) for value, count in phases]
    reached = [hit for hit, _ in hits]
    shown = {*range(max(min(reached) - 1, 0), max(reached) + 1), len(metric.bounds)}
    return {
        named(f"{metric.name}_bucket", {**labels, "le": bound}): rising([(float(index >= hit), n) for hit, n in hits])
        for index, bound in enumerate(bounds)
        if index in shown
    }


def _bucket(metric: MetricContract, value: float) -> int:
    return bisect_left(metric.bounds, value)


def _shares(query: Query, labels: Mapping[str, str], phases: Phases) -> Mapping[str, str]:
    label, values = next(iter(query.part.items()))
    rest = next(each for each in sorted(query.metric.values.get(label, ("other",))) if each not in values)
    write = steady if query.metric.kind == "gauge" else rising
    suffix = "" if query.metric.kind in ("gauge", "counter") else "_count"
    name = f"{query.metric.name}{suffix}"
    return {
        named(name, {**labels, label: values[0]}): write([(value * _WHOLE, count) for value, count in phases]),
        named(name, {**labels, label: rest}): write([((1 - value) * _WHOLE, count) for value, count in phases]),
    }


def _ages(phases: Phases, step: int) -> str:
    """Write time stamps whose age is the value at the end of each phase, and which are fresh in a phase of 0."""
    parts, now = [], 0
    for value, count in phases:
        parts.append(f"{now}+{step}x{count - 1}" if value == 0 else f"{now - step if now else 0}x{count - 1}")
        now += step * count
    return " ".join(parts)
