"""Write a log line as one line of JSON that every reader takes."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from .channel import EventDict
from .processors import RUN_FIELDS, TRACE_FIELDS

# One encoder for all lines: `json.dumps` makes one for each that asks for separators.
_dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_FIRST = ("timestamp", "severity", "event", *TRACE_FIELDS, *RUN_FIELDS)


def render_json(_logger: object, _method: str, line: EventDict) -> str:
    r"""Write the line in ASCII: time, severity, event, ids and run first, then the rest in the order it came.

    Newlines in values are escaped, and so is all that is not ASCII, for some readers split lines at U+2028. Numbers
    that JSON has not become their names. Never raises.

    >>> render_json(None, "info", {"ratio": float("nan"), "event": "two\nlines"})
    '{"event":"two\\nlines","ratio":"nan"}'
    """
    ordered = {name: line[name] for name in _FIRST if name in line}
    ordered.update(line)
    try:
        return _dumps(ordered)
    except (ValueError, TypeError, RecursionError):
        return _dumps(_sound(ordered))


def _sound(value: object) -> Any:
    """Copy plain data so that JSON can hold it: other things become text."""
    if isinstance(value, dict):
        return {str(name): _sound(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sound(item) for item in value]
    if isinstance(value, (str, bool)) or value is None:
        return value
    return value if _is_number(value) else _text(value)


def _is_number(value: object) -> bool:
    # Python refuses to print an int of more than 4300 digits.
    if isinstance(value, int):
        return value.bit_length() < 1 << 13
    return isinstance(value, float) and isfinite(value)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - __str__ is the caller's code
        return f"<unprintable {type(value).__name__}>"
