"""What an application asks a meter of OpenTelemetry's API for, and where its measurements go.

Plain data and an interface; nothing of OpenTelemetry is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, final

from telemetry.signals import Scope

WantedKind = Literal["counter", "up_down_counter", "gauge", "histogram"]
Attributes = Mapping[str, Any] | None
Measurement = tuple[float, Attributes]

DEFAULT_BOUNDS = (0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1e3, 2.5e3, 5e3, 7.5e3, 1e4)
"""The buckets of a histogram for which nobody said any (OpenTelemetry, Metrics SDK, Explicit Bucket Histogram)."""


@final
@dataclass(frozen=True, slots=True)
class Wanted:
    """One instrument, as an application asks for it.

    Attributes:
        unit: In UCUM codes.
        bounds: The buckets that the application advises; empty where it says none.
        is_observed: Whether callbacks give its values, whenever somebody reads them.
    """

    scope: Scope
    name: str
    kind: WantedKind
    unit: str = ""
    description: str = ""
    bounds: tuple[float, ...] = ()
    is_observed: bool = False


class Sink(Protocol):
    """Takes the measurements of one instrument; never raises."""

    def record(self, amount: float, attributes: Attributes, context: Any) -> None:
        """Take one measurement, made in `context`, or in the current one for None."""

    def observe(self, measurements: Iterable[Measurement]) -> None:
        """Take what the callbacks gave, all at once: absolute values, in place of those before."""


class Observable(Protocol):
    """An instrument whose callbacks are to be called before anybody reads."""

    def measure(self) -> None:
        """Call them, and pass on what they give; never raises."""
