"""The floors of the building: which room stands where, and who may reach past a room's door."""

from __future__ import annotations

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"door", "errors", "signals", "version"}),
    frozenset({"_hotpath"}),
    frozenset({"config", "contracts", "context"}),
    frozenset({"metrics", "tracing", "logs", "journal"}),
    frozenset({"export"}),
    frozenset({"runtime"}),
    frozenset({"http", "instrument", "testing"}),
    frozenset({"pipeline", "monitoring", "operations"}),
    frozenset({"probe"}),
    frozenset({"__init__", "cli", "pytest_plugin"}),
)

DEEP: dict[str, tuple[str, ...]] = {
    "runtime": ("telemetry.export.", "telemetry.metrics.meter", "telemetry.tracing.provider"),
    "operations": ("telemetry.export.replay.", "telemetry.journal.bundle"),
    "cli": ("telemetry.export.", "telemetry.journal.bundle", "telemetry.operations."),
}
"""Modules that pull in HTTP, TLS or a guest library: these rooms name them in full, in the function that needs them."""


def floor_of(room: str) -> int | None:
    """Give the floor of a room, the lowest being 0; None for a room that nobody has placed."""
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), None)
