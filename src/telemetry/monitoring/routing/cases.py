"""Where each alert has to arrive: a table that `amtool config routes test` is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from telemetry.monitoring.description.routing import Routing

_ENVIRONMENTS: Final = ("development", "offline", "online", "production", "staging")
_SEVERITIES: Final = ("critical", "warning", "info")


def routes(routing: Routing) -> Sequence[Mapping[str, object]]:
    """Give the labels of an alert, and the receivers that have to hear of it, in all environments."""
    return [
        {"labels": {**labels, "environment": environment}, "receivers": ["observability", receiver]}
        for environment in _ENVIRONMENTS
        for labels, receiver in (
            *(({"severity": severity}, severity) for severity in _SEVERITIES if severity in routing.receivers),
            ({"severity": "critical", "escalation": "second"}, "second"),
        )
    ]
