"""Limits of series: how many a metric may have, by environment, and what those past them are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from .entry import Entry
from .form import WORD

OVERFLOW: Final = "_overflow"
"""The value that labels have in the one series that takes what lies past the limit; no call may give it."""

OVERFLOW_ATTRIBUTE: Final = "otel.metric.overflow"
"""What is true of that series in OTLP, where it stands for those labels (OpenTelemetry, Metrics SDK, Cardinality)."""

DEFAULT: Final = "default"
"""The environment that stands for all that are not named."""


def is_overflow(values: Collection[str]) -> bool:
    """Tell whether a series is one that takes what lies past a limit, by its label values."""
    return OVERFLOW in values


def read_limits(entry: Entry) -> Mapping[str, int]:
    """Read limits by environment."""
    with entry:
        return {environment: entry.count(environment) for environment in entry.keys(WORD)}


def read_own_limits(metric: Entry) -> Mapping[str, int]:
    """Read the limits that a metric has for itself: a number for all environments, or limits by environment."""
    if metric.has("cardinality") and not metric.has_object("cardinality"):
        return {DEFAULT: metric.count("cardinality")}
    limits = metric.entry("cardinality")
    if limits.has("foreign"):
        (limits.place / "foreign").report("a metric has a contract, and so no limit of this name; leave it out")
    return read_limits(limits)
