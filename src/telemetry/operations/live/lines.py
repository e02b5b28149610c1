"""Hold a log record against the contract of its event, and against what every line has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from telemetry.contracts import EventContract, Registry
from telemetry.signals import LogRecord

from .finding import Breach
from .spans import named

_ADDED: Final = frozenset(("timestamp", "event", "logger", "stack", "trace_id", "span_id", "trace_flags"))
"""What a record says elsewhere, or the chain adds by itself."""
_ADDED_PREFIXES: Final = ("exception.", "extra.", "code.")


def run_breaches(record: LogRecord, registry: Registry) -> Iterator[Breach]:
    """Go through what every line has and this one lacks."""
    given = _given(record)
    for field in registry.fields.values():
        if field.required == "always" and field.name not in given:
            yield Breach("TC622", field.name, f"{field.name!r} is missing")


def line_breaches(record: LogRecord, contract: EventContract, registry: Registry) -> Iterator[Breach]:
    """Go through what is wrong with a line of this event, but for what every line has."""
    given = _given(record)
    missing = {f"{name!r} is missing" for name in registry.fields.keys() - contract.fields.keys()}
    for problem in contract.breaches(given, record.severity, registry.fields):
        if problem not in missing:
            yield Breach("TC621", named(problem), problem)
    if contract.stability == "deprecated":
        yield Breach("TC606", "", "it is deprecated")
    for name in given:
        field = contract.fields.get(name) or registry.fields.get(name)
        if field is not None and field.stability == "deprecated":
            yield Breach("TC606", name, f"{name!r} is deprecated")


def _given(record: LogRecord) -> Mapping[str, Any]:
    kept = {name: value for name, value in record.fields.items() if not _is_added(name)}
    return {**kept, "severity": record.severity}


def _is_added(name: str) -> bool:
    return name in _ADDED or name.startswith(_ADDED_PREFIXES)
