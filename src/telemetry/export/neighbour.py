"""Show our families in prometheus_client's registry, so that an application's endpoint serves them.

It imports prometheus_client and is therefore named in full where it is used. `runtime` installs it; `page` keeps it
quiet while it serves the same families itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from itertools import accumulate
from math import inf
from typing import final

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
    UnknownMetricFamily,
)
from prometheus_client.registry import Collector

from telemetry.signals import Distribution, Family, FamilySource, Quantiles, Series

from .openmetrics import openmetrics_name
from .sample import number

_hidden: ContextVar[FamilySource | None] = ContextVar("telemetry_hidden_neighbour", default=None)


@final
class Neighbour(Collector):
    """Our families as a collector of prometheus_client; `install` makes one."""

    __slots__ = ("_registry", "_source")

    def __init__(self, source: FamilySource, registry: CollectorRegistry) -> None:
        self._source = source
        self._registry = registry

    def describe(self) -> Iterable[Metric]:
        """Claim no names: without this method, registering would collect everything once."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give a snapshot of the families, in prometheus_client's own types."""
        if _hidden.get() is not self._source:
            yield from map(as_metric, self._source.families())

    def remove(self) -> None:
        """Take our families out of the registry again; twice is as good as once."""
        with suppress(KeyError):
            self._registry.unregister(self)


def install(source: FamilySource, registry: CollectorRegistry = REGISTRY) -> Neighbour:
    """Register a source's families with prometheus_client; nothing is collected until somebody scrapes.

    >>> from telemetry.signals import Series
    >>> class Source:
    ...     def families(self):
    ...         return [Family("ready", "gauge", "", "Ready?", (), (Series((), 1),))]
    >>> registry = CollectorRegistry()
    >>> neighbour = install(Source(), registry)
    >>> registry.get_sample_value("ready")
    1
    >>> neighbour.remove()
    """
    neighbour = Neighbour(source, registry)
    registry.register(neighbour)
    return neighbour


@contextmanager
def hidden(source: FamilySource) -> Iterator[None]:
    """Keep the source's neighbours silent within the block, for whoever serves the source itself."""
    token = _hidden.set(source)
    try:
        yield
    finally:
        _hidden.reset(token)


def as_metric(family: Family) -> Metric:
    """Translate one family; a counter without `_total` becomes `unknown`, since prometheus_client would rename it."""
    metric = _empty_metric(family)
    for series in family.series:
        _add(metric, family, series)
    return metric


def _empty_metric(family: Family) -> Metric:
    name, description, labels = family.name, family.description, family.labels
    # prometheus_client appends a unit that the name does not end in, and with that renames the metric.
    unit = family.unit if openmetrics_name(family).endswith(f"_{family.unit}") else ""
    match family.kind:
        case "counter" if name.endswith("_total"):
            return CounterMetricFamily(name, description, labels=labels, unit=unit)
        case "counter":
            return UnknownMetricFamily(name, description, labels=labels, unit=unit)
        case "gauge":
            return GaugeMetricFamily(name, description, labels=labels, unit=unit)
        case "histogram":
            return HistogramMetricFamily(name, description, labels=labels, unit=unit)
        case "summary":
            return SummaryMetricFamily(name, description, labels=labels, unit=unit)


def _add(metric: Metric, family: Family, series: Series) -> None:
    value = series.value
    match metric, value:
        case HistogramMetricFamily(), Distribution():
            bounds = [number(bound) for bound in (*family.bounds, inf)]
            counts = accumulate(value.buckets)
            metric.add_metric(series.labels, list(zip(bounds, counts, strict=True)), value.sum)
        case SummaryMetricFamily(), Quantiles():
            labels = dict(zip(family.labels, series.labels, strict=True))
            for quantile, estimate in value.values:
                metric.add_sample(metric.name, {**labels, "quantile": number(quantile)}, estimate)
            metric.add_metric(series.labels, value.count, value.sum)
        case ((CounterMetricFamily() | GaugeMetricFamily() | UnknownMetricFamily()), (int() | float())):
            metric.add_metric(series.labels, value)
