"""An exception: other thresholds, windows or owners for all series of an alert, or for some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

from telemetry.contracts import Entry, MetricContract
from telemetry.monitoring.query import split

from .alert import ALERT_NAME, Alert
from .bounds import check_level
from .level import Level, changed_level
from .record import single
from .routing import URL
from .runbook import Runbook, read_runbook
from .wording import check_secrets, check_templates


@final
@dataclass(frozen=True, slots=True)
class Override:
    """An exception of an alert.

    Attributes:
        match: The labels of the series that it is for; empty for all of the alert's.
        levels: What they are judged by instead, by severity; a severity that is not there is as before.
        owner: Who answers for them; empty for who did.
        runbook: What to do; only where `match` is empty.
        runbook_url: Where a runbook of their own is; empty for none.
    """

    alert: str
    match: Mapping[str, str]
    levels: tuple[Level, ...]
    owner: str
    runbook: Runbook | None
    runbook_url: str

    def excludes(self, other: Override) -> bool:
        """Tell whether no series can be in both."""
        return any(self.match[label] != other.match[label] for label in self.match.keys() & other.match.keys())


def read_override(entry: Entry, alerts: Mapping[str, Alert]) -> Override | None:
    """Read one exception; None when there is no such alert."""
    with entry:
        name = entry.text("alert", form=ALERT_NAME)
        match, owner = single(entry, "match"), entry.text("owner", default="")
        if match:
            entry.forbid("runbook", "some series have a 'runbook_url'; a runbook is for all of an alert's")
        runbook, url = None if match else read_runbook(entry), entry.text("runbook_url", default="", form=URL)
        check_templates(entry, {"owner": owner, "runbook_url": url})
        check_secrets(entry, {"owner": owner, "runbook_url": url})
        alert = alerts.get(name)
        if alert is None:
            (entry.place / "alert").report(f"there is no alert {name!r}; there are {', '.join(alerts)}", "TC104")
            for severity in ("info", "warning", "critical"):
                entry.entry(severity)
            return None
        _check_match(entry, alert, match)
        return Override(name, match, tuple(_changed(entry, alert)), owner, runbook, url)


def _changed(entry: Entry, alert: Alert) -> Iterator[Level]:
    """Read the levels that are changed; a threshold has to be one that values can pass."""
    for base in alert.levels:
        level = changed_level(entry, base, is_event=alert.is_event)
        if level is None:
            continue
        if level.threshold != base.threshold:
            check_level(entry, alert, level)
        yield level


def _check_match(entry: Entry, alert: Alert, match: Mapping[str, str]) -> None:
    if match and not alert.can_be_narrowed:
        problem = f"{alert.name} cannot be narrowed: its expression has no $where; leave 'match' out"
        (entry.place / "match").report(problem)
        return
    for label, value in match.items():
        place = entry.place / "match" / label
        if label not in alert.by:
            place.report(f"{alert.name} has no label {label!r}: it has {', '.join(alert.by) or 'none'}", "TC104")
        elif (operator := split(value)[0]) != "=":
            place.report(f"an exception is for one value, and {operator!r} compares; write an exception for each value")
        elif alert.metric is not None and (breach := _breach(alert.metric, label, value)):
            place.report(breach, "TC104")


def _breach(metric: MetricContract, label: str, value: str) -> str | None:
    return metric.label_breach(label, value) if label in metric.labels else None
