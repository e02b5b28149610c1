"""What follows a metric that is about to go: its successor, and the counter of its last writes.

`merge` calls it, when all files are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from .declaration import Declared
from .entry import Place
from .metric import LEAVING, MetricContract
from .spelling import suggestion

_Table = Mapping[str, Declared[MetricContract]]

COUNTER_SUFFIX: Final = "_deprecated"


def counter_name(metric: str) -> str:
    """Give the name of the counter of a deprecated metric's writes.

    >>> counter_name("builds_total")
    'builds_total_deprecated'
    """
    return metric + COUNTER_SUFFIX


def check_successors(metrics: _Table) -> None:
    """Report each `replaced_by` that names no other metric, or leads back to where it stands."""
    for name, metric, place in _items(metrics):
        if not metric.replaced_by:
            continue
        if metric.replaced_by not in metrics or metric.replaced_by == name:
            others = [other for other in metrics if other != name]
            hint = suggestion(metric.replaced_by, others)
            (place / "replaced_by").report(f"{metric.replaced_by!r} is no other metric of the registry{hint}", "TC104")
        elif _leads_back(metric, metrics):
            (place / "replaced_by").report(f"{metric.replaced_by!r} leads back to {name!r}; name what stays", "TC104")


def with_counters(metrics: _Table) -> dict[str, Declared[MetricContract]]:
    """Leave removed metrics out, and add the counter of its writes to each that is about to go and has none."""
    kept = {name: item for name, item in metrics.items() if item.contract.stability != "removed"}
    made = {
        counter_name(name): Declared(_counter(metric), place)
        for name, metric, place in _items(kept)
        if metric.stability in LEAVING and metric.share is None and counter_name(name) not in metrics
    }
    return {**kept, **made}


def _leads_back(metric: MetricContract, metrics: _Table) -> bool:
    """Tell whether a metric comes up among its own successors."""
    seen = {metric.name}
    following = metrics.get(metric.replaced_by)
    while following is not None and following.contract.name not in seen:
        seen.add(following.contract.name)
        following = metrics.get(following.contract.replaced_by)
    return following is not None and following.contract.name == metric.name


def _counter(metric: MetricContract) -> MetricContract:
    return MetricContract(
        name=counter_name(metric.name),
        kind="counter",
        unit="count",
        description=f"Writes to {metric.name}, which is about to go.",
        owner=metric.owner,
        labels=("environment",),
        source=metric.source,
        counts=metric.name,
    )


def _items(table: _Table) -> Iterator[tuple[str, MetricContract, Place]]:
    for name, item in table.items():
        yield name, item.contract, item.place
