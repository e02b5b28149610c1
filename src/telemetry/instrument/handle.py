"""`metric`: a handle on a metric of the registry, for code that records by hand."""

from __future__ import annotations

from telemetry._hotpath import switch
from telemetry._hotpath.values import label
from telemetry.errors import ContractError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

_CHILDREN_LIMIT = 4096


class Child:
    """A metric with its label values, bound to the cell that it has in the recorder of the moment.

    Attributes:
        inc: Add to a counter (1 by default) or a gauge.
        dec: Take away from a gauge.
        set: Set a gauge.
        observe: Count a value into a histogram or summary.
    """

    __slots__ = ("__weakref__", "_labels", "_name", "_scale", "dec", "inc", "observe", "set")

    inc: Callable[..., None]
    dec: Callable[..., None]
    set: Callable[[float], None]
    observe: Callable[[float], None]

    def __init__(self, name: str, labels: dict[str, str | None]) -> None:
        self._name = name
        self._labels = labels
        self._scale = 1.0
        self.inc = self.dec = self.set = self.observe = _nothing
        switch.register(self)

    def time(self) -> Timer:
        """Observe how long a `with` block takes, in the contract's unit."""
        return Timer(self)

    def _telemetry_attach(self, recorder: Any) -> None:
        """Bind to the cell; every method that the metric's kind has not counts a misuse."""
        self.inc = self.dec = self.set = self.observe = _nothing
        if recorder is None:
            return
        try:
            instrument = recorder.metrics.instrument(self._name)
        except ContractError as error:
            problem = str(error)
            self._refuse(lambda *_: recorder.count("metric_refused", problem))
            return
        self._scale = instrument.contract.duration_scale or 1.0
        cell = instrument.cell(self._labels)
        if cell is None:
            self._refuse(lambda *_: instrument.cell(self._labels))
            return
        self._refuse(lambda *_: recorder.count("metric_misused", f"a {instrument.contract.kind}: {self._name}"))
        for method in ("inc", "dec", "observe"):
            setattr(self, method, getattr(cell, method, getattr(self, method)))
        if instrument.contract.kind == "gauge":
            self.set = cell.write

    def _refuse(self, refuse: Callable[..., None]) -> None:
        self.inc = self.dec = self.set = self.observe = refuse


class Timer:
    """Times a block, whether it returns or raises."""

    __slots__ = ("_begun", "_child")

    def __init__(self, child: Child) -> None:
        self._child = child

    def __enter__(self) -> Timer:
        from time import monotonic_ns

        self._begun = monotonic_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        from time import monotonic_ns

        self._child.observe((monotonic_ns() - self._begun) * 1e-9 * self._child._scale)


class Metric:
    """A metric of the registry; `labels` gives the child that records.

    A metric whose labels all come from settings records directly.
    """

    __slots__ = ("_children", "_own", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._children: dict[tuple[Any, ...], Child] = {}
        self._own: Child | None = None

    def labels(self, **labels: str) -> Child:
        """Give the child for these label values; `environment` and the like need not be named.

        Keep it where it is used often: a kept child records in a fraction of the time.
        """
        key = tuple(labels.items())
        try:
            return self._children[key]
        except (KeyError, TypeError):
            return self._child({name: label(value) for name, value in labels.items()})

    def inc(self, amount: float = 1.0) -> None:
        """Add to a counter or gauge."""
        self._direct().inc(amount)

    def dec(self, amount: float = 1.0) -> None:
        """Take away from a gauge."""
        self._direct().dec(amount)

    def set(self, value: float) -> None:
        """Set a gauge."""
        self._direct().set(value)

    def observe(self, value: float) -> None:
        """Count a value into a histogram or summary."""
        self._direct().observe(value)

    def time(self) -> Timer:
        """Observe how long a `with` block takes, in the contract's unit."""
        return self._direct().time()

    def _direct(self) -> Child:
        if self._own is None:
            self._own = Child(self.name, {})
        return self._own

    def _child(self, labels: dict[str, str | None]) -> Child:
        if len(self._children) >= _CHILDREN_LIMIT:
            self._children.clear()
        return self._children.setdefault(tuple(labels.items()), Child(self.name, labels))


_metrics: dict[str, Metric] = {}


def metric(name: str) -> Metric:
    """Give the handle of a metric of the registry: `telemetry.metric("parse_batch_size").observe(120)`.

    May be called before `configure()`. A name or label that the registry lacks records nothing: it is counted, and
    named once.
    """
    return _metrics.setdefault(name, Metric(name))


def _nothing(*_: Any) -> None:
    """Record nothing."""
