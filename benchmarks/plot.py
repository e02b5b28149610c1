"""Draw results as horizontal bars on a logarithmic scale, in an SVG that reads well on light and on dark pages.

It is written by hand, since a hundred rectangles need no library. What runs beside the floor is drawn in one panel,
whole programs in a second, bytes in a third.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from .harness import Measurement
from .suite import OURS, Result, variant, who
from .table import amount, floors

WIDTH, LABELS, FIGURES = 960, 230, 150
BAR, GAP, GROUP, HEAD = 12, 3, 12, 54
COLOURS = {
    OURS: ("#0b7a75", "#2dd4bf"),
    "floor": ("#8a8f98", "#8a8f98"),
    "bare": ("#c5c9d0", "#4b5563"),
    "opentelemetry": ("#4f62c6", "#8b9cf9"),
    "prometheus": ("#d9572b", "#fb8b60"),
    "ddtrace": ("#7b3fa0", "#c792ea"),
    "logfire": ("#d63384", "#f783ac"),
    "structlog": ("#9a6b00", "#e0b341"),
    "logging": ("#6b7280", "#9ca3af"),
    "structlog and opentelemetry": ("#7c5c1e", "#c9a55c"),
}
PLAIN = ("#6b7280", "#9ca3af")
TITLES = {
    "ns": "Processor time of one operation (latencies: wall time); the grey line is FLOOR",
    "program": "Processor time of a whole program",
    "bytes": "Bytes",
}


def draw(results: Sequence[Result], machine: Mapping[str, str]) -> str:
    """Give the text of an SVG file with a bar for each case of each row.

    Args:
        results: What was measured; rows without a cost are left out.
        machine: What it was measured on, for the line at the foot.
    """
    at = HEAD
    body: list[str] = []
    for title, chosen in _panels(results):
        drawn, at = _panel(title, chosen, at)
        body += drawn
    twins = " and ".join(sorted({result.twin for result in results}))
    foot = f"{twins} twin, {machine.get('python', '')}, {machine.get('processor', '')}"
    body.append(f'<text x="12" y="{at + 16}" class="faint">{escape(foot)}</text>')
    height = at + 32
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="What instrumenting costs">'
    )
    return "\n".join((head, _style(), *_legend(results), *body, "</svg>")) + "\n"


def shown(result: Result) -> list[Measurement]:
    """Give what has a bar, the same work side by side.

    The empty function, which is there to be subtracted, has none; an empty program has one.
    """
    variants = list(dict.fromkeys(variant(each) for each in result.measurements))
    drawn = [each for each in result.measurements if who(each) != "bare" or not result.floors]
    return sorted(drawn, key=lambda each: variants.index(variant(each)))


def _panels(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    kinds: dict[str, list[Result]] = {kind: [] for kind in TITLES}
    for result in results:
        if result.measurements:
            kinds[_kind(result)].append(result)
    return ((TITLES[kind], chosen) for kind, chosen in kinds.items() if chosen)


def _kind(result: Result) -> str:
    if result.measurements[0].unit == "bytes":
        return "bytes"
    return "program" if result.row == "startup" else "ns"


def _panel(title: str, results: Sequence[Result], at: int) -> tuple[list[str], int]:
    """Draw the rows of one unit under a title; give the drawing and where the next panel begins."""
    costs = [each.least for result in results for each in (*shown(result), *result.floors)]
    scale = _Scale(min(costs), max(costs))
    unit = results[0].measurements[0].unit
    drawn = [f'<text x="12" y="{at + 16}" class="title">{escape(title)}</text>']
    begin = at = at + 34
    groups: list[str] = []
    for result in results:
        more, at = _group(result, scale, at)
        groups += more
    for tick in scale.ticks():
        x = scale.x(tick)
        drawn.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{begin}" y2="{at - GROUP}" class="grid"/>')
        drawn.append(f'<text x="{x:.1f}" y="{begin - 4}" class="tick">{amount(tick, unit)}</text>')
    return drawn + groups, at + GROUP


def _group(result: Result, scale: _Scale, at: int) -> tuple[list[str], int]:
    drawn = [f'<g id="row-{escape(result.row)}">']
    drawn.append(f'<text x="12" y="{at + BAR - 2}" class="row">{escape(result.row)}</text>')
    begin = at
    for measurement in shown(result):
        drawn += _bar(result, measurement, scale, at)
        at += BAR + GAP
    if result.floor is not None:
        x = scale.x(result.floor.least)
        drawn.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{begin - 2}" y2="{at}" class="floor"/>')
    drawn.append("</g>")
    return drawn, at + GROUP


def _bar(result: Result, measurement: Measurement, scale: _Scale, at: int) -> Iterator[str]:
    name = who(measurement)
    words = f"{name}, {variant(measurement)}" if variant(measurement) else name
    figure = amount(measurement.least, measurement.unit)
    if times := floors(result, measurement.least, "{:.3g} x"):
        figure += f", {times}"
    end, baseline = scale.x(measurement.least), at + BAR - 2
    width = max(1.0, end - LABELS)
    yield f'<text x="{LABELS - 8}" y="{baseline}" class="case">{escape(_short(words))}</text>'
    yield f'<rect x="{LABELS}" y="{at}" width="{width:.1f}" height="{BAR}" rx="2" class="{_css(name)}"/>'
    yield f'<text x="{end + 6:.1f}" y="{baseline}" class="figure">{escape(figure)}</text>'


def _short(words: str) -> str:
    return words.replace("structlog and opentelemetry", "structlog + otel").replace("opentelemetry", "otel")


class _Scale:
    """Maps costs to places: the decades that hold them all, from the labels to the figures."""

    def __init__(self, least: float, most: float) -> None:
        self._first = math.floor(math.log10(max(least / 2, 1e-3)))  # the least has a bar to be seen as well
        self._last = max(self._first + 1, math.ceil(math.log10(max(most, 1e-3))))

    def x(self, cost: float) -> float:
        share = (math.log10(max(cost, 1e-3)) - self._first) / (self._last - self._first)
        return LABELS + max(0.0, share) * (WIDTH - LABELS - FIGURES)

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self._first, self._last + 1)]


def _legend(results: Sequence[Result]) -> Iterator[str]:
    names = {who(each) for result in results for each in result.measurements}
    x = 12
    for name in (name for name in COLOURS if name in names):
        yield f'<rect x="{x}" y="18" width="12" height="12" rx="2" class="{_css(name)}"/>'
        yield f'<text x="{x + 18}" y="28" class="legend">{escape(name)}</text>'
        x += 34 + 7 * len(name)


def _css(name: str) -> str:
    return name.replace(" ", "-") if name in COLOURS else "other"


def _style() -> str:
    def colours(dark: int) -> str:
        named = {_css(name): pair for name, pair in COLOURS.items()} | {"other": PLAIN}
        return " ".join(f".{name}{{fill:{pair[dark]}}}" for name, pair in named.items())

    light = ".row,.title,.legend{fill:#1f2328} .case,.figure{fill:#3d444d} .tick,.faint{fill:#6e7781} "
    light += ".grid{stroke:#d8dee4} .floor{stroke:#6e7781;stroke-dasharray:3 2}"
    dark = ".row,.title,.legend{fill:#f0f6fc} .case,.figure{fill:#c9d1d9} .tick,.faint{fill:#9198a1} "
    dark += ".grid{stroke:#30363d} .floor{stroke:#9198a1}"
    shapes = (
        "text{font-family:system-ui,sans-serif;font-size:11px} .title,.row{font-weight:600} .title{font-size:13px} "
    )
    shapes += ".case{text-anchor:end} .tick{text-anchor:middle;font-size:10px}"
    media = f"@media (prefers-color-scheme: dark){{{dark} {colours(1)}}}"
    return f"<style>{shapes} {light} {colours(0)} {media}</style>"
