"""What a store answers to the queries of a dashboard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from telemetry.errors import EngineError
from telemetry.operations.engines import QueryApi, Series
from telemetry.promql import expand

from .dashboard import Dashboard, Panel, Query

_POINTS: Final = 240
_LEAST_STEP_SECONDS: Final = 15.0
_RATE_SECONDS: Final = 300


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one query of a panel.

    Attributes:
        text: What was asked, as an engine reads it.
        series: What it is.
        problem: Why there is none; empty where the store took the question.
    """

    panel: Panel
    query: Query
    text: str
    series: tuple[Series, ...] = ()
    problem: str = ""

    @property
    def state(self) -> str:
        """In a word: `ok`, `empty` or `refused`."""
        return "refused" if self.problem else "ok" if self.series else "empty"

    def name(self, series: Series) -> str:
        """Name a series as the legend says; without one, by its labels."""
        if self.query.legend:
            return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: series.labels.get(match[1], ""), self.query.legend)
        labels = ", ".join(value for label, value in sorted(series.labels.items()) if label != "__name__")
        return labels or series.labels.get("__name__", "") or self.panel.title


def ask(
    dashboard: Dashboard,
    api: QueryApi,
    end: float,
    *,
    seconds: float | None = None,
    values: Mapping[str, str] | None = None,
) -> list[Answer]:
    """Ask every query of a dashboard.

    Args:
        dashboard: Whose queries.
        api: The store.
        end: Seconds since 1970, the end of the time range.
        seconds: How long the range is; by default the dashboard's own.
        values: What variables stand for; by default all values, or what the dashboard has chosen.
    """
    span = seconds or dashboard.seconds
    step = max(span / _POINTS, _LEAST_STEP_SECONDS)
    known = {**dashboard.values, **(values or {}), **_macros(end, span, step)}
    return [
        _answer(panel, query, expand(query.text, known), api, (end - span, end, step))
        for panel in dashboard.panels
        for query in panel.queries
    ]


def _macros(end: float, span: float, step: float) -> dict[str, str]:
    rate = max(_RATE_SECONDS, int(4 * step))
    return {
        "__rate_interval": f"{rate}s",
        "__interval": f"{step:.0f}s",
        "__interval_ms": f"{step * 1000:.0f}",
        "__range": f"{span:.0f}s",
        "__range_s": f"{span:.0f}",
        "__range_ms": f"{span * 1000:.0f}",
        "__from": f"{(end - span) * 1000:.0f}",
        "__to": f"{end * 1000:.0f}",
    }


def _answer(panel: Panel, query: Query, text: str, api: QueryApi, limits: tuple[float, float, float]) -> Answer:
    start, end, step = limits
    try:
        found = api.instant(text, end) if query.is_instant else api.range(text, start, end, step)
    except EngineError as error:
        return Answer(panel, query, text, problem=str(error))
    return Answer(panel, query, text, tuple(found))
