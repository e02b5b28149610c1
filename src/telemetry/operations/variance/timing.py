"""Windows and checkpoints as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from telemetry.errors import ConfigurationError

from .baseline import Window

_UNITS: Final = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)")
_EXAMPLE: Final = "24h, 2026-11-01T00:00:00Z/48h, or 2026-11-01T00:00:00Z/2026-11-03T00:00:00Z"


def read_duration(text: str) -> float:
    """Read a duration in seconds: `90s`, `10m`, `48h`, `14d`.

    Raises:
        ConfigurationError: It is none.
    """
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < seconds < 1e9:
        raise ConfigurationError(f"{text!r} is no duration: write a number and s, m, h or d, such as 48h")
    return seconds


def read_moment(text: str) -> float:
    """Read a moment: RFC 3339 with a zone, or seconds since the epoch.

    Raises:
        ConfigurationError: It is none.
    """
    try:
        if re.fullmatch(r"\d{9,11}(\.\d+)?", text.strip()):
            return float(text)
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is no moment: write it as 2026-11-01T00:00:00Z") from error
    if moment.tzinfo is None:
        raise ConfigurationError(f"{text!r} names no time zone: end it with Z or an offset")
    return moment.timestamp()


def read_window(text: str, now_s: float) -> Window:
    """Read a window: how long until now, or a start with an end or a length.

    Raises:
        ConfigurationError: It is none, or it is empty.
    """
    start, slash, end = text.partition("/")
    if not slash:
        return Window(now_s - read_duration(text), now_s)
    try:
        start_s = read_moment(start)
        end_s = start_s + read_duration(end) if _DURATION.fullmatch(end.strip()) else read_moment(end)
    except ConfigurationError as error:
        raise ConfigurationError(f"the window {text!r} is wrong ({error}); windows are {_EXAMPLE}") from error
    if end_s <= start_s:
        raise ConfigurationError(f"the window {text!r} is empty: its end is not after its start")
    return Window(start_s, end_s)


def written(seconds: float) -> str:
    """Write a moment as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
