"""A dashboard as Grafana's JSON has it, as far as it can be drawn without Grafana."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

from telemetry.errors import SourceError

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_592_000, "y": 31_536_000}
_SIX_HOURS: Final = 21_600.0
_METRICS: Final = "prometheus"


@final
@dataclass(frozen=True, slots=True)
class Query:
    """What a panel asks of a store of metrics.

    Attributes:
        ref: Its letter.
        text: PromQL, with Grafana's macros.
        legend: How a series is named; `{{label}}` stands for a value.
        is_instant: Whether it asks for the end of the time range only.
    """

    ref: str
    text: str
    legend: str = ""
    is_instant: bool = False


_ALERTS: Final = (Query("A", 'ALERTS{alertstate=~"firing|pending"}', is_instant=True),)
"""What a list of alerts shows; Grafana asks for it in a way of its own."""


@final
@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        kind: In Grafana's words: `timeseries`, `stat`, `heatmap`.
        unit: In Grafana's words: `s`, `percentunit`.
        place: Column, row, width and height, on a grid of 24 columns.
        steps: From which value up which colour holds; the first has no bound.
        limits: The least and the greatest value of its scale; None where the values decide.
        headings: What a column of a table is called, by Grafana's name of it.
    """

    title: str
    kind: str
    unit: str
    place: tuple[int, int, int, int]
    queries: tuple[Query, ...] = ()
    steps: tuple[tuple[float | None, str], ...] = ()
    limits: tuple[float | None, float | None] = (None, None)
    is_stacked: bool = False
    has_lines: bool = False
    text: str = ""
    headings: Mapping[str, str] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard.

    Attributes:
        values: What each variable stands for until somebody chooses.
        seconds: How long its time range is.
    """

    title: str
    uid: str
    panels: tuple[Panel, ...]
    values: Mapping[str, str]
    seconds: float


def read_dashboard(path: Path) -> Dashboard:
    """Read a dashboard.

    Raises:
        SourceError: The file cannot be read, or is no dashboard of Grafana.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        panels = tuple(_panel(each) for each in _flat(found["panels"]))
        variables = found.get("templating", {}).get("list", ())
        values = {each["name"]: _value(each) for each in variables if each["type"] != "datasource"}
        span = _span(found.get("time", {}).get("from", ""))
        return Dashboard(found["title"], found.get("uid") or path.stem, panels, values, span)
    except OSError as error:
        raise SourceError(str(path), f"cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(str(path), f"is no dashboard of Grafana: {type(error).__name__} {error}") from error


def _flat(panels: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for each in panels:
        yield each
        yield from _flat(each.get("panels", ()))


def _panel(found: Mapping[str, Any]) -> Panel:
    defaults = found.get("fieldConfig", {}).get("defaults", {})
    custom, place = defaults.get("custom", {}), found["gridPos"]
    steps = defaults.get("thresholds", {}).get("steps", ())
    return Panel(
        title=found.get("title", ""),
        kind=found["type"],
        unit=defaults.get("unit", ""),
        place=(place["x"], place["y"], place["w"], place["h"]),
        queries=_ALERTS if found["type"] == "alertlist" else tuple(map(_query, _targets(found))),
        steps=tuple((each.get("value"), each["color"]) for each in steps),
        limits=(defaults.get("min"), defaults.get("max")),
        is_stacked=custom.get("stacking", {}).get("mode", "none") != "none",
        has_lines=custom.get("thresholdsStyle", {}).get("mode", "off") != "off",
        text=found.get("options", {}).get("content", ""),
        headings=_headings(found.get("transformations", ())),
    )


def _targets(panel: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (each for each in panel.get("targets", ()) if _is_of_metrics(each, panel))


def _is_of_metrics(target: Mapping[str, Any], panel: Mapping[str, Any]) -> bool:
    source = target.get("datasource") or panel.get("datasource") or {}
    return bool(target.get("expr")) and source.get("type", _METRICS) == _METRICS


def _query(found: Mapping[str, Any]) -> Query:
    legend = found.get("legendFormat", "")
    return Query(found.get("refId", "A"), found["expr"], legend.replace("__auto", ""), bool(found.get("instant")))


def _headings(transformations: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    return {key: name for each in transformations for key, name in each["options"].get("renameByName", {}).items()}


def _value(variable: Mapping[str, Any]) -> str:
    """Give what a variable stands for: its current value, or all of them."""
    value = variable.get("current", {}).get("value", "")
    value = value[0] if isinstance(value, list) and value else value
    if value in ("$__all", "", [], None):
        return str(variable.get("allValue") or (".*" if variable["type"] == "query" else variable.get("query", "")))
    return str(value)


def _span(start: str) -> float:
    """Give the length of a range such as `now-6h`."""
    found = re.fullmatch(r"now-(\d+)([smhdwMy])(?:/\w)?", start)
    return int(found[1]) * _SECONDS[found[2]] if found else _SIX_HOURS
