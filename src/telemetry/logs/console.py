"""Shape a line for people: what they need to see, under the names that structlog's renderer knows."""

from __future__ import annotations

import re
from typing import final

from .channel import EventDict
from .processors import RunFields

_MILLISECONDS = len("2023-11-14T22:13:20.000")
# C0 and C1 controls but for tab and newline: a file name must not be able to move a terminal's cursor.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@final
class ConsoleLine:
    """Leave out what is on every line, shorten the time, and make control characters visible."""

    __slots__ = ("_run",)

    def __init__(self, run: RunFields | None = None) -> None:
        self._run = run.values if run is not None else {}

    def __call__(self, _logger: object, _method: str, line: EventDict) -> EventDict:
        """Make the line that structlog's `ConsoleRenderer` takes."""
        shown = {
            name: _visible(value) if isinstance(value, str) else value
            for name, value in line.items()
            if name != "trace_flags" and (name not in self._run or self._run[name] != value)
        }
        shown["timestamp"] = f"{shown['timestamp'][:_MILLISECONDS]}Z"
        shown["level"] = shown.pop("severity")
        if (stacktrace := shown.pop("exception.stacktrace", None)) is not None:
            shown["exception"] = stacktrace
            shown.pop("exception.type", None)
            shown.pop("exception.message", None)
        return shown


def _visible(text: str) -> str:
    return _CONTROLS.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"
