"""Values with their unit, as a person reads them at a glance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import isinf, isnan
from typing import Final

_TIMES: Final = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_IN_SECONDS: Final = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SIZES: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_RATES: Final = {"cps": "/s", "reqps": " req/s", "ops": " op/s"}
_NAMES: Final = {"percentunit": "%", "percent": "%", "currencyUSD": "USD", "bool_yes_no": "", "none": "", "short": ""}


def shown(value: float, unit: str) -> str:
    """Write a value with its unit, Grafana's id of one.

    >>> shown(0.25, "percentunit"), shown(1500, "ms"), shown(2048, "bytes"), shown(12.3, "suffix: modules/week")
    ('25 %', '1.5 s', '2 KiB', '12.3 modules/week')
    """
    if isnan(value) or isinf(value):
        return "?" if isnan(value) else f"{'-' if value < 0 else ''}∞"
    if unit in _IN_SECONDS:
        return _time(value * _IN_SECONDS[unit])
    write = _WRITTEN.get(unit)
    return write(value) if write else f"{_number(value)}{unit.partition('suffix:')[2] or _RATES.get(unit, '')}"


def marked(value: float, unit: str) -> str:
    """Write a value beside an axis: without a unit that is a word, for that stands above."""
    return shown(value, "none" if unit.startswith("suffix") else unit)


def name_of(unit: str) -> str:
    """Name a unit beside a title; nothing where a number needs none."""
    return _NAMES.get(unit, "date" if unit.startswith("dateTime") else unit.partition("suffix:")[2].strip() or unit)


def _time(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in _TIMES if abs(seconds) >= size), (1.0, "s"))
    return f"{_number(seconds / size)} {unit}"


def _size(value: float) -> str:
    power = next((power for power in reversed(range(len(_SIZES))) if abs(value) >= 1024**power), 0)
    return f"{_number(value / 1024**power)} {_SIZES[power]}"


def _number(value: float) -> str:
    for size, ending in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            divided = value / (1000 if ending == "k" else size)
            return f"{divided:.3g} {ending}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _day(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M")


_WRITTEN: Final[Mapping[str, Callable[[float], str]]] = {
    "bytes": _size,
    "decbytes": _size,
    "Bps": lambda value: f"{_size(value)}/s",
    "percentunit": lambda value: f"{_number(value * 100)} %",
    "percent": lambda value: f"{_number(value)} %",
    "bool_yes_no": lambda value: "yes" if value else "no",
    "currencyUSD": lambda value: f"${_number(value)}",
    "dateTimeAsIso": _day,
    "dateTimeAsIsoNoDateIfToday": _day,
}
