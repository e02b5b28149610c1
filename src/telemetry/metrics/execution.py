"""`ExecutionMetrics`: the metric front of a runtime, which refuses what the registry lacks."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import final

from telemetry.contracts import Registry
from telemetry.signals import Family

from .collect import collect
from .instruments import Count, Instrument
from .pages import Pages
from .share import Share


@final
class ExecutionMetrics:
    """The instruments of one registry, and the snapshot that exporters read.

    >>> from telemetry.contracts import load_registry
    >>> metrics = ExecutionMetrics(load_registry(), ambient={"environment": "staging"}, limit=50)
    >>> metrics.record("backend_missing_binaries", 2, backend="c-gcc")
    >>> [family.series[0].value for family in metrics.families()]
    [2.0]
    """

    __slots__ = ("_ambient", "_count", "_instruments", "_limit", "_lock", "_pages", "_shares", "registry")

    def __init__(
        self, registry: Registry, *, ambient: Mapping[str, str], limit: int, count: Count | None = None
    ) -> None:
        self.registry = registry
        self._ambient = dict(ambient)
        self._limit = limit
        self._count: Count = count or (lambda _reason, _detail: None)
        self._pages = Pages()
        self._instruments: dict[str, Instrument] = {}
        self._shares = [Share(contract) for contract in registry.metrics.values() if contract.share]
        self._lock = threading.RLock()

    def instrument(self, name: str) -> Instrument:
        """Give an instrument.

        Raises:
            ContractError: The registry has no such metric; the message suggests the nearest name.
        """
        found = self._instruments.get(name)
        if found is not None:
            return found
        contract = self.registry.metric(name)
        with self._lock:
            made = Instrument(contract, self._pages, ambient=self._ambient, limit=self._limit, count=self._count)
            return self._instruments.setdefault(name, made)

    def record(self, name: str, value: float = 1.0, **labels: str) -> None:
        """Record one value: a counter adds it, a gauge is set to it, a histogram or summary observes it.

        Raises:
            ContractError: The registry has no such metric. Wrong labels or values are counted, not raised.
        """
        cell = self.instrument(name).cell(labels)
        if cell is not None:
            cell.write(value)

    def families(self) -> Sequence[Family]:
        """Take a snapshot of every metric that has a series."""
        found = collect(self._pages.snapshots(), self.registry.metrics)
        derived = (share.family(found) for share in self._shares)
        return [*found, *(family for family in derived if family is not None)]

    def restart(self) -> None:
        """Make all locks anew, in a forked child: a thread that is not there may hold one."""
        self._lock = threading.RLock()
        for instrument in self._instruments.values():
            instrument.restart()
        for share in self._shares:
            share.restart()
