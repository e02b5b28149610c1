"""What an alert says of its value: as a template for the engine, and as the engine will render it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from telemetry.monitoring.description.alert import Alert
from telemetry.monitoring.description.duration import seconds
from telemetry.monitoring.description.level import Level

_SIDES: Final = {"above": "above", "below": "below", "at_most": "at most", "at_least": "at least"}
_TEMPLATES: Final = {"ratio": "humanizePercentage $value", "seconds": "humanizeDuration $value"}
_MINUTE: Final = 60
_PLAIN: Final = ("last", "max", "min", "avg")
_UNITS: Final = {"count": "", "percent": "%", "seconds": "", "milliseconds": " ms", "ratio": "", "bool": ""}


def said_by_template(alert: Alert, level: Level) -> str:
    """Write the description, with the value and the labels as Prometheus puts them in."""
    shown = _TEMPLATES.get(alert.unit, 'printf "%.4g" $value')
    if alert.description:
        return _filled(alert.description, f"{{{{ {shown} }}}}", lambda label: f"{{{{ $labels.{label} }}}}")
    return _said(alert, level, f"{{{{ {shown} }}}}", {label: f"{{{{ $labels.{label} }}}}" for label in alert.by})


def said(alert: Alert, level: Level, value: float, labels: Mapping[str, str]) -> str:
    """Write the description as Prometheus renders it for a value."""
    if alert.description:
        return _filled(alert.description, _number(alert, value), lambda label: labels.get(label, ""))
    return _said(alert, level, _number(alert, value), {label: labels[label] for label in alert.by})


def amount(alert: Alert, value: float) -> str:
    """Write a value with its unit."""
    return f"{_number(alert, value)}{_UNITS.get(alert.unit, f' {alert.unit}')}"


def _said(alert: Alert, level: Level, shown: str, labels: Mapping[str, str]) -> str:
    unit = _UNITS.get(alert.unit, f" {alert.unit}")
    where = ", ".join(f"{label} {value}" for label, value in labels.items())
    limit = f"the threshold is {_SIDES[alert.when]} {amount(alert, level.threshold)}"
    lasting = f" for {level.hold}" if seconds(level.hold) else ""
    return f"{_subject(alert)}{f' ({where})' if where else ''}: {shown}{unit}; {limit}{lasting}."


def _filled(text: str, shown: str, of: Callable[[str], str]) -> str:
    """Put the value and labels into a description of its own."""
    return re.sub(r"\{(\w+)\}", lambda found: shown if found[1] == "value" else of(found[1]), text)


def _subject(alert: Alert) -> str:
    if alert.metric is None:
        return "Value"
    is_plain = alert.query is None or alert.query.show in _PLAIN
    return alert.metric.name if is_plain or alert.query is None else f"{alert.query.show} of {alert.metric.name}"


def _number(alert: Alert, value: float) -> str:
    if alert.unit == "seconds":
        return _duration(value)
    return f"{value * 100:.4g}%" if alert.unit == "ratio" else f"{value:.4g}"


def _duration(value: float) -> str:
    """Write seconds as Prometheus does: 90 are `1m 30s`."""
    if value < _MINUTE:
        return f"{value:.4g}s"
    parts: list[str] = []
    for length, unit in ((86400, "d"), (3600, "h"), (_MINUTE, "m"), (1, "s")):
        if parts or value >= length:
            parts.append(f"{int(value // length)}{unit}")
            value %= length
    return " ".join(parts)
