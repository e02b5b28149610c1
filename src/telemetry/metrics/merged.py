"""The metrics of many processes as one source, for whoever scrapes or pushes all of them.

It reads no file: what it is made with fills the copies of their pages. Callbacks and exemplars stand in no page, so
what only they give is not here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from time import time_ns
from typing import Any, final

from telemetry._hotpath import walk
from telemetry.contracts import MetricContract, Registry
from telemetry.signals import Family, Origin, Scope, Series

from .collect import SCOPE_LABELS, collect
from .collect import _value as value_of
from .foreign import _exposed, _labels
from .merge import MergedPages, Part, Rule
from .share import Share

Gather = Callable[[], Sequence[tuple[Part, bool]]]
"""Fills the copies of all pages anew, and gives each with whether its process lives."""


@final
class MergedMetrics:
    """The families of all processes, merged as their contracts say; made for any number of threads.

    Args:
        registry: The contracts of the processes.
        gather: Called before each snapshot.
        tell: Called with each part that is damaged, and what is wrong with it.

    >>> MergedMetrics(Registry(), gather=list).families()
    []
    """

    __slots__ = ("_gather", "_lock", "_pages", "_rule", "_shares", "_tell", "registry")

    def __init__(
        self,
        registry: Registry,
        gather: Gather,
        tell: Callable[[Part, str], None] | None = None,
    ) -> None:
        self.registry = registry
        self._gather = gather
        self._tell = tell or (lambda _part, _problem: None)
        self._rule = Rule(registry)
        self._pages = MergedPages(self._rule)
        self._shares = [Share(contract) for contract in registry.metrics.values() if contract.share]
        self._lock = RLock()

    @property
    def refused(self) -> Mapping[str, str]:
        """The names of metrics that fit no contract and are not shown, each with the reason."""
        return dict(self._rule.refused)

    @property
    def followed(self) -> frozenset[str]:
        """The names of the counters that derived gauges follow from."""
        return frozenset(share.contract.share.metric for share in self._shares if share.contract.share)

    @property
    def exemplified(self) -> frozenset[str]:
        """No names: exemplars stand in no page."""
        return frozenset()

    def measure(self) -> None:
        """Read the pages of all processes, and merge them."""
        with self._lock:
            for part, problem in self._pages.merge(self._gather(), time_ns()):
                self._tell(part, problem)

    def families(self) -> Sequence[Family]:
        """Take a snapshot of every metric that has a series in any process."""
        self.measure()
        found = collect(self._pages.snapshots(), self.registry.metrics)
        return [*found, *self.unpaged(found)]

    def completed(self, families: Sequence[Family]) -> list[Family]:
        """Give families as they are."""
        return list(families)

    def unpaged(self, families: Sequence[Family]) -> list[Family]:
        """Give the gauges that are derived from the counters among `families`, and what is in no contract."""
        derived = (share.family(families) for share in self._shares)
        return [*(family for family in derived if family is not None), *self._foreign()]

    def memory(self, first: int = 0) -> list[memoryview]:
        """Give the memory of every merged page from a number on."""
        return self._pages.memory(first)

    def _foreign(self) -> list[Family]:
        groups: dict[str, list[_Stranger]] = {}
        for snapshot in self._pages.snapshots(foreign=True):
            for entry in walk(snapshot):
                stranger = _Stranger(entry)
                groups.setdefault(_exposed(stranger.name), []).append(stranger)
        return [_family(group) for group in groups.values()]


@final
class _Stranger:
    """A series in no contract."""

    __slots__ = ("additive", "bounds", "description", "kind", "labels", "name", "series", "unit")

    def __init__(self, entry: Any) -> None:
        scope, version, self.name, attributes, bounds, *more, _ = json.loads(entry.descriptor)
        told: tuple[str, str, bool] = tuple(more) if len(more) == 3 else ("", "", False)
        self.unit, self.description, self.additive = told
        self.bounds = tuple(bounds)
        self.kind: Any = entry.kind
        origin = Origin(Scope(scope, version), attributes)
        contract = MetricContract(self.name, self.kind, "", "", "", bounds=self.bounds)
        self.labels = _labels(origin)
        self.series = Series((), value_of(entry, contract), entry.created_ns, (), origin)


def _family(group: list[_Stranger]) -> Family:
    """Make one family of what has one name; of series that differ in kind or buckets the first ones stand."""
    first = group[0]
    alike = [each for each in group if (each.kind, each.bounds) == (first.kind, first.bounds)]
    labels = (*sorted({name for each in alike for name in each.labels}.difference(SCOPE_LABELS)), *SCOPE_LABELS)
    series = (
        Series(tuple(each.labels.get(name, "") for name in labels), each.series.value, each.series.start_ns,
               origin=each.series.origin)
        for each in alike
    )  # fmt: skip
    return Family(
        first.name, first.kind, first.unit, first.description, labels, tuple(series), first.bounds, time_ns(),
        first.additive,
    )  # fmt: skip
