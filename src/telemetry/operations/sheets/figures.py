"""Panels that show how it is now: numbers, gauges, bars and donuts."""

from __future__ import annotations

from math import cos, pi, sin
from typing import TYPE_CHECKING, Final

from .card import Card, shortened
from .palette import FAINT, GRID, INK, colour_of, series_colour
from .units import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ARC: Final = (210.0, -30.0)


def draw_stat(card: Card) -> None:
    """Write each value large, in the colour of its thresholds, over a faint curve of how it came."""
    shown_values = _last(card)[:8]
    wide = card.width / len(shown_values)
    series = [each for answer in card.answers for each in answer.series]
    if len(shown_values) == 1 and len(series[0].points) > 1 and card.height > 1:
        axes = card.axes(0.02, 0.02, 0.02, (card.height - 0.3) * 0.55)
        axes.set_axis_off()
        values = [value for _, value in series[0].points]
        axes.fill_between(
            range(len(values)), values, min(values), color=colour_of(values[-1], card.panel.steps), alpha=0.15, lw=0
        )
    for index, (name, value) in enumerate(shown_values):
        text = shown(value, card.panel.unit)
        size = min(26.0, 72 * wide / max(len(text), 4) / 0.75, (card.height - 0.3) * 32)
        middle = wide * (index + 0.5)
        colour = colour_of(value, card.panel.steps)
        is_named = bool(name) and (len(shown_values) > 1 or name != card.panel.title)
        high = (card.height - 0.25) / 2 + (0.08 if is_named else 0)
        card.write(middle, high, text, size=size, colour=colour, weight="bold", ha="center")
        if is_named:
            label = shortened(name, int(wide / 0.065))
            card.write(middle, high - size / 72 * 0.75 - 0.06, label, size=6.5, colour=FAINT, ha="center")


def draw_gauge(card: Card) -> None:
    """Draw an arc for each value, filled as far as it reaches on the scale."""
    found = _last(card)
    columns = min(len(found), max(1, int(card.width / 1.1)))
    wide = card.width / columns
    for index, (name, value) in enumerate(found[:columns]):
        axes = card.axes(wide * index + 0.08, 0.2, card.width - wide * (index + 1) + 0.08, 0.02)
        axes.set(xlim=(-1.15, 1.15), ylim=(-0.65, 1.1), aspect="equal")
        axes.set_axis_off()
        low, high = _limits(card, found)
        share = min(max((value - low) / (high - low or 1), 0), 1)
        _arc(axes, 1.0, GRID)
        _arc(axes, share, colour_of(value, card.panel.steps))
        axes.text(0, 0, shown(value, card.panel.unit), ha="center", va="center", fontsize=min(13, wide * 9), color=INK)
        card.write(wide * (index + 0.5), 0.13, shortened(name, int(wide / 0.065)), size=6.5, colour=FAINT, ha="center")


def draw_bars(card: Card) -> None:
    """Draw a bar for each value, the longest first."""
    found = sorted(_last(card), key=lambda each: -each[1])[: max(1, int((card.height - 0.35) / 0.19))]
    low, high = _limits(card, found)
    axes = card.axes(1.5, 0.08, 0.75, 0.02)
    axes.set_axis_off()
    rows = range(len(found))
    axes.barh(rows, [high - low] * len(found), color=GRID, height=0.6)
    steps = card.panel.steps
    several = len(steps) > 1
    colours = [colour_of(value, steps) if several else series_colour(0) for _, value in found]
    axes.barh(rows, [max(value - low, 0) for _, value in found], color=colours, height=0.6)
    axes.set(xlim=(0, (high - low) or 1), ylim=(len(found) - 0.5, -0.5))
    inner = card.height - 0.27 - 0.1
    for row, (name, value) in enumerate(found):
        y = 0.08 + inner * (1 - (row + 0.5) / len(found))
        card.write(1.42, y, shortened(name, 22), size=6.5, colour=INK, ha="right")
        card.write(card.width - 0.68, y, shown(value, card.panel.unit), size=6.5, colour=INK)


def draw_donut(card: Card) -> None:
    """Draw the part that each value is of all of them."""
    found = [(name, value) for name, value in _last(card) if value > 0][:8]
    side = min(card.height - 0.4, card.width * 0.5)
    axes = card.axes(0.12, 0.08, card.width - side - 0.12, 0.02)
    colours = [series_colour(number) for number in range(len(found))]
    if found:
        axes.pie([value for _, value in found], colors=colours, wedgeprops={"width": 0.38}, startangle=90)
    total = sum(value for _, value in found) or 1.0
    for row, (name, value) in enumerate(found):
        y = card.height - 0.55 - row * 0.19
        card.write(side + 0.28, y, "■", size=7, colour=colours[row])
        text = f"{shortened(name, int((card.width - side - 1.1) / 0.062))}  {value / total:.0%}"
        card.write(side + 0.42, y, text, size=7)


def _last(card: Card) -> list[tuple[str, float]]:
    """Give the last value of each series, with its name."""
    return [(answer.name(series), series.points[-1][1]) for answer in card.answers for series in answer.series]


def _limits(card: Card, found: list[tuple[str, float]]) -> tuple[float, float]:
    low, high = card.panel.limits
    least = min([0.0, *(value for _, value in found)])
    bounds = [bound for bound, _ in card.panel.steps if bound is not None]
    greatest = max([value for _, value in found] + bounds, default=1.0)
    usual = {"percentunit": 1.0, "percent": 100.0}.get(card.panel.unit, greatest * 1.1)
    return least if low is None else low, max(usual, greatest) if high is None else high


def _arc(axes: Axes, share: float, colour: str) -> None:
    first, last = _ARC
    angles = [(first + (last - first) * share * part / 60) * pi / 180 for part in range(61)]
    axes.plot(
        [cos(angle) for angle in angles], [sin(angle) for angle in angles], color=colour, lw=9, solid_capstyle="butt"
    )
