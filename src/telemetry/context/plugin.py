"""Propagators of OpenTelemetry's, by their entry points, as formats beside our own.

It is imported only where the settings name one that is not ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, final

from telemetry._hotpath import ambient

GROUP = "opentelemetry_propagator"

Count = Callable[[str, str], None]


@final
class PluginFormat:
    """A propagator that somebody else wrote: what it raises is counted, and goes no further.

    Attributes:
        propagator: The propagator, a `TextMapPropagator`.
    """

    __slots__ = ("_count", "_name", "propagator")

    def __init__(self, name: str, propagator: Any, count: Count) -> None:
        self._name = name
        self._count = count
        self.propagator = propagator

    @property
    def fields(self) -> frozenset[str]:
        """The names of what it says that it writes."""
        return frozenset(self.propagator.fields)

    def write(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Give the fields that it writes."""
        written: dict[str, str] = {}
        try:
            self.propagator.inject(written, context=values)
        except Exception as error:  # noqa: BLE001 -- it is not our code, and this is the user's hot path
            self._count("propagator_failed", f"{self._name!r} cannot write: {error!r}")
        return written

    def read(self, fields: dict[str, list[str]], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give what it makes of the fields."""
        try:
            found: Mapping[str, Any] = self.propagator.extract(fields, context=ambient.Ambient(values))
        except Exception as error:  # noqa: BLE001 -- as above
            self._count("propagator_failed", f"{self._name!r} cannot read: {error!r}")
            return values
        return found


def load(name: str, count: Count) -> PluginFormat | None:
    """Load the propagator of a name; None, and counted, where that cannot be done."""
    point = next(iter(entry_points(group=GROUP, name=name)), None)
    if point is None:
        count("propagator_unknown", f"no propagator {name!r} is installed; install it, or correct `propagators`")
        return None
    try:
        return PluginFormat(name, point.load()(), count)
    except Exception as error:  # noqa: BLE001 -- it is not our code
        count("propagator_failed", f"{name!r} cannot be loaded from {point.value}: {error!r}")
        return None
