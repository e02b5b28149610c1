"""The metrics of OpenTelemetry's API: what is in a contract goes there, the rest is foreign.

`ExecutionMetrics` has one of these from the first meter on, and asks it for its part of every snapshot.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, final

from telemetry._hotpath import Region
from telemetry.contracts import Registry
from telemetry.signals import Family, Series

from .contracted import ContractedSink, Key, contract_of, fits
from .exemplar import Exemplars
from .foreign import ForeignInstrument, ForeignMetrics
from .instruments import Instrument
from .look import within
from .wanted import Observable, Wanted

Count = Callable[[str, str], None]

_NAME: Final = re.compile(r"[a-zA-Z][-_./a-zA-Z0-9]{0,254}")
"""OpenTelemetry, Metrics API, Instrument name syntax."""


@final
class Guests:
    """Finds a place for each instrument of OpenTelemetry's API.

    Args:
        registry: The contracts, with the policy for what they lack.
        instrument: Gives an instrument of the registry.
        count: Called with a reason and a detail for what is refused.
        region: Where the cells of metrics in no contract are kept; None for memory of their own.

    Attributes:
        made: The instruments that were made in this runtime, where it is an isolated one.
    """

    __slots__ = (
        "_exemplars",
        "_foreign",
        "_inherited",
        "_instrument",
        "_lock",
        "_observables",
        "_reader",
        "_registry",
        "_turn",
        "count",
        "made",
    )

    def __init__(
        self,
        registry: Registry,
        instrument: Callable[[str], Instrument],
        count: Count,
        region: Region | None = None,
    ) -> None:
        self._registry = registry
        self._instrument = instrument
        self.count = count
        self.made: dict[Any, Any] = {}
        self._foreign = ForeignMetrics(limit=registry.foreign_limit, count=count, region=region)
        self._exemplars: dict[Key, Exemplars] = {}
        self._observables: dict[int, Observable] = {}
        self._inherited: frozenset[int] = frozenset()
        self._lock = threading.RLock()
        self._turn = threading.RLock()
        self._reader = 0

    def sink(self, wanted: Wanted) -> ContractedSink | ForeignInstrument | None:
        """Give the place where an instrument records; None where it may not, which is counted."""
        if not _NAME.fullmatch(wanted.name):
            self.count("foreign_metric_refused", f"{wanted.name[:80]!r} is no name of an instrument")
            return None
        contract = contract_of(wanted, self._registry)
        if contract is None:
            return self._foreign.instrument(wanted) if self._admit(wanted) else None
        if contract.stability == "removed":
            self.count("instrument_refused", f"{wanted.name} is of a metric that is removed: {contract.name}")
            return None
        if fits(wanted, contract):
            return ContractedSink(self._instrument(contract.name), wanted, self._exemplars)
        problem = f"{wanted.name} is a {wanted.kind} for {wanted.scope.name!r}, and a {contract.kind} in the registry"
        self.count("instrument_refused", problem)
        return None

    def watch(self, observable: Observable) -> None:
        """Call an instrument's callbacks before each snapshot from now on."""
        with self._lock:
            self._observables[id(observable)] = observable

    def measure(self) -> None:
        """Call all callbacks; not again inside one, which may read metrics itself."""
        self._call(list(self._observables.values()))

    def look(self, timeout_seconds: float) -> None:
        """Call all callbacks, and put what they give into the pages; wait for them no longer than this."""
        self._read(list(self._observables.values()), timeout_seconds)

    def settle(self, timeout_seconds: float) -> None:
        """Look for the last time, as the runtime ends; a second time does nothing.

        A forked child leaves out what it inherits: its parent reads the same.
        """
        with self._lock:
            watched, self._observables = self._observables, {}
        self._read([each for key, each in watched.items() if key not in self._inherited], timeout_seconds)

    def completed(self, families: Iterable[Family]) -> list[Family]:
        """Give families of the registry with the exemplars that meters left for them."""
        if not self._exemplars:
            return list(families)
        exemplified = self.exemplified
        return [self._with_exemplars(family) if family.name in exemplified else family for family in families]

    @property
    def exemplified(self) -> frozenset[str]:
        """The names of the metrics of the registry that have exemplars."""
        return frozenset(name for name, _ in list(self._exemplars))

    def families(self) -> list[Family]:
        """Take a snapshot of what is in no contract."""
        return self._foreign.families()

    def overflowed(self) -> dict[str, int]:
        """Count the measurements past the limit of instruments that are in no contract, by their names."""
        return self._foreign.overflowed()

    def restart(self) -> None:
        """Start over, in a forked child."""
        self._lock = threading.RLock()
        self._turn = threading.RLock()
        self._reader = 0
        self._inherited = frozenset(self._observables)
        self._exemplars.clear()
        self._foreign.restart()

    def _call(self, observables: Iterable[Observable]) -> None:
        if self._reader == threading.get_ident():
            return
        with self._turn:  # not the lock: an application that makes an instrument never waits for a callback
            self._reader = threading.get_ident()
            try:
                for observable in observables:
                    observable.measure()
            finally:
                self._reader = 0

    def _read(self, observables: Sequence[Observable], timeout_seconds: float) -> None:
        if not observables or self._reader == threading.get_ident():
            return

        def read() -> None:
            self._call(observables)
            self._foreign.keep()

        if not within(timeout_seconds, read):
            self.count("callback_failed", f"a callback of an observable instrument took over {timeout_seconds:.3g} s")

    def _admit(self, wanted: Wanted) -> bool:
        policy = self._registry.foreign
        if policy != "allow":
            reason = "foreign_metric" if policy == "count" else "foreign_metric_refused"
            self.count(reason, f"{wanted.scope.name or 'a meter without name'}: {wanted.name}")
        return policy != "refuse"

    def _with_exemplars(self, family: Family) -> Family:
        return replace(family, series=tuple(self._completed(family.name, series) for series in family.series))

    def _completed(self, name: str, series: Series) -> Series:
        found = self._exemplars.get((name, series.labels))
        return series if found is None else replace(series, exemplars=found.kept())


@final
class Place:
    """The place of one instrument in one runtime, which is found when something is recorded first."""

    __slots__ = ("_found", "_guests", "_wanted")

    def __init__(self, guests: Guests, wanted: Wanted) -> None:
        self._guests = guests
        self._wanted = wanted
        self._found: Any = self

    @property
    def sink(self) -> ContractedSink | ForeignInstrument | None:
        """Where to record; None where that is refused."""
        if self._found is self:
            self._found = self._guests.sink(self._wanted)
        found: ContractedSink | ForeignInstrument | None = self._found
        return found

    @property
    def count(self) -> Count:
        """What counts what goes wrong."""
        return self._guests.count
