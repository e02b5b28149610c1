"""What Prometheus calls the units that OpenTelemetry writes in UCUM codes.

OpenTelemetry, "Prometheus and OpenMetrics compatibility", metric metadata: a unit is spelled out at the end of a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_WORDS: Final[Mapping[str, str]] = {
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "By": "bytes",
    "KiBy": "kibibytes",
    "MiBy": "mebibytes",
    "GiBy": "gibibytes",
    "TiBy": "tibibytes",
    "KBy": "kilobytes",
    "MBy": "megabytes",
    "GBy": "gigabytes",
    "TBy": "terabytes",
    "m": "meters",
    "V": "volts",
    "A": "amperes",
    "J": "joules",
    "W": "watts",
    "g": "grams",
    "Cel": "celsius",
    "Hz": "hertz",
    "1": "ratio",
    "%": "percent",
}
_PER: Final[Mapping[str, str]] = {
    "s": "second",
    "m": "minute",
    "min": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "y": "year",
}


def unit_word(unit: str) -> str:
    """Spell out a UCUM code as a name ends in it; nothing for an annotation such as `{request}`.

    >>> unit_word("By"), unit_word("By/s"), unit_word("{request}"), unit_word("rpm")
    ('bytes', 'bytes_per_second', '', 'rpm')
    """
    amount, slash, time = re.sub(r"\{[^}]*\}", "", unit).partition("/")
    word = _WORDS.get(amount, amount)
    if slash:
        word = f"{word}_per_{_PER.get(time, time)}" if time else word
    return re.sub("[^a-zA-Z0-9]+", "_", word).strip("_")
