"""Points of time as files have them: seconds since 1970, or ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds_of(value: object) -> float | None:
    """Give a point of time in seconds since 1970; None for what is none. A time without a zone is UTC.

    >>> seconds_of("1970-01-01T00:01:00Z")
    60.0
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def iso_of(seconds: float) -> str:
    """Write a point of time as ISO 8601 in UTC, to the second.

    >>> iso_of(60.0)
    '1970-01-01T00:01:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
