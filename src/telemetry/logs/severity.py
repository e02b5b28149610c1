"""The severity of a log line: five names, and what the methods and levels of others mean in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from telemetry.errors import ConfigurationError
from telemetry.signals import Severity

_RANK: Final[Mapping[str, int]] = {"debug": 0, "info": 1, "warning": 2, "error": 3, "critical": 4}

_METHODS: Final[Mapping[str, Severity]] = {
    "notset": "debug",
    "debug": "debug",
    "info": "info",
    "warn": "warning",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
    "fatal": "critical",
}


def severity_of(method: str) -> Severity:
    """Name the severity of a logging method; one that is not known is `info`.

    >>> severity_of("exception"), severity_of("msg")
    ('error', 'info')
    """
    return _METHODS.get(method, "info")


def severity_at(level: int) -> Severity:
    """Name the severity of a level of the standard library; levels between two names count as the lower.

    >>> severity_at(25), severity_at(50)
    ('info', 'critical')
    """
    for severity, floor in (("critical", 50), ("error", 40), ("warning", 30), ("info", 20)):
        if level >= floor:
            return severity_of(severity)
    return "debug"


def rank(severity: Severity) -> int:
    """Give the place of a severity, from 0 for the least.

    Raises:
        ConfigurationError: There is no such severity.
    """
    place = _RANK.get(severity)
    if place is None:
        raise ConfigurationError(f"there is no log level {severity!r}; use one of {', '.join(_RANK)}")
    return place
