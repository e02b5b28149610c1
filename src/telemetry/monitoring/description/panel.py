"""One panel as it is described: what it shows, and how; a contract says what it leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, final, get_args

from telemetry.contracts import Entry, Form, Registry
from telemetry.errors import ContractError
from telemetry.monitoring.query import ALL_SHOWS, Query, Show, read_query
from telemetry.promql import PromQLError, read_expression

Kind = Literal[
    "timeseries", "stat", "gauge", "bargauge", "barchart", "donut", "heatmap", "histogram", "table", "timeline",
    "logs", "alerts", "text",
]  # fmt: skip
"""How a panel shows what it shows."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
INSTANT: Final[tuple[Kind, ...]] = ("table", "barchart", "bargauge", "donut", "gauge")
"""Kinds that show one value of each series: what holds at the end of the time range."""

ALERT_NAME: Final = Form("[A-Za-z][A-Za-z0-9_]*", "the name of an alert, such as 'ParserLatency'")
_WITHOUT_QUERY: Final[tuple[Kind, ...]] = ("logs", "alerts", "text")
_GREATEST_WIDTH: Final = 24
_UNKNOWN: Final = "unknown"
"""Stands for what would follow from a query that is wrong: one mistake is told once."""


@final
@dataclass(frozen=True, slots=True)
class PanelQuery:
    """One query of a panel.

    Attributes:
        expression: PromQL, with Grafana's macros.
        legend: What each series is called.
        unit: The unit of the answer, in the words of contracts; empty for that of the panel.
        query: The question that it was written from; None for an expression of its own.
    """

    expression: str
    legend: str
    unit: str = ""
    query: Query | None = None


@final
@dataclass(frozen=True, slots=True)
class PanelDescription:
    """One panel.

    Attributes:
        unit: In the words of contracts: `seconds`, `ratio`, `count`, `modules/week`.
        width: Of 24 columns.
        height: In rows of Grafana's grid, about 30 pixels each.
        alerts: The alerts whose thresholds it shows.
        number: Its id, where the description gives one; 0 where it follows from the title.
        events: The log events that a panel of logs shows.
        text: What a panel of text says, in Markdown.
        stacked: Whether the series of a graph are put on top of each other.
        now: Whether only what holds at the end of the time range is shown: what ended before it is gone.
        limits: The least and the greatest value of the axis; None for what fits.
    """

    title: str
    kind: Kind
    description: str
    unit: str
    width: int
    height: int
    queries: tuple[PanelQuery, ...] = ()
    alerts: tuple[str, ...] = ()
    number: int = 0
    events: tuple[str, ...] = ()
    text: str = ""
    stacked: bool = False
    now: bool = False
    limits: tuple[float, float] | None = None


def read_panel(entry: Entry, registry: Registry, variables: Sequence[str]) -> PanelDescription:
    """Read a panel; the labels in `variables` narrow each query of a metric that has them."""
    with entry:
        kind = entry.choice("kind", KINDS, default="timeseries")
        queries = () if kind in _WITHOUT_QUERY else tuple(_queries(entry, registry, kind, variables))
        first = next((each.query for each in queries if each.query), None)
        metric = first.metric if first else None
        unknown = None if entry.is_sound else _UNKNOWN
        unit = queries[0].unit if queries else ""
        return PanelDescription(
            title=entry.text("title", default=_title(first) if first else unknown),
            kind=kind,
            description=entry.text("description", default=metric.description if metric else unknown),
            unit=entry.text("unit", default=unit or _no_unit(kind) or unknown),
            width=_within(entry, "width", 12, _GREATEST_WIDTH),
            height=_within(entry, "height", 8, 40),
            queries=queries,
            alerts=_alerts(entry) if kind not in _WITHOUT_QUERY else (),
            number=entry.count("id") if entry.has("id") else 0,
            events=_events(entry, registry) if kind == "logs" else (),
            text=entry.text("text") if kind == "text" else "",
            stacked=entry.flag("stacked"),
            now=entry.flag("now") or kind in INSTANT,
            limits=metric.range if metric and first and first.show not in ("age", "share") else None,
        )


def _alerts(entry: Entry) -> tuple[str, ...]:
    if entry.has("alerts"):
        entry.forbid("alert", "'alerts' says it for several; leave one out")
        return entry.texts("alerts", form=ALERT_NAME)
    name = entry.text("alert", default="", form=ALERT_NAME)
    return (name,) if name else ()


def _title(query: Query) -> str:
    words = query.metric.name.removesuffix("_total").replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}, {query.show}"


def _no_unit(kind: Kind) -> str | None:
    return "none" if kind in _WITHOUT_QUERY else None


def _within(entry: Entry, key: str, default: int, greatest: int) -> int:
    if not entry.has(key):
        return default
    value = entry.count(key)
    if value > greatest:
        (entry.place / key).report(f"must be 1 to {greatest}; it is {value}")
    return value


def _queries(entry: Entry, registry: Registry, kind: Kind, variables: Sequence[str]) -> Iterator[PanelQuery]:
    if not entry.has("queries"):
        yield from _asked(entry, registry, kind, variables)
        return
    for each in entry.entries("queries"):
        with each:
            unit = each.text("unit", default="")
            asked = tuple(_asked(each, registry, kind, variables))
        yield from (replace(query, unit=unit or query.unit) for query in asked)


def _asked(entry: Entry, registry: Registry, kind: Kind, variables: Sequence[str]) -> Iterator[PanelQuery]:
    legend = entry.text("legend", default="")
    if entry.has("expr"):
        for key in ("metric", "show", "shows", "by", "where", "part", "window"):
            entry.forbid(key, "an expression of its own stands for all of the query; leave one out")
        yield PanelQuery(_expression(entry), legend or "__auto")
        return
    for show in _shows(entry):
        query = read_query(entry, registry, show)
        if query is None or not entry.is_sound:
            return
        narrowed = _narrowed(query, kind, variables)
        yield PanelQuery(narrowed.expression(), legend or _legend(narrowed, variables), narrowed.unit, narrowed)


def _expression(entry: Entry) -> str:
    text = " ".join(entry.text("expr").split())
    try:
        if text:
            read_expression(text)
    except PromQLError as error:
        (entry.place / "expr").report(str(error))
    return text


def _shows(entry: Entry) -> Sequence[Show | None]:
    if not entry.has("shows"):
        return (None,)
    entry.forbid("show", "'shows' says it for several; leave one out")
    names = entry.texts("shows", least=1)
    for index, name in enumerate(names):
        if name not in ALL_SHOWS:
            (entry.place / "shows" / index).report(f"must be one of {', '.join(ALL_SHOWS)}; it is {name!r}")
    return [each for name in names for each in ALL_SHOWS if each == name]


def _narrowed(query: Query, kind: Kind, variables: Sequence[str]) -> Query:
    """Add the dashboard's variables, and the window that suits the kind of panel."""
    labels = [each for each in variables if each in query.metric.labels and each not in query.where]
    is_counted = query.metric.kind != "gauge"
    window = query.window or ("$__range" if is_counted and kind in INSTANT else "")
    return replace(query, scope=tuple(f'{label}=~"${label}"' for label in labels), window=window)


def _legend(query: Query, variables: Sequence[str]) -> str:
    if query.show == "heatmap":
        return "{{le}}"
    labels = query.by or (_others(query, variables) if query.show == "last" else ())
    named = " ".join(f"{{{{{label}}}}}" for label in labels)
    return f"{query.show} {named}".strip() if query.show.startswith("p") or not labels else named


def _others(query: Query, variables: Sequence[str]) -> tuple[str, ...]:
    rest = tuple(label for label in query.metric.labels if label not in ("environment", "env"))
    return rest or tuple(label for label in query.metric.labels if label in variables)


def _events(entry: Entry, registry: Registry) -> tuple[str, ...]:
    names = entry.texts("events", required=True, least=1)
    for index, name in enumerate(names):
        try:
            registry.event(name)
        except ContractError as error:
            (entry.place / "events" / index).report(str(error), "TC104")
    return names
