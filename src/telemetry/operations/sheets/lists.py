"""Panels of words: tables, bars by name, texts, alerts and log lines."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import Final

from .card import Card, shortened
from .palette import FAINT, GRID, named, series_colour
from .units import marked, shown

_ROW_INCHES: Final = 0.175
_CHARACTER_INCHES: Final = 0.066
_SCRAPED: Final = {"__name__", "job", "instance"}


def draw_table(card: Card) -> None:
    """Write a row for each set of labels, and a column for each query."""
    labels, columns, rows = _rows(card)
    heads = [*labels, *columns]
    room = int((card.height - 0.62) / _ROW_INCHES)
    wide = (card.width - 0.2) / len(heads)
    characters = int(wide / _CHARACTER_INCHES)
    top = card.height - 0.42
    for column, head in enumerate(heads):
        card.write(0.1 + wide * column, top, shortened(head, characters), size=7, colour=FAINT, weight="bold")
    for number, (key, values) in enumerate(list(rows.items())[:room]):
        y = top - _ROW_INCHES * (number + 1)
        cells = [*key, *(shown(values[name], card.panel.unit) if name in values else "" for name in columns)]
        for column, cell in enumerate(cells):
            card.write(0.1 + wide * column, y, shortened(cell, characters), size=7)
    if len(rows) > room:
        card.write(0.1, 0.1, f"and {len(rows) - room} more", size=6.5, colour=FAINT)


def draw_named_bars(card: Card) -> None:
    """Draw upright bars, one group for each set of labels."""
    _, columns, rows = _rows(card)
    kept = list(rows.items())[:16]
    axes = card.axes(0.62, 0.42, 0.15, 0.05)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="y", color=GRID, lw=0.8)
    axes.tick_params(labelsize=6.5, colors=FAINT, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    base = [0.0] * len(kept)
    wide = 0.7 if card.panel.is_stacked else 0.7 / len(columns)
    for number, name in enumerate(columns):
        heights = [values.get(name, 0.0) for _, values in kept]
        places = [
            place + (0 if card.panel.is_stacked else wide * (number - (len(columns) - 1) / 2))
            for place in range(len(kept))
        ]
        axes.bar(places, heights, wide, bottom=base if card.panel.is_stacked else 0.0, color=series_colour(number))
        base = [low + high for low, high in zip(base, heights, strict=True)]
        if len(columns) > 1:
            card.write(0.62 + number * 1.4, 0.09, f"■ {shortened(name, 18)}", size=6.5, colour=series_colour(number))
    room = int((card.width - 0.8) / len(kept) / 0.06)
    axes.set_xticks(range(len(kept)), [shortened(" ".join(key), room) for key, _ in kept])
    axes.yaxis.set_major_formatter(lambda value, _: marked(value, card.panel.unit))
    axes.locator_params(axis="y", nbins=4)


def draw_text(card: Card) -> None:
    """Write what the panel says, without its Markdown."""
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", card.panel.text)
    plain = re.sub(r"[*`#|]+", "", plain)
    lines = [
        line for each in plain.splitlines() if each.strip() for line in wrap(each.strip(), int(card.width / 0.075))
    ]
    for row, line in enumerate(lines[: max(1, int((card.height - 0.35) / 0.17))]):
        card.write(0.12, card.height - 0.42 - row * 0.17, line, size=7.5)


def draw_alerts(card: Card) -> None:
    """Write the alerts that fire or are about to, the worst first."""
    rank = {"critical": 0, "warning": 1, "info": 2}
    found = sorted(
        (series.labels for answer in card.answers for series in answer.series),
        key=lambda labels: (rank.get(labels.get("severity", ""), 3), labels.get("alertname", "")),
    )
    colours = {"critical": "red", "warning": "yellow", "info": "blue"}
    for row, labels in enumerate(found[: int((card.height - 0.4) / _ROW_INCHES)]):
        y = card.height - 0.42 - row * _ROW_INCHES
        card.write(0.12, y, "●", size=7, colour=named(colours.get(labels.get("severity", ""), "text")))
        where = " ".join(labels[key] for key in ("environment", "squad", "agent") if key in labels)
        text = f"{labels.get('alertname', '')}  {labels.get('alertstate', '')}  {where}"
        card.write(0.28, y, shortened(text, int(card.width / 0.067)), size=7)
    if not found:
        card.write(card.width / 2, card.height / 2, "no alert fires", size=8, colour=FAINT, ha="center")


def draw_nothing(card: Card) -> None:
    """Say why there is nothing to see: no data, a query that was refused, or a store that was not asked."""
    said = "no data" if card.panel.queries else "log lines are in the store of logs"
    problem = next((answer.problem for answer in card.answers if answer.problem), "")
    lines = wrap(problem or said, max(12, int(card.width / 0.08)))[:4]
    for row, line in enumerate(lines):
        y = card.height / 2 - 0.1 - (row - (len(lines) - 1) / 2) * 0.16
        card.write(card.width / 2, y, line, size=8, colour=named("red") if problem else FAINT, ha="center")


def _rows(card: Card) -> tuple[list[str], list[str], dict[tuple[str, ...], dict[str, float]]]:
    """Give the labels, the names of the queries, and the values by labels and name."""
    every = [(answer, series) for answer in card.answers for series in answer.series]
    labels = sorted({label for _, series in every for label in series.labels} - _SCRAPED)
    several = len({answer.query.ref for answer in card.answers}) > 1
    names: dict[str, str] = {}
    rows: dict[tuple[str, ...], dict[str, float]] = {}
    for answer, series in every:
        column = f"Value #{answer.query.ref}" if several else "Value"
        plain = answer.query.legend.partition("{{")[0].strip() or answer.query.ref
        name = names.setdefault(answer.query.ref, card.panel.headings.get(column) or plain)
        rows.setdefault(tuple(series.labels.get(label, "") for label in labels), {})[name] = series.points[-1][1]
    return labels, list(names.values()), rows
