"""Points of time as files have them: seconds since 1970, or ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

EARLIEST: Final = -62_135_596_800.0
"""The first second of year 1."""

LATEST: Final = 253_402_300_799.0
"""The last second of year 9999."""


def seconds_of(value: object) -> float | None:
    """Give a point of time in seconds since 1970; None for what is none, or not in the years 1 to 9999.

    A time without a zone is UTC.

    >>> seconds_of("1970-01-01T00:01:00Z")
    60.0
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if EARLIEST <= value <= LATEST else None
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    found = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return found if EARLIEST <= found <= LATEST else None


def iso_of(seconds: float) -> str:
    """Write a point of time as ISO 8601 in UTC, to the second.

    >>> iso_of(60.0)
    '1970-01-01T00:01:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
