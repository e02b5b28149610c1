"""What stays for years: recording rules that make one value of five minutes, for the long-term store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from telemetry.contracts import MetricContract, Registry
from telemetry.monitoring.description import Collection
from telemetry.monitoring.query import Query, Show

_QUANTILES: Final[tuple[Show, ...]] = ("p50", "p95")


def long_term_names(registry: Registry, collection: Collection) -> Sequence[str]:
    """Give the metrics of the packs that stay for years."""
    metrics = registry.metrics.values()
    return [each.name for each in metrics if Path(each.source).stem in collection.packs and each.stability == "stable"]


def downsampling(registry: Registry, collection: Collection) -> Mapping[str, object]:
    """Make the recording rules, named level:metric:operation; vmalert evaluates them at their resolution."""
    window = collection.keep["long_resolution"]
    names = long_term_names(registry, collection)
    rules = [
        {"record": f"{_level(each)}:{name}:{operation}{window}", "expr": query.expression()}
        for name in names
        for each in (registry.metrics[name],)
        for operation, query in _queries(each, window)
    ]
    return {"groups": [{"name": "downsampling", "interval": window, "rules": rules}]}


def _queries(metric: MetricContract, window: str) -> Iterator[tuple[str, Query]]:
    if metric.kind == "gauge":
        yield "avg", Query(metric, "avg", metric.labels, window=window)
    elif metric.kind == "counter":
        yield "increase", Query(metric, "increase", metric.labels, window=window)
    else:
        yield "mean", Query(metric, "mean", metric.labels, window=window)
        kept = [f"p{level:.0%}".rstrip("%") for level in metric.quantiles] or _QUANTILES
        for show in _QUANTILES:
            if show in kept:
                yield show, Query(metric, show, metric.labels, window=window)


def _level(metric: MetricContract) -> str:
    """Name the labels that a value is of, as the level of its name."""
    return "_".join(metric.labels) or "all"
