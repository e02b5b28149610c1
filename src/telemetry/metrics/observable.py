"""Instruments of OpenTelemetry's API whose values callbacks give, whenever somebody reads the metrics.

It imports the API of OpenTelemetry; `meter` makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from math import isfinite
from typing import Any, final
from weakref import ref

from opentelemetry import metrics

from telemetry._hotpath import switch, text

from .guests import Place
from .wanted import Measurement, Wanted

Callback = Callable[[metrics.CallbackOptions], Iterable[metrics.Observation]]


class _Observed:
    """What is common to the three; a callback is a function, or a generator that is sent the options.

    Attributes:
        wanted: What the application asked for.
    """

    def __init__(self, wanted: Wanted, callbacks: Sequence[Any]) -> None:
        self.wanted = wanted
        self._callbacks = tuple(map(_as_function, callbacks))
        self._place: Place | None = None
        self._home = _isolated_recorder()
        switch.register(self)

    def _telemetry_attach(self, recorder: Any) -> None:
        """Give values to this runtime from now on; one that was made in an isolated runtime, only to that."""
        self._place = None
        if recorder is None or (self._home is not None and self._home() is not recorder):
            return
        self._place = Place(recorder.metrics.guests, self.wanted)
        recorder.metrics.guests.watch(self)

    def measure(self) -> None:
        """Call the callbacks, and pass on what they give."""
        place = self._place
        if place is not None and place.sink is not None:
            given = (self._measured(callback, place.count) for callback in self._callbacks)
            place.sink.observe([each for measurements in given for each in measurements])

    def _measured(self, callback: Callback, count: Callable[[str, str], None]) -> Iterator[Measurement]:
        try:
            for observation in callback(metrics.CallbackOptions()):
                if isfinite(observation.value):
                    yield observation.value, observation.attributes
                else:
                    count("value_out_of_range", f"{self.wanted.name}: {observation.value!r}")
        except (Exception, SystemExit) as error:  # noqa: BLE001 -- a callback is the user's code
            count("callback_failed", f"{self.wanted.name}: {type(error).__name__}: {text(error)}")


@final
class ObservableCounter(_Observed, metrics.ObservableCounter):
    """A sum that only rises."""


@final
class ObservableUpDownCounter(_Observed, metrics.ObservableUpDownCounter):
    """A sum that rises and falls."""


@final
class ObservableGauge(_Observed, metrics.ObservableGauge):
    """A value that is looked up."""


def _isolated_recorder() -> ref[Any] | None:
    recorder = switch.recorder()
    return ref(recorder) if recorder is not None and recorder.is_isolated else None


def _as_function(callback: Any) -> Callback:
    if not isinstance(callback, Generator):
        function: Callback = callback
        return function
    generator: Any = callback
    started: list[bool] = []

    def send(options: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
        """Give the generator the options; its first step, which gives nothing, is made before."""
        if not started:
            started.append(True)
            next(generator, None)
        try:
            given: Iterable[metrics.Observation] = generator.send(options)
        except StopIteration:
            return ()
        return given

    return send
