"""What a site records: uses of instruments, each with the source of every label and of the value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, final

from telemetry._hotpath import label, read, text
from telemetry.contracts import MetricContract

from .instruments import Cell, Instrument

On = Literal["always", "success", "failure"]
Labels = tuple[str | None, ...]
Reader = tuple[str, ...] | Callable[[Any], Any]
"""A path in a value, or a callable of it."""

INTERNAL = "internal"
"""The value of a closed error label for an exception that has none of the others."""


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
    error: Mapping[str, Reader] = field(default_factory=dict)
    on: On = "always"
    value: Callable[[Any], float] | None = None

    @property
    def is_inline(self) -> bool:
        """Whether generated code may record it by itself after a return."""
        instrument = self.instrument
        is_plain = instrument.is_plain and instrument.contract.kind != "gauge"
        return self.value is None and is_plain and self.on != "failure"

    def cell(self, labels: Labels, error: BaseException | None = None) -> Cell | None:
        """Give the cell for the captured values of one call; None when the contract refuses them."""
        values: dict[str, str | None] = {**self.static}
        for name, index in self.captured.items():
            values[name] = labels[index]
        for name, source in self.error.items():
            values[name] = self._from_error(name, source, error)
        return self.instrument.cell(values)

    def record(self, labels: Labels, elapsed_ns: int, result: Any, error: BaseException | None) -> None:
        """Record one call; never raises."""
        if self.value is not None and error is not None:
            return  # nothing was returned to take a value from, and a gauge must not show one
        cell = self.cell(labels, error)
        if cell is None:
            return
        if self.value is not None:
            self._record_value(cell, self.value, result)
        elif self.instrument.contract.kind == "counter":
            cell.write(1.0)
        else:
            cell.write(elapsed_ns * 1e-9 * (self.instrument.contract.duration_scale or 1.0))

    def _record_value(self, cell: Cell, value: Callable[[Any], float], result: Any) -> None:
        try:
            cell.write(value(result))
        except Exception as failure:  # noqa: BLE001 -- the callable is the user's code
            self.instrument.refuse("value_failed", f"value= raised {type(failure).__name__}: {text(failure)}")

    def _from_error(self, name: str, source: Reader, error: BaseException | None) -> str | None:
        """Read a label from the exception; a failure that says nothing the contract knows is `internal`, not lost."""
        try:
            value = label(source(error) if callable(source) else read(error, source))
        except Exception:  # noqa: BLE001 -- many an exception has no such attribute
            value = None
        contract = self.instrument.contract
        known = value is not None and contract.label_breach(name, value) is None
        return INTERNAL if not known and INTERNAL in contract.values.get(name, ()) else value


@final
class SiteMetrics:
    """All uses of one site: what its wrapper calls to bind cells and to record what it does not record inline."""

    __slots__ = ("_other", "_own", "uses")

    def __init__(self, uses: tuple[Use, ...]) -> None:
        self.uses = uses
        self._own = tuple(use for use in uses if use.is_inline)
        self._other = tuple(use for use in uses if not use.is_inline and use.on != "failure")

    @property
    def inline(self) -> tuple[tuple[Any, float] | None, ...]:
        """What the hot path needs to record the inline uses, in order: see `Site.metrics`."""
        return tuple(_spec(use.instrument.contract) for use in self._own)

    @property
    def has_other(self) -> bool:
        """Whether `succeed` has anything to do."""
        return bool(self._other)

    def bind(self, labels: Labels) -> tuple[tuple[Cell, ...], bool]:
        """Give the cells of the inline uses, and whether they may be kept.

        Where one was refused it is scratch. Neither that nor what lies past a limit is kept, so that each is counted.
        """
        found = [(use.instrument, use.cell(labels)) for use in self._own]
        cells = tuple([instrument.scratch if cell is None else cell for instrument, cell in found])
        return cells, not any(cell is None or instrument.is_overflow(cell) for instrument, cell in found)

    def succeed(self, labels: Labels, elapsed_ns: int, result: Any) -> None:
        """Record what is not inline, after a return."""
        for use in self._other:
            use.record(labels, elapsed_ns, result, None)

    def fail(self, labels: Labels, elapsed_ns: int, error: BaseException, outcome: str) -> None:
        """Record everything after an exception; a cancelled call is neither a success nor a failure."""
        for use in self.uses:
            if use.on in ("always", outcome):
                use.record(labels, elapsed_ns, None, error)


def _spec(contract: MetricContract) -> tuple[Any, float] | None:
    if contract.kind == "counter":
        return None
    bounds = contract.bounds if contract.kind == "histogram" and not contract.exponential else None
    return bounds, (contract.duration_scale or 1.0) * 1e-9
