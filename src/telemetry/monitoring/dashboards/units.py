"""The units of contracts in the words of Grafana."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_UNITS: Final[Mapping[str, str]] = {
    "seconds": "s",
    "milliseconds": "ms",
    "microseconds": "µs",
    "nanoseconds": "ns",
    "minutes": "m",
    "hours": "h",
    "bytes": "bytes",
    "ratio": "percentunit",
    "percent": "percent",
    "usd": "currencyUSD",
    "count": "short",
    "bool": "bool_yes_no",
    "requests": "short",
    "version": "none",
    "state": "none",
    "none": "none",
    "score": "none",
    "count/second": "cps",
    "bytes/second": "Bps",
    "requests/second": "reqps",
    "seconds/second": "percentunit",
    "usd/second": "suffix: USD/s",
    "day": "dateTimeAsIsoNoDateIfToday",
}


def grafana_unit(unit: str) -> str:
    """Give Grafana's id of a unit; one that it does not know stands after the number as it is.

    >>> grafana_unit("seconds"), grafana_unit("tasks"), grafana_unit("modules/week")
    ('s', 'short', 'suffix: modules/week')
    """
    if unit in _UNITS:
        return _UNITS[unit]
    counted, per, time = unit.partition("/")
    if not per:
        return "short"
    return f"suffix: {counted}/s" if time == "second" else f"suffix: {unit}"
