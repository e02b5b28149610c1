"""Draw families as an aligned table, for people at a terminal.

It draws what it is given and reads nothing else. The command line and the tests call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from math import inf
from typing import Final

from telemetry.signals import Distribution, Family, Quantiles, Series

from .console import Piece, cut, line, printable

_HEADER: Final = ("METRIC", "LABELS", "UNIT", "VALUE")
_LABELS_WIDTH: Final = 72
_SHOWN_QUANTILES: Final = (0.5, 0.99)
_EXACT_BELOW: Final = 1e15


def render_table(
    families: Iterable[Family],
    *,
    width: int = 160,
    color: bool = False,
    ascii: bool = False,  # noqa: A002 -- says it best
) -> str:
    """Draw one line a series: counters and gauges by value, distributions by count, mean and quantiles.

    The quantiles of a histogram are estimates from its buckets, those of a summary are what it holds.

    >>> print(render_table([Family("builds_total", "counter", "count", "", ("os",), (Series(("linux",), 3),))]))
    METRIC        LABELS    UNIT   VALUE
    builds_total  os=linux  count  3

    Args:
        families: What to draw; a family without series has no line.
        width: The most characters in a line.
        color: Paint the header and the labels by ANSI codes.
        ascii: Use no character beyond ASCII.
    """
    rows = [_row(family, series) for family in families for series in family.series]
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
    lines = [_pieces(_HEADER, widths, header=True), *(_pieces(row, widths) for row in rows)]
    return "\n".join(line(pieces, width=width, color=color, ascii=ascii) for pieces in lines)


def estimate_quantile(quantile: float, bounds: Sequence[float], value: Distribution) -> float:
    """Estimate a quantile by linear interpolation within its bucket, as PromQL's `histogram_quantile` does.

    The lowest bucket begins at 0 where its bound is positive. A quantile beyond the last finite bound is +Inf, since
    no more is known; without observations it is NaN.

    >>> estimate_quantile(0.5, (1.0, 2.0), Distribution((1, 2, 1), 6.0))
    1.5
    """
    if not value.count:
        return float("nan")
    rank = quantile * value.count
    edges = (min((0.0, *bounds)), *bounds, inf)
    for index, total in enumerate(accumulate(value.buckets)):
        count = value.buckets[index]
        if total >= rank and count:
            return _within(edges[index], edges[index + 1], (rank - (total - count)) / count)
    return inf


def _within(low: float, high: float, share: float) -> float:
    # PromQL takes a lowest bucket with a bound of at most 0 for a point, since nothing bounds it from below.
    return high if high in {low, inf} else low + (high - low) * share


def _row(family: Family, series: Series) -> tuple[str, ...]:
    labels = " ".join(f"{name}={value}" for name, value in zip(family.labels, series.labels, strict=True))
    cells = (family.name, cut(printable(labels), _LABELS_WIDTH), family.unit, _shown(family, series))
    return tuple(printable(cell) for cell in cells)


def _shown(family: Family, series: Series) -> str:
    value = series.value
    if isinstance(value, Distribution):
        estimates = ((q, estimate_quantile(q, family.bounds, value)) for q in _SHOWN_QUANTILES)
        return "  ".join(_distribution(value, (_estimate(q, x, family.bounds) for q, x in estimates)))
    if isinstance(value, Quantiles):
        return "  ".join(_distribution(value, (f"p{_number(q * 100)}={_number(x)}" for q, x in value.values)))
    return _number(value)


def _distribution(value: Distribution | Quantiles, quantiles: Iterable[str]) -> Iterator[str]:
    yield f"n={value.count}"
    if value.count:
        yield f"mean={_number(value.sum / value.count)}"
        yield from quantiles


def _estimate(quantile: float, estimate: float, bounds: Sequence[float]) -> str:
    name = f"p{_number(quantile * 100)}"
    return f"{name}≥{_number(bounds[-1])}" if estimate == inf and bounds else f"{name}={_number(estimate)}"


def _number(value: float) -> str:
    if abs(value) < _EXACT_BELOW and float(value).is_integer():
        return str(int(value))
    return f"{value:.4g}"


def _pieces(cells: Sequence[str], widths: Sequence[int], *, header: bool = False) -> list[Piece]:
    texts = [f"{cell:<{width}}  " for cell, width in zip(cells, widths, strict=True)]
    metric, labels, *rest = texts
    if header:
        return [Piece("".join(texts), "bold")]
    return [Piece(metric), Piece(labels, "dim"), Piece("".join(rest))]
