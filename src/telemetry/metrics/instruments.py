"""Instruments: the metrics of the registry, each giving the cell of a combination of label values."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence

from telemetry._hotpath import CounterCell, GaugeCell, layout, twin
from telemetry.contracts import OVERFLOW, MetricContract, Slots, is_overflow

from .fan import FanCell
from .pages import Pages

Cell = CounterCell | GaugeCell | twin.HistogramCell | twin.SummaryCell | twin.ExponentialHistogramCell | FanCell
Count = Callable[[str, str], None]


class Instrument:
    """One metric of a registry within one runtime.

    Attributes:
        contract: What the registry says of it.
        ambient: The label values that settings give, such as `environment`.
        beyond: The cell of the one series that takes what lies past the limit; None while nothing does.
        overflow: The label values of that series.
        overflowed: How many observations went there.
    """

    __slots__ = (
        "_cells",
        "_count",
        "_limit",
        "_lock",
        "_names",
        "_pages",
        "_scratch",
        "_slots",
        "ambient",
        "beyond",
        "contract",
        "overflow",
        "overflowed",
    )

    is_plain = True
    """Whether its cells are bare, so that generated code may write to them."""

    def __init__(
        self, contract: MetricContract, pages: Pages, *, ambient: Mapping[str, str], limit: int, count: Count
    ) -> None:
        self.contract = contract
        self.ambient = {label: ambient[label] for label in contract.labels if label in ambient}
        self.overflow = tuple(self.ambient.get(label, OVERFLOW) for label in contract.labels)
        self.overflowed = 0
        self._names = frozenset(contract.labels)
        self._pages = pages
        self._limit = limit
        self._slots = Slots(contract, limit, self.ambient)
        self.beyond: Cell | None = None
        self._count = count
        self._cells: dict[tuple[str, ...], Cell] = {}
        self._lock = threading.RLock()  # a finaliser that runs inside may record too
        self._scratch: Cell | None = None

    @property
    def scratch(self) -> Cell:
        """Where a refused observation goes: a cell that nobody reads."""
        if self._scratch is None:
            self._scratch = self._make(Pages(), ())
        return self._scratch

    def cell(self, labels: Mapping[str, str | None]) -> Cell | None:
        """Give the cell for one observation; None when the contract refuses the label values, which is counted.

        Labels that settings give need not be named. Past the cardinality limit all combinations share one cell, and
        each call is counted: who keeps a cell asks `bind`, and counts by itself.
        """
        values = tuple(labels.get(label, self.ambient.get(label)) for label in self.contract.labels)
        found = self._cells.get(values)  # type: ignore[arg-type]  # a None among them is never a key
        if found is None or not labels.keys() <= self._names:
            found = self.bind(labels)
        if found is not None and found is self.beyond:
            self.count_overflow(labels)
        return found

    def bind(self, labels: Mapping[str, str | None]) -> Cell | None:
        """Give the cell of label values, as `cell` does, and count nothing but what the contract refuses."""
        values = tuple(labels.get(label, self.ambient.get(label)) for label in self.contract.labels)
        found = self._cells.get(values)  # type: ignore[arg-type]  # as above
        if found is not None and labels.keys() <= self._names:
            return found
        breach = self.breach(labels)
        if breach is not None:
            self._count(*breach)
            return None
        with self._lock:
            return self._admit(values)  # type: ignore[arg-type]  # every None is a breach

    def is_overflow(self, cell: Cell | None) -> bool:
        """Tell whether a cell is the one that takes what lies past the limit."""
        return cell is not None and cell is self.beyond

    def count_overflow(self, labels: Mapping[str, str | None]) -> None:
        """Count an observation past the limit; the first one is named, with its labels and who made it."""
        is_first = not self.overflowed
        self.overflowed += 1
        self._count("cardinality_overflow", self._offender(labels) if is_first else "")

    def breach(self, labels: Mapping[str, str | None]) -> tuple[str, str] | None:
        """Say why the contract refuses these label values, as a reason and a detail; None when it does not."""
        name = self.contract.name
        for label in labels:
            if label not in self.contract.labels:
                return "label_unknown", f"{name} has no label {label!r}: it has {', '.join(self.contract.labels)}"
        for label in self.contract.labels:
            value = labels.get(label, self.ambient.get(label))
            if value is None:
                return "label_missing", f"{name}: label {label!r} was given no value"
            breach = self.contract.label_breach(label, value)
            if breach is not None:
                return "label_value", breach
        return None

    def refuse(self, reason: str, value: object) -> None:
        """Count an observation that the contract does not allow."""
        self._count(reason, f"{self.contract.name}: {value!r}")

    def restart(self) -> None:
        """Make all locks anew, in a forked child: a thread that is not there may hold one."""
        self._lock = threading.RLock()
        self.overflowed = 0
        for cell in (*self._cells.values(), self.beyond):
            if isinstance(cell, GaugeCell | twin.SummaryCell | twin.ExponentialHistogramCell):
                cell.restart()

    def _admit(self, values: tuple[str, ...]) -> Cell:
        found = self._cells.get(values)
        if found is not None:
            return found
        if is_overflow(values) or not self._slots.take(values):
            if self.beyond is None:
                self.beyond = self._make(self._pages, self.overflow)
            if len(self._cells) < 2 * self._limit:  # so many are found again without another look at their values
                self._cells[values] = self.beyond
            return self.beyond
        self._cells[values] = made = self._make(self._pages, values)
        return made

    def _offender(self, labels: Mapping[str, str | None]) -> str:
        from .callsite import call_site  # few processes ever come here

        pairs = ", ".join(f"{label}={labels[label]!r}" for label in self.contract.labels if label in labels)
        where = call_site()
        first = f"the first past it was {pairs}{f', at {where}' if where else ''}"
        return f"{self.contract.name}: more than {self._limit} series; {first}"

    def _make(self, pages: Pages, values: Sequence[str]) -> Cell:
        contract = self.contract
        descriptor = json.dumps([contract.name, values, contract.bounds], ensure_ascii=False).encode("utf-8", "replace")
        kind = "exponential" if contract.exponential else contract.kind
        page, at = pages.allot(kind, descriptor, layout.cell_words(kind, len(contract.bounds) + 1))
        if kind == "counter":
            return CounterCell(page, at, self.refuse)
        if kind == "gauge":
            limits = contract.range or (float("-inf"), float("inf"))
            return GaugeCell(page, at, self.refuse, limits)
        if kind == "histogram":
            return twin.HistogramCell(page, at, self.refuse, contract.bounds)
        return (twin.ExponentialHistogramCell if kind == "exponential" else twin.SummaryCell)(page, at, self.refuse)
