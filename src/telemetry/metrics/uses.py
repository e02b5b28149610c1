"""What a site records: uses of instruments, each with the source of every label and of the value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, final

from telemetry._hotpath import CounterCell, HistogramCell
from telemetry._hotpath.values import label, read

from .instruments import Cell, Instrument

On = Literal["always", "success", "failure"]
Labels = tuple[str | None, ...]

_CELLS_LIMIT = 4096
"""Combinations of captured values that a site remembers; a site that meets more starts over."""


@final
@dataclass(frozen=True, slots=True)
class Use:
    """One instrument at one site.

    Attributes:
        static: Labels with one value for ever.
        captured: Label to its index among the captured label values of a call.
        error: Label to what is read from the exception: a path, or a callable.
        value: Called with the returned value; None for a duration, or for a counter's 1.
    """

    instrument: Instrument
    static: Mapping[str, str] = field(default_factory=dict)
    captured: Mapping[str, int] = field(default_factory=dict)
    error: Mapping[str, tuple[str, ...] | Callable[[Any], Any]] = field(default_factory=dict)
    on: On = "always"
    value: Callable[[Any], float] | None = None

    @property
    def is_inline(self) -> bool:
        """Whether generated code may record it by itself after a return."""
        return self.value is None and self.instrument.contract.kind in ("counter", "histogram") and self.on != "failure"

    def cell(self, labels: Labels, error: BaseException | None = None) -> Cell | None:
        """Give the cell for the captured values of a call; None when the contract refuses them."""
        values: dict[str, str | None] = {**self.static}
        for name, index in self.captured.items():
            values[name] = labels[index]
        for name, source in self.error.items():
            values[name] = self._from_error(source, error)
        return self.instrument.cell(values)

    def record(self, labels: Labels, elapsed_ns: int, result: Any, error: BaseException | None) -> None:
        """Record one call; never raises."""
        cell = self.cell(labels, error)
        if cell is None:
            return
        if self.value is not None:
            self._record_value(cell, result, error)
        elif isinstance(cell, CounterCell):
            cell.inc()
        else:
            cell.write(elapsed_ns * 1e-9 * (self.instrument.contract.duration_scale or 1.0))

    def _record_value(self, cell: Cell, result: Any, error: BaseException | None) -> None:
        if error is not None or self.value is None:
            return
        try:
            cell.write(self.value(result))
        except Exception as failure:  # noqa: BLE001 -- the callable is the user's code
            self.instrument.refuse("value_failed", f"value= raised {type(failure).__name__}: {failure}")

    def _from_error(self, source: tuple[str, ...] | Callable[[Any], Any], error: BaseException | None) -> str | None:
        try:
            return label(source(error) if callable(source) else read(error, source))
        except Exception:  # noqa: BLE001 -- a missing attribute is a missing label, which `cell` counts
            return None


@final
class SiteMetrics:
    """All uses of one site: what its wrapper calls to bind cells and to record what it does not record inline."""

    __slots__ = ("_cells", "_inline", "_other", "uses")

    def __init__(self, uses: tuple[Use, ...], cells: dict[Labels, tuple[Any, ...]]) -> None:
        self.uses = uses
        self._cells = cells
        self._inline = tuple(use for use in uses if use.is_inline)
        self._other = tuple(use for use in uses if not use.is_inline and use.on != "failure")

    @property
    def inline(self) -> tuple[tuple[Any, float] | None, ...]:
        """What generated code needs of the inline uses, in order: see `Site.inline`."""
        contracts = (use.instrument.contract for use in self._inline)
        return tuple(
            None if contract.kind == "counter" else (contract.bounds, (contract.duration_scale or 1.0) * 1e-9)
            for contract in contracts
        )

    @property
    def has_other(self) -> bool:
        """Whether `succeed` has anything to do."""
        return bool(self._other)

    def bind(self, labels: Labels) -> tuple[Any, ...]:
        """Give the flattened cells of the inline uses; refused ones are scratch, and asked for again next time."""
        flat: list[Any] = []
        whole = True
        for use in self._inline:
            cell = use.cell(labels)
            if cell is None:
                whole = False
                cell = use.instrument.scratch
            if isinstance(cell, HistogramCell):
                flat += (cell.integers, cell.at, cell.doubles, cell.sum_at)
            else:
                flat += (cell.doubles, cell.at)
        if whole:
            if len(self._cells) >= _CELLS_LIMIT:
                self._cells.clear()
            self._cells[labels] = tuple(flat)
        return tuple(flat)

    def succeed(self, labels: Labels, elapsed_ns: int, result: Any) -> None:
        """Record what is not inline, after a return."""
        for use in self._other:
            use.record(labels, elapsed_ns, result, None)

    def fail(self, labels: Labels, elapsed_ns: int, error: BaseException, outcome: str) -> None:
        """Record everything after an exception; a cancelled call is neither a success nor a failure."""
        for use in self.uses:
            if use.on in ("always", outcome):
                use.record(labels, elapsed_ns, None, error)
