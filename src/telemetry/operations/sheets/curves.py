"""Panels with a time axis: curves, heatmaps, timelines; and the histogram of values over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import ceil, floor, isfinite
from typing import TYPE_CHECKING, Any, Final

from .answers import Answer
from .card import Card, shortened
from .palette import CARD, FAINT, GRID, INK, colour_of, named, series_colour
from .units import marked, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telemetry.operations.engines import Series

_LEGEND_ROWS: Final = 3
_LEGEND_INCHES: Final = 0.15
_LEFT: Final = 0.62
_CURVES: Final = 40
_DAYS: Final = 2 * 86_400
_ROUND: Final = (60, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000, 2_592_000)


def draw_curves(card: Card) -> None:
    """Draw a line, or a stacked area, for each series; and a line for each threshold."""
    import numpy as np

    named_series = _named(card.answers)[:_CURVES]
    axes, rows = _timed(card, named_series)
    if card.panel.is_stacked:
        times = np.array(sorted({at for _, series in named_series for at, _ in series.points}))
        below: Any = np.zeros(len(times))
        for number, (_, series) in enumerate(named_series):
            values = below + np.interp(times, *_columns(series), left=0, right=0)
            axes.fill_between(_dates(times), below, values, color=series_colour(number), alpha=0.75, lw=0)
            below = values
    else:
        for number, (_, series) in enumerate(named_series):
            at, values = _columns(series)
            axes.plot(_dates(at), values, color=series_colour(number), lw=1.3)
    _thresholds(card, axes)
    _scale(card, axes)
    _legend(card, [(name, series.points[-1][1]) for name, series in named_series], rows)


def draw_heatmap(card: Card) -> None:
    """Draw how many values fell into each bucket over time; the buckets come cumulated, as Prometheus keeps them."""
    import numpy as np

    every = [(_bound(series), series) for answer in card.answers for series in answer.series]
    found = sorted(every, key=lambda each: (each[0], _plain(each[1])))
    times = sorted({at for _, series in found for at, _ in series.points})
    by_time = [dict(series.points) for _, series in found]
    counts = np.array([[points.get(at, 0.0) for at in times] for points in by_time])
    counts = np.clip(np.diff(np.nan_to_num(counts), axis=0, prepend=0), 0, None) if _is_cumulated(found) else counts
    axes, _ = _timed(card, [], legend=False)
    axes.grid(visible=False)
    axes.pcolormesh(_dates(times), np.arange(len(found)), counts, shading="nearest", cmap="Oranges")
    nth = max(1, -(-len(found) // max(2, int(card.height / 0.28))))
    unit = "" if card.panel.unit in ("cps", "short", "none") else card.panel.unit
    names = [shown(bound, unit) if _is_cumulated(found) else _plain(series) for bound, series in found]
    axes.set_yticks(range(0, len(found), nth), names[::nth])


def draw_timeline(card: Card) -> None:
    """Draw a bar for each series, in the colours of its values."""
    named_series = _named(card.answers)[: max(2, int(card.height / 0.22))]
    axes, _ = _timed(card, named_series, legend=False, left=1.25)
    axes.grid(visible=False)
    for row, (_, series) in enumerate(named_series):
        for start, end, value in _runs(series):
            plain = series_colour(int(value) if isfinite(value) else 0)
            colour = colour_of(value, card.panel.steps) if len(card.panel.steps) > 1 else plain
            axes.fill_between(_dates([start, end]), row - 0.35, row + 0.35, color=colour, lw=0)
    axes.set_yticks(range(len(named_series)), [shortened(name, 17) for name, _ in named_series])
    axes.set_ylim(len(named_series) - 0.5, -0.5)


def _runs(series: Series) -> Iterator[tuple[float, float, float]]:
    """Give from when to when each value held."""
    times, values = _columns(series)
    changes = [index for index, value in enumerate(values) if not index or value != values[index - 1]]
    for first, after in zip(changes, [*changes[1:], len(values)], strict=True):
        yield times[first], times[min(after, len(times) - 1)], values[first]


def draw_histogram(card: Card) -> None:
    """Draw how often each value occurred in the time range."""
    named_series = _named(card.answers)
    axes = card.axes(_LEFT, 0.25 + _LEGEND_INCHES * _rows(card, named_series), 0.15, 0.05)
    _plainly(axes)
    every = [[value for _, value in series.points if isfinite(value)] for _, series in named_series]
    colours = [series_colour(number) for number in range(len(every))]
    axes.hist(every, bins=20, stacked=True, color=colours)
    axes.xaxis.set_major_formatter(lambda value, _: shown(value, "none"))
    axes.locator_params(axis="x", nbins=max(3, int(card.width / 0.7)))
    _legend(card, [(name, series.points[-1][1]) for name, series in named_series], _rows(card, named_series))


def _named(answers: Sequence[Answer]) -> list[tuple[str, Series]]:
    return [(answer.name(series), series) for answer in answers for series in answer.series]


def _columns(series: Series) -> tuple[list[float], list[float]]:
    return [at for at, _ in series.points], [value for _, value in series.points]


def _dates(times: Any) -> list[Any]:
    return [datetime.fromtimestamp(float(at), UTC) for at in times]


def _timed(
    card: Card, named_series: Sequence[tuple[str, Series]], *, legend: bool = True, left: float = _LEFT
) -> tuple[Axes, int]:
    """Make axes with time along them; give the rows that the legend below has."""
    rows = _rows(card, named_series) if legend else 0
    axes = card.axes(left, 0.25 + _LEGEND_INCHES * rows, 0.15, 0.05)
    _plainly(axes)
    _clock(card, axes)
    return axes, rows


def _clock(card: Card, axes: Axes) -> None:
    """Mark round times, as many as there is room for; as days where they are days."""
    times = [at for answer in card.answers for series in answer.series for at, _ in series.points]
    first, last = min(times), max(times)
    are_days = last - first > _DAYS
    step = next(
        (
            each
            for each in _ROUND
            if each >= _DAYS / 2 * are_days and (last - first) / each <= max(2, card.width / 0.75)
        ),
        _ROUND[-1],
    )
    marks = [step * number for number in range(ceil(first / step), floor(last / step) + 1)]
    form = "%d %b" if are_days else "%H:%M"
    axes.set_xticks(_dates(marks), [date.strftime(form) for date in _dates(marks)])


def _rows(card: Card, named_series: Sequence[object]) -> int:
    room = int((card.height - 1.1) / _LEGEND_INCHES)
    needed = -(-len(named_series) // _columns_of(card))
    return max(0, min(needed, _LEGEND_ROWS, room))


def _columns_of(card: Card) -> int:
    return max(1, int(card.width / 2.2))


def _plainly(axes: Axes) -> None:
    axes.set_facecolor(CARD)
    axes.grid(visible=True, color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=6.5, colors=FAINT, length=0, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _thresholds(card: Card, axes: Axes) -> None:
    for bound, colour in card.panel.steps[1:] if card.panel.has_lines else ():
        if bound is not None:
            axes.axhline(bound, color=named(colour), lw=0.9, ls=(0, (4, 3)))


def _scale(card: Card, axes: Axes) -> None:
    low, high = axes.get_ylim()
    least, greatest = card.panel.limits
    axes.set_ylim(least if least is not None else min(low, 0) if low < high / 2 else low, greatest or high)
    axes.yaxis.set_major_formatter(lambda value, _: marked(value, card.panel.unit))
    axes.locator_params(axis="y", nbins=max(3, int(card.height / 0.45)))


def _legend(card: Card, entries: Sequence[tuple[str, float]], rows: int) -> None:
    columns = _columns_of(card)
    wide = (card.width - 0.2) / columns
    fitting = entries[: rows * columns]
    for index, (name, last) in enumerate(fitting):
        x, y = 0.1 + wide * (index % columns), 0.1 + _LEGEND_INCHES * (rows - 1 - index // columns)
        is_cut = index == len(fitting) - 1 and len(entries) > len(fitting)
        value = f"and {len(entries) - len(fitting)} more" if is_cut else shown(last, card.panel.unit)
        card.write(x, y, "■", size=6, colour=series_colour(index))
        room = int(wide / 0.062) - len(value) - 4
        card.write(x + 0.12, y, f"{shortened(name or card.panel.title, room)}  {value}", size=6.5, colour=INK)


def _bound(series: Series) -> float:
    try:
        return float(series.labels["le"].replace("+Inf", "inf"))
    except (KeyError, ValueError):
        return 0.0


def _is_cumulated(found: Sequence[tuple[float, Series]]) -> bool:
    return any("le" in series.labels for _, series in found)


def _plain(series: Series) -> str:
    return shortened(", ".join(value for label, value in sorted(series.labels.items()) if label != "__name__"), 14)
