"""The series that a scrape has of each metric, and how each may be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, final

from telemetry.contracts import MetricContract, Registry

Kind = Literal["counter", "bucket", "gauge", "any"]

TARGET_LABELS: Final = frozenset({"__name__", "job", "instance"})
"""What a scrape adds to every series."""

_OF_ENGINES: Final = ("ALERTS", "up", "scrape_", "prometheus_", "alertmanager_", "node_", "vm_", "vmalert_", "vmagent_")


@final
@dataclass(frozen=True, slots=True)
class Series:
    """One name in a scrape.

    Attributes:
        labels: What it may have; None where that is not known.
        metric: The contract that it follows from; None for those of engines and recording rules.
    """

    name: str
    kind: Kind
    labels: frozenset[str] | None
    metric: MetricContract | None = None


def series_of(registry: Registry, recorded: Mapping[str, frozenset[str] | None]) -> Mapping[str, Series]:
    """Give every series by its name: of the registry's metrics, and those that rules record."""
    every = [each for metric in registry.metrics.values() for each in _series(metric)]
    rules = [Series(name, "any", labels) for name, labels in recorded.items()]
    return {each.name: each for each in (*rules, *every)}


def engine_series(name: str) -> Series | None:
    """Give a series that engines make of themselves; None for any other."""
    return Series(name, "any", None) if name.startswith(_OF_ENGINES) else None


def _series(metric: MetricContract) -> Iterable[Series]:
    labels = frozenset(metric.labels) | TARGET_LABELS
    if metric.kind in ("histogram", "summary"):
        yield Series(f"{metric.name}_count", "counter", labels, metric)
        yield Series(f"{metric.name}_sum", "counter", labels, metric)
    if metric.kind == "histogram":
        yield Series(f"{metric.name}_bucket", "bucket", labels | {"le"}, metric)
    elif metric.kind == "summary":
        yield Series(metric.name, "gauge", labels | {"quantile"}, metric)
    else:
        yield Series(metric.name, "counter" if metric.kind == "counter" else "gauge", labels, metric)
