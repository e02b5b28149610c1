"""The alert on data that no longer comes, for each metric that another alert relies on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from telemetry.contracts import MetricContract
from telemetry.monitoring.description.alert import MISSING_ALERT, Alert
from telemetry.monitoring.description.duration import duration, seconds
from telemetry.monitoring.query import Query

NAME: Final = MISSING_ALERT
_REMEMBERED: Final = "6h"
_RUNS: Final = "env"
_INTERVALS: Final = 2


@final
@dataclass(frozen=True, slots=True)
class Watched:
    """A metric that is missed when it does not come for more than two of its intervals.

    Attributes:
        by: The labels of what is missed on its own.
        window: Two intervals.
        dashboard: The uid of the dashboard that shows it; empty for none.
    """

    metric: MetricContract
    by: tuple[str, ...]
    window: str
    dashboard: str


def watched(alerts: Iterable[Alert]) -> Iterator[Watched]:
    """Give the metrics of alerts, each once, with the shortest interval that an alert counts on."""
    found: dict[str, Watched] = {}
    for alert in alerts:
        if alert.metric is None or not alert.interval:
            continue
        by = tuple(label for label in alert.by if label in alert.metric.labels and label != "run_id")
        window = duration(_INTERVALS * seconds(alert.interval))
        known = found.get(alert.metric.name)
        if known is None or seconds(window) < seconds(known.window):
            found[alert.metric.name] = Watched(alert.metric, by, window, alert.dashboard)
    yield from found.values()


def missing_rule(each: Watched, links: Mapping[str, str]) -> dict[str, object]:
    """Write the rule: what came within hours, and has not come for more than two intervals."""
    was, comes = (Query(each.metric, "present", each.by, window=window) for window in (_REMEMBERED, each.window))
    return {
        "alert": NAME,
        "expr": f"{was.expression()}\n  unless {comes.expression()}",
        "labels": missing_labels(each),
        "annotations": missing_annotations(each, links),
    }


def missing_labels(each: Watched) -> dict[str, str]:
    """Give the labels that the rule adds to those of its series."""
    labels = {"severity": "warning", "metric_name": each.metric.name, "owner": each.metric.owner}
    if "metric_family" not in each.by:
        labels["metric_family"] = Path(each.metric.source).stem
    return labels | ({"environment": f"{{{{ $labels.{_RUNS} }}}}"} if _RUNS in each.by else {})


def missing_annotations(each: Watched, links: Mapping[str, str]) -> dict[str, str]:
    """Give what people read."""
    found = {
        "summary": f"No data of {each.metric.name}",
        "description": f"{each.metric.name} has not come for more than {each.window}, two intervals; "
        "what alerts on it cannot see.",
    }
    address = f"{links['grafana']}/d/{each.dashboard}"
    return found | ({"dashboard_url": address} if each.dashboard else {})
