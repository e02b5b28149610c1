"""The registry of these tests, and what is recorded under both names of a metric."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from telemetry import metric
from telemetry.signals import Family
from telemetry.testing import Recording

BUILT = pytest.mark.skipif(find_spec("telemetry._hotpath.compiled") is None, reason="the hot path was not built")
TWINS = [pytest.param("", id="compiled", marks=BUILT), pytest.param("1", id="pure")]
"""The values of TELEMETRY_PURE that choose them."""

REGISTRY = Path(__file__).with_name("renames.json")

RENAMED = {
    "builds_total": "image_builds_total",
    "queue_depth": "image_queue_depth",
    "build_seconds": "image_build_seconds",
    "push_seconds": "image_push_seconds",
    "image_bytes": "image_size_bytes",
}
"""The old names and the new ones, one pair of each kind; the label `team` is `squad` in the new ones."""

OPERATIONS = {
    "builds_total": ("inc",),
    "queue_depth": ("set", "inc", "dec"),
    "build_seconds": ("observe",),
    "push_seconds": ("observe",),
    "image_bytes": ("observe",),
}


def child(old: str, *, by_new: bool, team: str) -> Any:
    """Give the handle of a series, by its old or its new name."""
    return metric(RENAMED[old]).labels(squad=team) if by_new else metric(old).labels(team=team)


def by_labels(family: Family | None) -> dict[frozenset[tuple[str, str]], str]:
    """Give the values of a family, as text, by the labels of the new name; NaN as a number would equal nothing."""
    if family is None:
        return {}
    labels = ["squad" if label == "team" else label for label in family.labels]
    return {frozenset(zip(labels, each.labels, strict=True)): str(each.value) for each in family.series}


def both(recording: Recording, old: str) -> tuple[dict[Any, str], dict[Any, str]]:
    """Give what is shown under the old name, and under the new one."""
    families = recording.metrics
    return by_labels(families.get(old)), by_labels(families.get(RENAMED[old]))
