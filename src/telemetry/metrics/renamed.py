"""Instruments of metrics that are being renamed or are about to go.

While a rename is under way, what is written through either name is recorded under both, once each. What is written to
a metric that is about to go is counted besides. `ExecutionMetrics` makes them; no other metric pays for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import Any, Final, final

from telemetry._hotpath import GaugeCell, twin
from telemetry.contracts import LEAVING, Alias, MetricContract, aliases, counter_name

from .fan import FanCell
from .instruments import Cell, Count, Instrument
from .pages import Pages

_LOCKED: Final = (GaugeCell, twin.SummaryCell, twin.ExponentialHistogramCell)
_SIGNED: Final = ("gauge", "histogram")

Make = Callable[[type[Instrument], MetricContract], Instrument]
Find = Callable[[str], Instrument]


@final
class RenamedInstrument(Instrument):
    """One metric whose series have other names too, or whose writes are counted.

    Attributes:
        count: Counts a write to a metric that is about to go; None for one that stays.
    """

    __slots__ = ("_bare", "_others", "count")

    is_plain = False

    def __init__(
        self, contract: MetricContract, pages: Pages, *, ambient: Mapping[str, str], limit: int, count: Count
    ) -> None:
        super().__init__(contract, pages, ambient=ambient, limit=limit, count=count)
        self._bare: dict[tuple[str, ...], Any] = {}
        self._others: tuple[tuple[RenamedInstrument, tuple[str, ...]], ...] = ()
        self.count: Callable[[], None] | None = None

    def link(self, others: Sequence[tuple[RenamedInstrument, tuple[str, ...]]]) -> None:
        """Take the instruments of the other names, each with this one's labels in the order of its own."""
        self._others = tuple(others)
        self._share_lock()

    def bare(self, values: tuple[str, ...]) -> Any:
        """Give the cell of label values under this name alone; past the limit, that of all that lies there."""
        found = self._bare.get(values)
        if found is None:
            fan: Any = self._admit(values)
            found = fan.own
        return found

    def restart(self) -> None:
        """Make all locks anew, in a forked child: a thread that is not there may hold one."""
        super().restart()
        self._share_lock()
        for cell in self._bare.values():
            if isinstance(cell, _LOCKED):
                cell.restart()

    def _share_lock(self) -> None:
        """Have one lock for all names, since a series comes into being under all of them."""
        self._lock = threading.RLock()
        for other, _ in self._others:
            other._lock = self._lock

    def _make(self, pages: Pages, values: Sequence[str]) -> Cell:
        if pages is not self._pages:
            return super()._make(pages, values)
        key = tuple(values)
        own = self._bare.get(key)
        if own is None:
            own = self._bare[key] = super()._make(pages, values)
        named = dict(zip(self.contract.labels, values, strict=True))
        cells = [other.bare(tuple(named[label] for label in labels)) for other, labels in self._others]
        return FanCell(own, cells, self.count, -inf if self.contract.kind in _SIGNED else 0.0)


@final
class Writes:
    """Counts what is written to a metric that is about to go, and names the metric once."""

    __slots__ = ("_cell", "_contract", "_find", "_tell")

    def __init__(self, contract: MetricContract, find: Find, tell: Callable[[str], None]) -> None:
        self._contract = contract
        self._find = find
        self._tell = tell
        self._cell: Any = None

    def __call__(self) -> None:
        """Count one."""
        if self._cell is None:
            self._cell = self._first()
        self._cell.inc()

    def _first(self) -> Any:
        contract = self._contract
        since = f" since {contract.since}" if contract.since else ""
        successor = f"; record {contract.replaced_by}" if contract.replaced_by else ""
        self._tell(f"metric {contract.name} is {contract.stability}{since}{successor}")
        counter = self._find(counter_name(contract.name))
        return counter.cell({}) or counter.scratch


def renamed_instruments(
    name: str, metrics: Mapping[str, MetricContract], make: Make, find: Find, tell: Callable[[str], None]
) -> dict[str, Instrument]:
    """Make the instruments of all names of one metric.

    Args:
        name: One of them.
        metrics: All contracts.
        make: Makes an instrument of a class for a contract.
        find: Finds the instrument that counts writes.
        tell: Called once for each metric that is about to go and is written to.
    """
    links = {each: found for each, found in aliases(metrics).items() if each == name or name in _names(found)}
    links = links or {name: ()}
    made = {each: make(RenamedInstrument, metrics[each]) for each in links}
    for each, found in links.items():
        instrument = made[each]
        assert isinstance(instrument, RenamedInstrument), "this is what was asked for"
        instrument.link([_link(alias, made) for alias in found])
        if counter_name(each) in metrics and instrument.contract.stability in LEAVING:
            instrument.count = Writes(instrument.contract, find, tell)
    return made


def renamed_names(metrics: Mapping[str, MetricContract]) -> frozenset[str]:
    """Give the names of all metrics that are being renamed or are about to go."""
    leaving = {name for name, contract in metrics.items() if contract.stability in LEAVING}
    return frozenset(leaving.union(aliases(metrics))) if leaving else frozenset()


def _link(alias: Alias, made: Mapping[str, Any]) -> tuple[RenamedInstrument, tuple[str, ...]]:
    other: RenamedInstrument = made[alias.name]
    mine = {theirs: label for label, theirs in alias.labels.items()}
    return other, tuple(mine[label] for label in other.contract.labels)


def _names(found: Sequence[Alias]) -> Iterator[str]:
    return (alias.name for alias in found)
