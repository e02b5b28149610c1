"""A sheet: the panels of a dashboard with their data, as one PNG."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from .answers import Answer
from .card import Card
from .curves import draw_curves, draw_heatmap, draw_histogram, draw_timeline
from .dashboard import Dashboard, Panel
from .figures import draw_bars, draw_donut, draw_gauge, draw_stat
from .lists import draw_alerts, draw_named_bars, draw_nothing, draw_table, draw_text
from .palette import FAINT, INK, PAGE

_COLUMNS: Final = 24
_COLUMN_INCHES: Final = 0.6
_ROW_INCHES: Final = 0.33
_GAP_INCHES: Final = 0.05
_HEAD_INCHES: Final = 0.5
_DOTS_AN_INCH: Final = 80
_COLOURS: Final = 128

_KINDS: Final[Mapping[str, Callable[[Card], None]]] = {
    "timeseries": draw_curves,
    "heatmap": draw_heatmap,
    "state-timeline": draw_timeline,
    "status-history": draw_timeline,
    "histogram": draw_histogram,
    "stat": draw_stat,
    "gauge": draw_gauge,
    "bargauge": draw_bars,
    "piechart": draw_donut,
    "barchart": draw_named_bars,
    "table": draw_table,
    "alertlist": draw_alerts,
}


def draw_sheet(dashboard: Dashboard, answers: Sequence[Answer], output: Path, *, end: float) -> None:
    """Draw a dashboard with the answers of a store, and write it as a PNG.

    Args:
        dashboard: What is drawn, laid out as Grafana would.
        answers: What `ask` gave for it.
        output: The file.
        end: Seconds since 1970, the time that stands above it.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = max((panel.place[1] + panel.place[3] for panel in dashboard.panels), default=1)
    size = _COLUMNS * _COLUMN_INCHES + 2 * _GAP_INCHES, rows * _ROW_INCHES + _HEAD_INCHES + _GAP_INCHES
    with rc_context({"font.family": "DejaVu Sans", "timezone": "UTC"}):
        figure = Figure(figsize=size, dpi=_DOTS_AN_INCH, facecolor=PAGE)
        _head(figure, dashboard, end)
        for panel in dashboard.panels:
            _draw(Card(figure, panel, tuple(each for each in answers if each.panel is panel), *_place(panel, size[1])))
        drawn = BytesIO()
        FigureCanvasAgg(figure).print_png(drawn)  # type: ignore[no-untyped-call]
    _save(drawn, output)


def _place(panel: Panel, height: float) -> tuple[float, float, float, float]:
    column, row, wide, high = panel.place
    bottom = height - _HEAD_INCHES - (row + high) * _ROW_INCHES + _GAP_INCHES
    width = wide * _COLUMN_INCHES - _GAP_INCHES
    return column * _COLUMN_INCHES + 1.5 * _GAP_INCHES, bottom, width, high * _ROW_INCHES - _GAP_INCHES


def _draw(card: Card) -> None:
    if card.panel.kind == "row":
        card.write(0.05, card.height / 2, card.panel.title, size=10, weight="bold")
        return
    card.frame()
    if card.panel.kind == "text":
        draw_text(card)
    elif card.panel.kind == "alertlist":
        draw_alerts(card)
    else:
        (_KINDS.get(card.panel.kind, draw_nothing) if card.points else draw_nothing)(card)


def _head(figure: object, dashboard: Dashboard, end: float) -> None:
    from matplotlib.figure import Figure

    assert isinstance(figure, Figure)
    width, height = figure.get_size_inches()
    high = (height - _HEAD_INCHES / 2) / height
    when = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%d %H:%M UTC")
    figure.text(
        0.12 / width, high, dashboard.title, fontsize=15, color=INK, weight="bold", va="center", parse_math=False
    )
    figure.text(1 - 0.12 / width, high, when, fontsize=8, color=FAINT, ha="right", va="center")


def _save(drawn: BytesIO, output: Path) -> None:
    """Write the picture with as few colours as it needs, which makes it a third of its size."""
    from PIL import Image

    drawn.seek(0)
    with Image.open(drawn) as picture:
        few = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        few.save(output, "PNG", optimize=True)
