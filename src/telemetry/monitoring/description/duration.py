"""Durations as Prometheus writes them, and how long they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from telemetry.contracts import Form

DURATION: Final = Form(r"(?:[0-9]+[dhms])+", "a duration such as '30s', '5m' or '3d'")

_SECONDS: Final[Mapping[str, int]] = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def seconds(duration: str) -> int:
    """Give the seconds of a duration; 0 for none.

    >>> seconds("1h30m"), seconds("")
    (5400, 0)
    """
    return sum(int(count) * _SECONDS[unit] for count, unit in re.findall(r"([0-9]+)([dhms])", duration))


def duration(count: int) -> str:
    """Write a number of seconds as a duration.

    >>> duration(5400), duration(0)
    ('1h30m', '0s')
    """
    parts = []
    for unit, length in _SECONDS.items():
        many, count = divmod(count, length)
        parts += [f"{many}{unit}"] if many else []
    return "".join(parts) or "0s"
