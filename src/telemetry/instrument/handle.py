"""`metric`: a handle on a metric of the registry, for code that records by hand."""

from __future__ import annotations

from time import monotonic_ns

from telemetry._hotpath import LabelMemo, switch, text
from telemetry.errors import ContractError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

_METRICS_LIMIT = 4096
_OPERATIONS = {
    "counter": {"inc": "inc"},
    "gauge": {"inc": "inc", "dec": "dec", "set": "write"},
    "histogram": {"observe": "observe"},
    "summary": {"observe": "observe"},
}
"""The operations of each kind, and what a cell calls them."""


class Child:
    """A metric with its label values, bound to the cell that it has in the recorder of the moment."""

    __slots__ = ("__weakref__", "_labels", "_name", "_took", "dec", "inc", "observe", "set")

    if TYPE_CHECKING:

        def inc(self, amount: float = ..., /) -> None:
            """Add to a counter or gauge, 1 by default."""

        def dec(self, amount: float = ..., /) -> None:
            """Take away from a gauge, 1 by default."""

        def set(self, value: float, /) -> None:
            """Set a gauge."""

        def observe(self, value: float, /) -> None:
            """Count a value into a histogram or summary."""

    _took: Callable[[int], None]

    def __init__(self, name: str, labels: dict[str, str | None]) -> None:
        self._name = name
        self._labels = labels
        self._only(_nothing, {})
        switch.register(self)

    @property
    def _telemetry_names(self) -> tuple[str]:
        """What flags know it by."""
        return (self._name,)

    def time(self) -> Timer:
        """Observe how long a `with` block takes, in the contract's unit."""
        return Timer(self)

    def _telemetry_attach(self, recorder: Any) -> None:
        """Bind to the cell; every operation that the metric's kind has not counts a misuse."""
        if recorder is None or not recorder.flags.share(self._name):
            self._only(_nothing, {})
            return
        try:
            instrument = recorder.metrics.instrument(self._name)
        except ContractError as error:
            problem = str(error)
            self._only(lambda *_: recorder.count("metric_refused", problem), {})
            return
        breach = instrument.breach(self._labels)
        if breach is not None:
            self._only(lambda *_: recorder.count(*breach), {})
            return
        cell = instrument.bind(self._labels)
        contract = instrument.contract
        operations = {} if contract.share else _OPERATIONS[contract.kind]
        problem = (
            f"{self._name} is a {contract.kind} of {contract.unit}: it has only {', '.join(operations) or 'reads'}"
        )
        bound = {operation: getattr(cell, method) for operation, method in operations.items()}
        if instrument.is_overflow(cell):
            bound = {operation: _counted(instrument, self._labels, write) for operation, write in bound.items()}
        self._only(lambda *_: recorder.count("metric_misused", problem), bound, contract.duration_scale)

    def _only(
        self, otherwise: Callable[..., None], operations: dict[str, Callable[..., None]], scale: float | None = None
    ) -> None:
        for operation in ("inc", "dec", "set", "observe"):
            setattr(self, operation, operations.get(operation, otherwise))
        observe, per_ns = operations.get("observe"), (scale or 0.0) * 1e-9
        self._took = (lambda elapsed_ns: observe(elapsed_ns * per_ns)) if observe and per_ns else otherwise


class Timer:
    """Times a block, whether it returns or raises."""

    __slots__ = ("_begun", "_child")

    def __init__(self, child: Child) -> None:
        self._child = child

    def __enter__(self) -> Timer:
        self._begun = monotonic_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._child._took(monotonic_ns() - self._begun)


class Metric:
    """A metric of the registry; `labels` gives the child that records.

    A metric whose labels all come from settings records directly.

    Attributes:
        labels: Give the child for label values, by keyword; `environment` and the like need not be named. Keep the
            child where it is used often: it records in a fraction of the time.
    """

    __slots__ = ("__weakref__", "_forget", "labels", "name")

    labels: Callable[..., Child]

    def __init__(self, name: str) -> None:
        memo = LabelMemo(lambda labels: Child(name, labels))
        self.name = name
        self.labels = memo.lookup
        self._forget = memo.clear
        switch.register(self)

    def inc(self, amount: float = 1.0) -> None:
        """Add to a counter or gauge."""
        self.labels().inc(amount)

    def dec(self, amount: float = 1.0) -> None:
        """Take away from a gauge."""
        self.labels().dec(amount)

    def set(self, value: float) -> None:
        """Set a gauge."""
        self.labels().set(value)

    def observe(self, value: float) -> None:
        """Count a value into a histogram or summary."""
        self.labels().observe(value)

    def time(self) -> Timer:
        """Observe how long a `with` block takes, in the contract's unit."""
        return self.labels().time()

    def _telemetry_attach(self, recorder: Any) -> None:
        """Forget the children: those that somebody keeps follow by themselves, and no other has a series yet."""
        self._forget()


_metrics: dict[str, Metric] = {}


def metric(name: str) -> Metric:
    """Give the handle of a metric of the registry: `telemetry.metric("parse_batch_size").observe(120)`.

    May be called before `configure()`. A name or label that the registry lacks records nothing: it is counted, and
    named once.
    """
    return _metrics.get(name) or _remember(text(name))


def _remember(name: str) -> Metric:
    if len(_metrics) >= _METRICS_LIMIT:
        _metrics.clear()
    return _metrics.setdefault(name, Metric(name))


def _counted(instrument: Any, labels: dict[str, str | None], write: Callable[..., None]) -> Callable[..., None]:
    """Give what records past the limit, and counts that."""

    def record(*amount: Any) -> None:
        instrument.count_overflow(labels)
        write(*amount)

    return record


def _nothing(*_: Any) -> None:
    """Record nothing."""
