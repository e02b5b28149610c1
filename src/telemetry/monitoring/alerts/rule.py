"""One alerting rule: a level of an alert, for the series that a variant judges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from telemetry.monitoring.description.alert import Alert
from telemetry.monitoring.description.alerts import Variant
from telemetry.monitoring.description.level import SIGNS

from .wording import said_by_template

_RUNS: Final = "env"
"""What the pack `runs` calls the environment."""


def alerting_rule(alert: Alert, variant: Variant, links: Mapping[str, str]) -> dict[str, object]:
    """Write a rule of Prometheus."""
    hold = {"for": variant.level.hold} if variant.level.hold else {}
    return {
        "alert": alert.name,
        "expr": expression(alert, variant),
        **hold,
        "labels": static_labels(alert, variant),
        "annotations": annotated(alert, variant, links, said_by_template(alert, variant.level)),
    }


def expression(alert: Alert, variant: Variant) -> str:
    """Write when it alerts: past the threshold, and not of a series that another variant judges."""
    level, match = variant.level, {label: (value,) for label, value in variant.match.items()}
    passed = f"{alert.asked(level, match)} {SIGNS[alert.when]} {number(level.threshold)}"
    others = [dict(sorted({**match, **{k: (v,) for k, v in each.items()}}.items())) for each in variant.others]
    excluded = dict.fromkeys(alert.asked(level, each) for each in others)
    return "\n  unless ".join([passed, *excluded])


def number(value: float) -> str:
    """Write a number without an idle fraction.

    >>> number(250.0), number(0.92)
    ('250', '0.92')
    """
    return str(int(value)) if value == int(value) else repr(value)


def static_labels(alert: Alert, variant: Variant) -> dict[str, str]:
    """Give the labels that a rule adds to those of its series."""
    labels = {"severity": variant.level.severity, **alert.labels}
    if alert.metric is None:
        return labels
    labels |= {"metric_name": alert.metric.name, "owner": variant.owner or alert.metric.owner}
    if "metric_family" not in alert.by:
        labels["metric_family"] = Path(alert.metric.source).stem
    if _RUNS in alert.by:
        labels["environment"] = f"{{{{ $labels.{_RUNS} }}}}"
    return labels


def annotated(alert: Alert, variant: Variant, links: Mapping[str, str], said: str) -> Mapping[str, str]:
    """Give what people read: the summary, the value, and where to go on."""
    found = {"summary": alert.summary, "description": said}
    if variant.runbook_url or alert.runbook is not None:
        found["runbook_url"] = variant.runbook_url or f"{links['runbooks']}/{alert.name}.md"
    if alert.dashboard:
        found["dashboard_url"] = f"{links['grafana']}/d/{alert.dashboard}"
    return found
