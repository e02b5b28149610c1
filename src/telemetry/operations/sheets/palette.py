"""The colours of a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

PAGE: Final = "#eef0f3"
CARD: Final = "#ffffff"
EDGE: Final = "#d5d9e0"
INK: Final = "#22262e"
FAINT: Final = "#737b8a"
GRID: Final = "#e6e9ee"
SERIES: Final = ("#3568c4", "#2c9c69", "#d98a1f", "#c2477f", "#7a5ac8", "#2d9cb8", "#8a9a2b", "#b4552f")
_NAMED: Final = {
    "green": "#2c9c69",
    "yellow": "#d9a514",
    "orange": "#e07b22",
    "red": "#cc3b3b",
    "blue": "#3568c4",
    "purple": "#7a5ac8",
    "transparent": INK,
    "text": INK,
}


def series_colour(number: int) -> str:
    """Give the colour of a series; after eight they begin anew."""
    return SERIES[number % len(SERIES)]


def colour_of(value: float, steps: Sequence[tuple[float | None, str]]) -> str:
    """Give the colour that a value has by its thresholds; ink where there are none.

    >>> colour_of(90.0, ((None, "red"), (75.0, "yellow"), (80.0, "green")))
    '#2c9c69'
    """
    found = [colour for bound, colour in steps if bound is None or value >= bound]
    return named(found[-1]) if found else INK


def named(colour: str) -> str:
    """Give a colour of Grafana's by its name; `#…` stands for itself."""
    plain = colour.removeprefix("semi-").removeprefix("super-").removeprefix("dark-").removeprefix("light-")
    return colour if colour.startswith("#") else _NAMED.get(plain, INK)
