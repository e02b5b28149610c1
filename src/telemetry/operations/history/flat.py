"""Make series of what a scrape keeps apart: `_bucket`, `_sum` and `_count`, each with its own samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Final

from telemetry.signals import MetricKind

from .sample import Sample, Series

Flat = tuple[str, Mapping[str, str], float, float]
"""The name of a series as a scrape has it, its labels, a time in seconds, and the value then."""

_SUFFIXES: Final[Mapping[MetricKind, tuple[str, ...]]] = {
    "counter": ("",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("_sum", "_count"),
}
_ORIGINS: Final = ("instance", "service_instance_id", "pod", "job")
_NAME: Final = "__name__"


def flat_names(metric: str, kind: MetricKind) -> tuple[str, ...]:
    """Give the names that a metric has in a scrape."""
    return tuple(metric + suffix for suffix in _SUFFIXES[kind])


def assembled(metric: str, kind: MetricKind, samples: Iterable[Flat]) -> list[Series]:
    """Put the samples of a metric together.

    A histogram's sample without all its parts at that time is left out: half of a scrape says nothing.
    """
    found: dict[tuple[tuple[str, str], ...], dict[float, dict[str | float, float]]] = {}
    for name, labels, time_s, value in samples:
        part: str | float = name.removeprefix(metric)
        if part == "_bucket":
            part = _bound(labels.get("le", ""))
        key = tuple(sorted((each, text) for each, text in labels.items() if each not in ("le", "quantile", _NAME)))
        found.setdefault(key, {}).setdefault(time_s, {})[part] = value
    return [_series(dict(key), kind, moments) for key, moments in sorted(found.items())]


def _series(labels: dict[str, str], kind: MetricKind, moments: Mapping[float, Mapping[str | float, float]]) -> Series:
    needed = {"counter": {""}, "gauge": {""}, "summary": {"_sum", "_count"}}.get(kind, {"_sum", "_count", inf})
    samples = [_sample(time_s, parts) for time_s, parts in sorted(moments.items()) if needed <= parts.keys()]
    return Series(labels, samples, next((labels[name] for name in _ORIGINS if name in labels), ""))


def _sample(time_s: float, parts: Mapping[str | float, float]) -> Sample:
    if "" in parts:
        return Sample(time_s, parts[""])
    buckets = {bound: parts[bound] for bound in sorted(each for each in parts if isinstance(each, float))}
    return Sample(time_s, parts["_sum"], parts["_count"], buckets)


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return inf
