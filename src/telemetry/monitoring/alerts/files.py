"""The files of alerts, by their path in the generated tree: rules, their unit tests, runbooks."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.contracts import Registry
from telemetry.monitoring.description import Alerts, Descriptions
from telemetry.monitoring.description.alerts import MISSING_GROUP
from telemetry.monitoring.document import as_yaml

from .missing import missing_rule, watched
from .proofs import proof_files
from .rule import alerting_rule
from .runbooks import runbook_page

_INTERVAL = "10s"


def alert_files(registry: Registry, descriptions: Descriptions) -> Mapping[str, str]:
    """Write rules, their unit tests and runbooks."""
    alerts, links = descriptions.alerts, descriptions.links
    rules = {group: _group(descriptions, group) for group in alerts.intervals}
    missed = [missing_rule(each, links) for each in watched(alerts.alerts.values())]
    rules[MISSING_GROUP] = {"name": MISSING_GROUP, "interval": _INTERVAL, "rules": missed}
    books = {
        f"runbooks/{alert.name}.md": runbook_page(alerts, alert, alert.runbook, links)
        for alert in alerts.alerts.values()
        if alert.runbook is not None
    }
    written = {f"rules/{name}.yml": as_yaml({"groups": [group]}) for name, group in rules.items() if group["rules"]}
    return {**written, **proof_files(alerts, links), **books}


def _group(descriptions: Descriptions, group: str) -> dict[str, object]:
    """Write the rules of one file: what is recorded first, for the alerts of the same evaluation."""
    alerts: Alerts = descriptions.alerts
    recorded = [{"record": each.name, "expr": each.expression} for each in alerts.records if each.group == group]
    alerting = [
        alerting_rule(alert, variant, descriptions.links)
        for alert in alerts.alerts.values()
        if alert.group == group
        for variant in alerts.variants(alert.name)
    ]
    return {"name": group, "interval": alerts.intervals[group], "rules": [*recorded, *alerting]}
