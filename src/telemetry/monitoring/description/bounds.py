"""Whether a threshold can be passed at all, and whether a worse level is harder to reach."""

from __future__ import annotations

from itertools import pairwise
from math import inf, isnan

from telemetry.contracts import Entry, MetricContract

from .alert import Alert
from .level import Level

_VALUES = ("last", "max", "min", "avg")


def check_level(entry: Entry, alert: Alert, level: Level) -> None:
    """Report a threshold that no value can pass."""
    low, high = _limits(alert)
    if isnan(level.threshold):
        return  # it is missing, which has been said
    here = entry.place / level.severity / "threshold"
    if not low <= level.threshold <= high:
        here.report(f"must be {_shown(low, high)}, as the value is; it is {level.threshold:g}")
    elif alert.when == "above" and level.threshold >= high:
        here.report(f"nothing is above {high:g}, so it would never alert; lower it")
    elif alert.when == "below" and level.threshold <= low:
        here.report(f"nothing is below {low:g}, so it would never alert; raise it")


def check_order(entry: Entry, alert: Alert) -> None:
    """Report a worse level that a value reaches before a milder one."""
    rises = alert.when in ("above", "at_least")
    for milder, worse in pairwise(alert.levels):
        if isnan(milder.threshold + worse.threshold):
            continue
        is_beyond = worse.threshold >= milder.threshold if rises else worse.threshold <= milder.threshold
        if not is_beyond:
            problem = f"must not be milder than {milder.severity}'s {milder.threshold:g}; it is {worse.threshold:g}"
            (entry.place / worse.severity / "threshold").report(problem)


def _limits(alert: Alert) -> tuple[float, float]:
    if alert.query is None or alert.metric is None:
        return -inf, inf
    show, metric = alert.query.show, alert.metric
    if show == "share":
        return 0.0, 1.0
    if metric.kind == "histogram" and show.startswith("p"):
        return 0.0, _greatest(metric)
    if metric.kind == "gauge" and show in _VALUES:
        return metric.range or (-inf, inf)
    return (-inf, inf) if metric.kind == "gauge" else (0.0, inf)


def _greatest(metric: MetricContract) -> float:
    """Give the greatest bound of a histogram, which is the greatest value that its quantiles can have."""
    return metric.bounds[-1] if metric.bounds else inf


def _shown(low: float, high: float) -> str:
    return f"{low:g} or more" if high == inf else f"{low:g} to {high:g}"
