"""Whether one metric can be recorded under two names at once, while a rename is under way.

What is written through either name then shows under both, so dashboards on the old and on the new name have the same
totals. That needs two contracts that say the same, but for their names and the names of their labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from .metric import LEAVING, MetricContract

_Metrics = Mapping[str, MetricContract]

_ALIKE: Final = ("kind", "unit", "bounds", "exponential", "range", "across")
_WORDS: Final[Mapping[str, str]] = {"bounds": "buckets"}


@final
@dataclass(frozen=True, slots=True)
class Alias:
    """Another name under which a metric is recorded.

    Attributes:
        name: The other metric.
        labels: Each label of the metric, with what the other one calls it.
    """

    name: str
    labels: Mapping[str, str]


def rename_problem(old: MetricContract, new: MetricContract) -> str | None:
    """Say why a write to one metric cannot be recorded under the name of its successor too; None when it can.

    >>> old = MetricContract("jobs_total", "counter", "count", "Jobs.", "me", ("environment", "team"))
    >>> rename_problem(old, MetricContract("tasks_total", "counter", "jobs", "Jobs.", "me", ("environment", "team")))
    "'unit' is 'count', and 'jobs' in tasks_total"
    """
    for key in _ALIKE:
        mine, yours = getattr(old, key), getattr(new, key)
        if mine != yours:
            return f"{_WORDS.get(key, key)!r} is {mine!r}, and {yours!r} in {new.name}"
    if old.share is not None or new.share is not None:
        return "a derived gauge is not recorded"
    return _label_problem(old, new)


def aliases(metrics: _Metrics) -> dict[str, tuple[Alias, ...]]:
    """Give each metric that is being renamed with the other names that it is recorded under.

    A chain of renames is one metric. Several metrics with one successor are none of them renamed: what is written to
    one must not show under the name of another.
    """
    links = dict(_links(metrics))
    found: dict[str, tuple[Alias, ...]] = {}
    for first in [name for name in links if name not in {new.name for new in links.values()}]:
        chain = list(_chain(first, links))
        for name, labels in chain:
            back = {common: label for label, common in labels.items()}
            others = [each for each in chain if each[0] != name]
            found[name] = tuple(
                Alias(other, {back[common]: label for label, common in theirs.items()}) for other, theirs in others
            )
    return found


def successor_of(metric: MetricContract, metrics: _Metrics) -> MetricContract | None:
    """Give what takes the place of a metric that is about to go, as long as both are recorded."""
    return metrics.get(metric.replaced_by) if metric.stability in LEAVING else None


def _links(metrics: _Metrics) -> Iterator[tuple[str, Alias]]:
    """Give each metric that is being renamed with its new name."""
    pairs = [(old, new) for old in metrics.values() if (new := successor_of(old, metrics)) is not None]
    for old, new in pairs:
        if rename_problem(old, new) is None and sum(other.name == new.name for _, other in pairs) == 1:
            yield old.name, Alias(new.name, {label: old.relabel.get(label, label) for label in old.labels})


def _chain(first: str, links: Mapping[str, Alias]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Follow the names of one metric; give each with its labels, and what the first one calls them."""
    name, labels = first, None
    while name in links:
        link = links[name]
        labels = {label: label for label in link.labels} if labels is None else labels
        yield name, labels
        labels = {link.labels[label]: common for label, common in labels.items()}
        name = link.name
    yield name, labels or {}


def _label_problem(old: MetricContract, new: MetricContract) -> str | None:
    renamed = [old.relabel.get(label, label) for label in old.labels]
    for before, after in zip(old.labels, renamed, strict=True):
        if after not in new.labels:
            return f"label {before!r} is not in {new.name} as {after!r}"
        if renamed.count(after) > 1:
            return f"two labels become {after!r}"
        if old.values.get(before) != new.values.get(after):
            return f"label {before!r} has other values than {after!r} in {new.name}"
    missing = [label for label in new.labels if label not in renamed]
    return f"{new.name} has the label {missing[0]!r} besides" if missing else None
