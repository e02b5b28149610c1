"""Runbooks: a page for each alert that has one, from its description."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.monitoring.description.alert import Alert
from telemetry.monitoring.description.alerts import Alerts
from telemetry.monitoring.description.level import SEVERITIES
from telemetry.monitoring.description.runbook import Runbook
from telemetry.monitoring.mark import NOTE

from .rule import expression
from .wording import amount

_SIDES = {"above": "above", "below": "below", "at_most": "at or below", "at_least": "at or above"}


def runbook_page(alerts: Alerts, alert: Alert, runbook: Runbook, links: Mapping[str, str]) -> str:
    """Write the runbook of an alert as Markdown."""
    owner = f"Owner: {alert.metric.owner}. " if alert.metric else ""
    shown = f"[Dashboard]({links['grafana']}/d/{alert.dashboard})." if alert.dashboard else ""
    parts = [
        f"<!-- {NOTE} -->\n# {alert.name}",
        f"{alert.summary}. {owner}{shown}".rstrip(),
        _levels(alerts, alert),
        "## Checklist\n\n" + "\n".join(f"{number}. {step}" for number, step in enumerate(runbook.checklist, 1)),
        "## Queries\n\n" + _queries(alerts, alert, runbook),
        f"## Roll back when\n\n{runbook.rollback}",
        f"## Message\n\n```text\n{runbook.message.strip()}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _levels(alerts: Alerts, alert: Alert) -> str:
    rows = ["| level | when | for | of |", "|---|---|---|---|"]
    for variant in sorted(alerts.variants(alert.name), key=lambda each: SEVERITIES.index(each.level.severity)):
        level = variant.level
        passed = f"{_SIDES[alert.when]} {amount(alert, level.threshold)}"
        whom = ", ".join(f"{label} {value}" for label, value in variant.match.items()) or "all others"
        rows.append(f"| {level.severity} | {passed} | {level.hold or 'at once'} | {whom} |")
    return "\n".join(rows)


def _queries(alerts: Alerts, alert: Alert, runbook: Runbook) -> str:
    """Write the queries of the description; the first is the alert's own, so that it never differs from the rule."""
    own = next(each for each in reversed(alerts.variants(alert.name)) if not each.match)
    every = {"What alerts now": expression(alert, own), **runbook.queries}
    return "\n\n".join(f"{title}:\n\n```promql\n{query}\n```" for title, query in every.items())
