"""Find the log line that a test asks for, and say how the nearest ones differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from telemetry.signals import LogRecord

from .difference import suggestion

_SHOWN_LIMIT: Final = 10
_ABSENT: Final = object()


def first_line(lines: Sequence[LogRecord], event: str, fields: Mapping[str, Any]) -> LogRecord | None:
    """Give the first line of an event that has these fields; None where there is none."""
    return next((line for line in lines if line.event == event and not _differing(line, fields)), None)


def problem(lines: Sequence[LogRecord], event: str, fields: Mapping[str, Any]) -> str:
    """Say how the lines of an event differ from these fields, the nearest line first."""
    asked = ", ".join((event, *(f"{name}={value!r}" for name, value in fields.items())))
    own = sorted((line for line in lines if line.event == event), key=lambda line: len(_differing(line, fields)))
    if not own:
        events = sorted({line.event for line in lines})
        return f"{asked}: there is no such line; logged: {', '.join(events) or 'nothing'}{suggestion(event, events)}"
    shown = (f"  {line.severity} {event}: {', '.join(_differing(line, fields))}" for line in own[:_SHOWN_LIMIT])
    return "\n".join((f"{asked}: no line of {len(own)} has these fields:", *shown))


def _differing(line: LogRecord, fields: Mapping[str, Any]) -> list[str]:
    return list(_differences(line, fields))


def _differences(line: LogRecord, fields: Mapping[str, Any]) -> Iterator[str]:
    there = {"severity": line.severity, **line.fields}
    for name, wanted in fields.items():
        found = there.get(name, _ABSENT)
        if found is _ABSENT:
            yield f"{name} is missing"
        elif found != wanted:
            yield f"{name} is {found!r}"
