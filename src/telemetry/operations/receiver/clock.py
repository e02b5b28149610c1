"""Times as the receiver keeps them: whole milliseconds since 1970, in UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

MINUTE_MS: Final = 60_000
_LATEST_MS: Final = 253_402_300_799_999  # the end of the year 9999, the last that a datetime can say


def now_ms() -> int:
    """Give the time of the wall clock in milliseconds."""
    return time.time_ns() // 1_000_000


def written(ms: int | None) -> str | None:
    """Write a time as RFC 3339 with milliseconds; None stays None."""
    if ms is None:
        return None
    whole = datetime.fromtimestamp(min(max(ms, 0), _LATEST_MS) / 1000, UTC)
    return whole.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_time(text: str) -> int:
    """Read a time as RFC 3339 writes it.

    Raises:
        ValueError: The text is no time, or names no zone.
    """
    digits = text.strip()
    if len(digits) < 11 or digits[10] not in "Tt ":
        raise ValueError(f"{text[:40]!r} is not a time as RFC 3339 has it")
    moment = datetime.fromisoformat(digits)
    if moment.tzinfo is None:
        raise ValueError(f"{text[:40]!r} names no time zone; end it with Z or an offset")
    try:
        return int(moment.timestamp() * 1000)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{text[:40]!r} is out of range") from error
