"""OpenTelemetry's meter provider over our metrics.

Code that is written to its API records through this. One provider serves the process, whatever its runtime: an
instrument finds its place anew in each runtime that comes in. It imports the API of OpenTelemetry; `runtime` installs
it when an application has done so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, TypeVar, final

from opentelemetry import metrics

from telemetry._hotpath import switch
from telemetry.signals import Scope

from .guests import Place
from .observable import ObservableCounter, ObservableGauge, ObservableUpDownCounter
from .wanted import Wanted, WantedKind

_Instrument = TypeVar("_Instrument")


class _Synchronous:
    """An instrument that the application calls.

    Attributes:
        wanted: What the application asked for.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._place: Place | None = None
        switch.register(self)

    def _telemetry_attach(self, recorder: Any) -> None:
        """Record in this runtime from now on."""
        self._place = None if recorder is None else Place(recorder.metrics.guests, self.wanted)

    def _record(self, amount: Any, attributes: Any, context: Any) -> None:
        place = self._place
        if place is not None and place.sink is not None:
            place.sink.record(amount, attributes, context)


@final
class Counter(_Synchronous, metrics.Counter):
    """A sum that only rises."""

    def add(self, amount: float, attributes: Any = None, context: Any = None) -> None:
        """Add `amount`, which is not negative."""
        self._record(amount, attributes, context)


@final
class UpDownCounter(_Synchronous, metrics.UpDownCounter):
    """A sum that rises and falls."""

    def add(self, amount: float, attributes: Any = None, context: Any = None) -> None:
        """Add `amount`."""
        self._record(amount, attributes, context)


@final
class Histogram(_Synchronous, metrics.Histogram):
    """A distribution of values."""

    def record(self, amount: float, attributes: Any = None, context: Any = None) -> None:
        """Observe `amount`, which is not negative."""
        self._record(amount, attributes, context)


@final
class Gauge(_Synchronous, metrics._Gauge):
    """A value that is set."""

    def set(self, amount: float, attributes: Any = None, context: Any = None) -> None:
        """Set the value."""
        place = self._place
        if place is not None and place.sink is not None:
            place.sink.set(amount, attributes, context)


@final
class Meter(metrics.Meter):
    """Makes the instruments of one scope; asked twice for one, it gives the same.

    It keeps them, since an application need not keep an instrument that is observed. What is made in an isolated
    runtime is kept by that, and goes with it.
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope.name, scope.version, scope.schema_url)
        self._scope = scope
        self._instruments: dict[Any, Any] = {}
        self._lock = Lock()

    def create_counter(self, name: str, unit: str = "", description: str = "") -> Counter:
        """Make a counter."""
        return self._made(Counter, self._wanted("counter", name, unit, description))

    def create_up_down_counter(self, name: str, unit: str = "", description: str = "") -> UpDownCounter:
        """Make a counter that goes up and down."""
        return self._made(UpDownCounter, self._wanted("up_down_counter", name, unit, description))

    def create_histogram(
        self,
        name: str,
        unit: str = "",
        description: str = "",
        *,
        explicit_bucket_boundaries_advisory: Sequence[float] | None = None,
    ) -> Histogram:
        """Make a histogram, with the buckets of its contract, or else those that are advised."""
        bounds = tuple(sorted({float(bound) for bound in explicit_bucket_boundaries_advisory or ()}))
        return self._made(Histogram, self._wanted("histogram", name, unit, description, bounds))

    def create_gauge(self, name: str, unit: str = "", description: str = "") -> Gauge:
        """Make a gauge."""
        return self._made(Gauge, self._wanted("gauge", name, unit, description))

    def create_observable_counter(
        self, name: str, callbacks: Any = None, unit: str = "", description: str = ""
    ) -> ObservableCounter:
        """Make a counter whose value callbacks give."""
        return self._observed(ObservableCounter, callbacks, self._wanted("counter", name, unit, description))

    def create_observable_up_down_counter(
        self, name: str, callbacks: Any = None, unit: str = "", description: str = ""
    ) -> ObservableUpDownCounter:
        """Make a counter that goes up and down, whose value callbacks give."""
        wanted = self._wanted("up_down_counter", name, unit, description)
        return self._observed(ObservableUpDownCounter, callbacks, wanted)

    def create_observable_gauge(
        self, name: str, callbacks: Any = None, unit: str = "", description: str = ""
    ) -> ObservableGauge:
        """Make a gauge whose value callbacks give."""
        return self._observed(ObservableGauge, callbacks, self._wanted("gauge", name, unit, description))

    def _wanted(
        self, kind: WantedKind, name: str, unit: str | None, description: str | None, bounds: tuple[float, ...] = ()
    ) -> Wanted:
        return Wanted(self._scope, name, kind, unit or "", description or "", bounds)

    def _made(self, make: Callable[[Wanted], _Instrument], wanted: Wanted) -> _Instrument:
        key = (id(self), wanted.kind, wanted.is_observed, wanted.name.lower(), wanted.unit, wanted.description)
        recorder = switch.recorder()
        is_isolated = recorder is not None and recorder.is_isolated
        made: dict[Any, Any] = recorder.metrics.guests.made if is_isolated else self._instruments
        with self._lock:
            found: _Instrument = made.get(key) or made.setdefault(key, make(wanted))
            return found

    def _observed(
        self, make: Callable[[Wanted, Sequence[Any]], _Instrument], callbacks: Any, wanted: Wanted
    ) -> _Instrument:
        return self._made(lambda each: make(each, tuple(callbacks or ())), replace(wanted, is_observed=True))


@final
class MeterProvider(metrics.MeterProvider):
    """The provider of the process.

    Args:
        owner: Gives the runtime of the process; None where there is none.
    """

    def __init__(self, owner: Callable[[], Any]) -> None:
        self._owner = owner
        self._meters: dict[Any, Meter] = {}
        self._lock = Lock()

    def get_meter(
        self,
        name: str,
        version: str | None = None,
        schema_url: str | None = None,
        attributes: Any = None,
    ) -> Meter:
        """Give the meter of a scope; the same one for equal scopes."""
        scope = Scope(name or "", version or "", schema_url or "", dict(attributes or {}))
        key = (scope.name, scope.version, scope.schema_url, repr(sorted(map(repr, scope.attributes.items()))))
        with self._lock:
            return self._meters.get(key) or self._meters.setdefault(key, Meter(scope))

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Send what waits; tell whether it arrived in time."""
        runtime = self._owner()
        return runtime is None or bool(runtime.flush(timeout_millis / 1000))

    def shutdown(self, timeout_millis: float = 30_000) -> None:
        """Close the runtime, under the deadline of its settings."""
        del timeout_millis
        runtime = self._owner()
        if runtime is not None:
            runtime.retire(runtime)
