"""What the user plugs in as objects, which no setting can hold: a sampler, an id generator.

Both have the interfaces of OpenTelemetry's SDK, which is not imported here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from telemetry.errors import ConfigurationError
from telemetry.tracing import OwnIds, PluggedIds


@final
@dataclass(frozen=True, slots=True)
class Plugs:
    """Objects of the user's; None where there is none.

    Raises:
        ConfigurationError: One of them cannot do what it is plugged in for.
    """

    sampler: Any = None
    id_generator: Any = None

    def __post_init__(self) -> None:
        _check("sampler", self.sampler, "should_sample")
        _check("id_generator", self.id_generator, "generate_trace_id", "generate_span_id")

    def ids(self, count: Callable[[str, str], None]) -> OwnIds | PluggedIds:
        """Give the source of ids."""
        return OwnIds() if self.id_generator is None else PluggedIds(self.id_generator, count)

    def difference(self, other: Plugs) -> str:
        """Name what differs from the other's; empty when the two are equal."""
        names = [name for name in ("sampler", "id_generator") if getattr(self, name) is not getattr(other, name)]
        return ", ".join(f"{name}: another object" for name in names)


def _check(name: str, plug: Any, *methods: str) -> None:
    missing = [method for method in methods if plug is not None and not callable(getattr(plug, method, None))]
    if missing:
        raise ConfigurationError(f"{name}={type(plug).__name__}: must have {missing[0]}(); give an object that has")
