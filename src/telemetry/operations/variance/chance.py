"""How sure a change is: intervals by resampling hours, and straight lines with their forecasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random
from typing import Final, final

from .block import Block, Weighted

_DRAWS: Final = 200
_LEAST_BLOCKS: Final = 3
_TAIL: Final = 0.025
_STUDENT: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)  # 97.5 %, 1 to 10 degrees
_NORMAL: Final = 1.96


def interval(
    base: Weighted, now: Sequence[Block], change: Callable[[Weighted, Weighted], float | None], seed: str
) -> tuple[float, float] | None:
    """Give the 95 % interval of a change, by a block bootstrap: hours are drawn anew, with replacement.

    It has a generator of its own, so it disturbs no other, and gives the same for the same samples. None where there
    are fewer than three hours on either side.
    """
    if min(len(base), len(now)) < _LEAST_BLOCKS:
        return None
    draw = Random(seed)  # noqa: S311  # chance is all that is wanted of it
    found = []
    for _ in range(_DRAWS):
        others = [(1.0, block) for block in draw.choices(now, k=len(now))]
        value = change(draw.choices(base, k=len(base)), others)
        if value is not None:
            found.append(value)
    found.sort()
    if len(found) < _DRAWS // 2:
        return None
    return found[int(_TAIL * len(found))], found[int((1 - _TAIL) * len(found)) - 1]


@final
@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through changes.

    Attributes:
        slope: How much a change grows in an hour.
        at_hours: The moment of the forecast, since the start.
        forecast: The change that the line has then.
        low: The lower end of its 95 % interval; None where two points leave no freedom for one.
        high: The upper end.
    """

    slope: float
    at_hours: float
    forecast: float
    low: float | None
    high: float | None


def trend(points: Sequence[tuple[float, float]]) -> Trend | None:
    """Lay a line by least squares, and forecast as far ahead as the last two points are apart.

    None below two points.
    """
    if len(points) < 2:
        return None
    hours, values = zip(*points, strict=True)
    middle, mean = sum(hours) / len(hours), sum(values) / len(values)
    spread = sum((hour - middle) ** 2 for hour in hours)
    if not spread:
        return None
    slope = sum((hour - middle) * (value - mean) for hour, value in points) / spread
    at = hours[-1] + (hours[-1] - hours[-2])
    forecast = mean + slope * (at - middle)
    degrees = len(points) - 2
    if not degrees:
        return Trend(slope, at, forecast, None, None)
    rest = sqrt(sum((value - mean - slope * (hour - middle)) ** 2 for hour, value in points) / degrees)
    factor = _STUDENT[degrees - 1] if degrees <= len(_STUDENT) else _NORMAL
    margin = factor * rest * sqrt(1 + 1 / len(points) + (at - middle) ** 2 / spread)
    return Trend(slope, at, forecast, forecast - margin, forecast + margin)
