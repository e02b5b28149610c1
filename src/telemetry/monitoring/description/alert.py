"""An alert: what it asks of which metric, from where on that is bad, and what somebody does about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import nan
from typing import Final, final

from telemetry.contracts import Entry, Form, MetricContract, Registry
from telemetry.errors import ContractError
from telemetry.monitoring.query import Query, equals, read_query

from .duration import SPAN
from .level import SEVERITIES, SIDES, Level, Severity, When, read_level
from .proof import Proof, read_proof
from .record import single
from .runbook import Runbook, read_runbook
from .wording import check_labels, check_templates

MISSING_ALERT: Final = "DataMissing"
"""The alert on data that no longer comes, which is generated."""
ALERT_NAME: Final = Form("[A-Z][A-Za-z0-9]*", "a name in capitals and small letters, such as 'ParserSlow'")

_INTERVAL: Final = "30s"
_RUNS: Final = "env"
_OF_RULES: Final = ("alertname", "alertstate", "severity", "metric_name", "owner", "escalation")
"""Labels that a rule sets: series that differ by one of them would become the same alert, which engines refuse."""
_OF_METRICS: Final = ("metric_name", "metric_family", "owner")
"""Labels that a rule takes from the contract of its metric."""
_NOWHERE: Final = re.compile(r"\{\s*\$where\s*\}|\$where\s*,\s*|,?\s*\$where")


@final
@dataclass(frozen=True, slots=True)
class Alert:
    """What is to be alerted about.

    Attributes:
        group: The file that describes it, without its ending.
        summary: What is wrong, in a sentence.
        query: What is asked of the metric; None where `expression` asks.
        expression: PromQL with `$where` and `$window`; empty where `query` asks.
        metric: The metric that it is about; None where its series say that themselves.
        by: The labels of its series.
        unit: The unit of its value.
        when: On which side of the threshold it is bad.
        is_event: Whether it tells that something happened, rather than how something is.
        levels: From info to critical.
        description: What is said of a value, with `{value}` and `{label}`; empty for what the query says itself.
        labels: What its rules add, beside what follows from the metric.
        dashboard: The uid of the dashboard that shows it; empty for none.
        interval: How often its metric comes; missing for longer than two, it is missed. Empty: it may be missing.
        proofs: For each severity the series that prove an `expression`.
    """

    name: str
    group: str
    path: str
    pointer: str
    summary: str
    query: Query | None
    expression: str
    metric: MetricContract | None
    by: tuple[str, ...]
    unit: str
    when: When
    is_event: bool
    levels: tuple[Level, ...]
    description: str
    labels: Mapping[str, str]
    dashboard: str
    interval: str
    runbook: Runbook | None
    proofs: Mapping[Severity, Proof]

    def asked(self, level: Level, where: Mapping[str, tuple[str, ...]]) -> str:
        """Write what is asked as PromQL, of the series that have these labels.

        Only a query, or an expression with `$where`, can be narrowed.
        """
        if self.query is not None:
            narrowed = replace(self.query, window=level.window, where={**self.query.where, **where})
            return _events(narrowed) if self.counts_events else narrowed.expression()
        text = self.expression.replace("$window", level.window)
        matchers = ",".join(equals(label, values[0]) for label, values in where.items())
        return f"({text.replace('$where', matchers) if matchers else _NOWHERE.sub('', text)})"

    @property
    def counts_events(self) -> bool:
        """Whether its value is how often something happened lately."""
        return self.is_event and self.query is not None and self.query.show == "increase"

    @property
    def can_be_narrowed(self) -> bool:
        """Whether some of its series can have thresholds of their own."""
        return self.query is not None or "$where" in self.expression

    def level(self, severity: Severity) -> Level | None:
        """Give the level of a severity; None where it has none."""
        return next((each for each in self.levels if each.severity == severity), None)


def read_alert(entry: Entry, group: str, registry: Registry) -> Alert | None:
    """Read one alert; None when it is too wrong to be looked at further."""
    with entry:
        name, summary = entry.text("name", form=ALERT_NAME), entry.text("summary")
        is_event, when = entry.flag("event"), entry.choice("when", SIDES, default="above")
        query = None if entry.has("expr") else read_query(entry, registry, window_form=SPAN)
        expression = entry.text("expr", default="").strip()
        metric = query.metric if query else _metric(entry, registry) if expression else None
        by = query.by if query else entry.texts("by") if expression else ()
        unit = entry.text("unit", default=query.unit if query else metric.unit if metric else "count")
        window = entry.text("window", default="", form=SPAN) if expression else query.window if query else ""
        labels = single(entry, "labels")
        _check_name(entry, name)
        _check_by(entry, by, labels)
        _check_own(entry, labels, metric)
        check_labels(entry, labels)
        description = entry.text("description", default="")
        check_templates(entry, {"summary": summary, "description": description})
        levels = _levels(entry, window, is_event=is_event)
        alert = Alert(
            name, group, entry.place.path, entry.place.pointer, summary, query, expression, metric, by, unit, when,
            is_event, levels, description, labels,
            entry.text("dashboard", default=""), _interval(entry), read_runbook(entry),
            {each.severity: read_proof(entry, each.severity) for each in levels if entry.has(f"{each.severity}_proof")},
        )  # fmt: skip
        return alert if query or expression else None


def _check_name(entry: Entry, name: str) -> None:
    if name == MISSING_ALERT:
        (entry.place / "name").report(f"{name!r} is the generated alert on data that no longer comes; rename this one")


def _check_by(entry: Entry, by: tuple[str, ...], labels: Mapping[str, str]) -> None:
    taken = {*_OF_RULES, *labels, *(["environment"] if _RUNS in by else [])}
    for index, label in enumerate(by):
        if label in taken:
            problem = f"{label!r} is what the rule itself says, and two series would become one alert; leave it out"
            (entry.place / "by" / index).report(problem)


def _check_own(entry: Entry, labels: Mapping[str, str], metric: MetricContract | None) -> None:
    for label in labels:
        if label in ("alertname", "alertstate", "severity"):
            (entry.place / "labels" / label).report(f"{label!r} is what the rule itself says; leave it out")
        elif metric is not None and label in _OF_METRICS:
            (entry.place / "labels" / label).report(f"{label!r} follows from {metric.name}; leave it out")


def _metric(entry: Entry, registry: Registry) -> MetricContract | None:
    name = entry.text("metric", default="")
    try:
        return registry.metric(name) if name else None
    except ContractError as error:
        (entry.place / "metric").report(str(error), "TC104")
        return None


def _levels(entry: Entry, window: str, *, is_event: bool) -> tuple[Level, ...]:
    given = [each for each in SEVERITIES if entry.has(each)]
    if not given:
        entry.place.report(f"an alert needs a level: {', '.join(SEVERITIES)}")
    return tuple(read_level(entry, each, Level(each, nan, "", window), is_event=is_event) for each in given)


def _interval(entry: Entry) -> str:
    if entry.flag("may_be_missing"):
        entry.forbid("interval", "what may be missing has no interval; keep one of the two")
        return ""
    return entry.text("interval", default=_INTERVAL, form=SPAN)


def _events(query: Query) -> str:
    """Count what happened within the window, with what a series that has only just begun had at its beginning.

    Prometheus takes the first sample of a counter for its zero, so that the increase of a first event is none. What
    was there the day before has not just begun. Counts are whole; the increase is an estimate of them.
    """
    before = f"last_over_time({query.selector(window='1d')} offset {query.window})"
    rise = f"increase({query.selector(window=query.window)})"
    return f"round({query.over('sum')} (({query.selector()} unless {before}) or {rise}))"
