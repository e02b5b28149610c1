"""`ExecutionMetrics`: the metric front of a runtime, which refuses what the registry lacks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, final

from telemetry._hotpath import Region
from telemetry.contracts import LEAVING, MetricContract, Registry
from telemetry.signals import Family

from .collect import collect
from .instruments import Count, Instrument
from .pages import Pages
from .share import Share
from .vitals import Vitals, joined, no_vitals

if TYPE_CHECKING:
    from .guests import Guests


@final
class ExecutionMetrics:
    """The instruments of one registry, and the snapshot that exporters read.

    >>> from telemetry.contracts import load_registry
    >>> metrics = ExecutionMetrics(load_registry(), ambient={"environment": "staging"}, limit=50)
    >>> metrics.record("backend_missing_binaries", 2, backend="c-gcc")
    >>> [family.series[0].value for family in metrics.families()]
    [2.0]

    Args:
        registry: The contracts.
        ambient: The labels that have one value for ever.
        limit: The most series of a metric that has no limit of its own.
        count: Called with a reason and a detail for what is refused.
        region: Where the cells are kept; None for memory of their own.
        show_hidden: Whether hidden metrics are in the snapshots.
        tell: Called once for each metric that is about to go and is written to.

    Attributes:
        registry: The contracts of what is shown.
        vitals: Measures telemetry itself whenever somebody scrapes or pushes; nothing does by default.
    """

    __slots__ = (
        "_ambient",
        "_contracts",
        "_count",
        "_guests",
        "_instruments",
        "_leaving",
        "_limit",
        "_lock",
        "_pages",
        "_region",
        "_shares",
        "_tell",
        "registry",
        "vitals",
    )

    def __init__(
        self,
        registry: Registry,
        *,
        ambient: Mapping[str, str],
        limit: int,
        count: Count | None = None,
        region: Region | None = None,
        show_hidden: bool = False,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.registry = registry.exposed(hidden=show_hidden)
        self._contracts = registry
        self._leaving = any(contract.stability in LEAVING for contract in registry.metrics.values())
        self._tell: Callable[[str], None] = tell or (lambda _note: None)
        self._ambient = dict(ambient)
        self._limit = limit
        self._count: Count = count or (lambda _reason, _detail: None)
        self._region = region
        self._pages = Pages(region)
        self._instruments: dict[str, Instrument] = {}
        self._shares = [Share(contract) for contract in self.registry.metrics.values() if contract.share]
        self._guests: Guests | None = None
        self._lock = threading.RLock()
        self.vitals: Vitals = no_vitals

    def instrument(self, name: str) -> Instrument:
        """Give an instrument.

        Raises:
            ContractError: The registry has no such metric; the message suggests the nearest name.
        """
        found = self._instruments.get(name)
        if found is not None:
            return found
        contract = self._contracts.metric(name)
        with self._lock:
            if name not in self._instruments:
                self._instruments.update(self._made(name, contract))
            return self._instruments[name]

    def record(self, name: str, value: float = 1.0, **labels: str) -> None:
        """Record one value: a counter adds it, a gauge is set to it, a histogram or summary observes it.

        Raises:
            ContractError: The registry has no such metric. Wrong labels or values are counted, not raised.
        """
        cell = self.instrument(name).cell(labels)
        if cell is not None:
            cell.write(value)

    def families(self) -> Sequence[Family]:
        """Take a snapshot of every metric that has a series, telemetry's own included."""
        found = self._paged()
        return [*found, *self.unpaged(found)]

    def recorded(self) -> Sequence[Family]:
        """Take a snapshot of what the application records, without what telemetry measures of itself."""
        found = self._paged()
        return [*found, *self._derived(found), *self._foreign()]

    def overflowed(self) -> Mapping[str, int]:
        """Count the observations past a limit by metric; one that had none is left out."""
        own = {name: each.overflowed for name, each in list(self._instruments.items()) if each.overflowed}
        return {**own, **(self._guests.overflowed() if self._guests is not None else {})}

    def measure(self) -> None:
        """Call the callbacks of observable instruments; before the pages are read."""
        if self._guests is not None:
            self._guests.measure()

    def look(self, timeout_seconds: float) -> None:
        """Call the callbacks in this time, and put what they give into the pages."""
        if self._guests is not None:
            self._guests.look(timeout_seconds)

    def settle(self, timeout_seconds: float) -> float:
        """Call the callbacks for the last time, in half of this time; give what is left of it."""
        if self._guests is None:
            return timeout_seconds
        began = monotonic()
        self._guests.settle(timeout_seconds / 2)
        return timeout_seconds - (monotonic() - began)

    @property
    def guests(self) -> Guests:
        """Where metrics of OpenTelemetry's API find their place."""
        with self._lock:
            if self._guests is None:
                from .guests import Guests

                self._guests = Guests(self._contracts, self.instrument, self._count, self._region)
            return self._guests

    @property
    def followed(self) -> frozenset[str]:
        """The names of the counters that `unpaged` needs."""
        return frozenset(share.contract.share.metric for share in self._shares if share.contract.share)

    @property
    def exemplified(self) -> frozenset[str]:
        """The names of the families that have exemplars, which stand in no page."""
        return frozenset() if self._guests is None else self._guests.exemplified

    def completed(self, families: Sequence[Family]) -> list[Family]:
        """Give families of the pages with their exemplars."""
        return self._guests.completed(families) if self._guests is not None else list(families)

    def unpaged(self, families: Sequence[Family]) -> list[Family]:
        """Give the families that stand in no page: derived gauges, telemetry's own, and what is in no contract.

        The counters that gauges are derived from are among `families`. Whoever writes the pages in place, past
        `families()`, calls `measure()` first and puts these behind them.
        """
        return [*self._derived(families), *joined(self.vitals(), self._instruments, self._foreign())]

    def memory(self, first: int = 0) -> list[memoryview]:
        """Give the memory of every page from a number on, for whoever reads cells in place."""
        return self._pages.memory(first)

    def restart(self) -> None:
        """Make all locks anew, in a forked child: a thread that is not there may hold one."""
        self._lock = threading.RLock()
        for instrument in self._instruments.values():
            instrument.restart()
        for share in self._shares:
            share.restart()
        if self._guests is not None:
            self._guests.restart()

    def _made(self, name: str, contract: MetricContract) -> dict[str, Instrument]:
        """Make an instrument, and those of its other names while it is being renamed."""
        if not self._leaving or name not in self._renamed_names():
            return {name: self._make(Instrument, contract)}
        from .renamed import renamed_instruments

        return renamed_instruments(name, self._contracts.metrics, self._make, self.instrument, self._tell)

    def _renamed_names(self) -> frozenset[str]:
        from .renamed import renamed_names  # few registries have any

        return renamed_names(self._contracts.metrics)

    def _make(self, kind: type[Instrument], contract: MetricContract) -> Instrument:
        own = contract.cardinality
        limit = own.get(self._ambient.get("environment", ""), own.get("default", self._limit))
        return kind(contract, self._pages, ambient=self._ambient, limit=limit, count=self._count)

    def _paged(self) -> list[Family]:
        self.measure()
        return self.completed(collect(self._pages.snapshots(), self.registry.metrics))

    def _derived(self, families: Sequence[Family]) -> list[Family]:
        found = (share.family(families) for share in self._shares)
        return [family for family in found if family is not None]

    def _foreign(self) -> list[Family]:
        return self._guests.families() if self._guests is not None else []
