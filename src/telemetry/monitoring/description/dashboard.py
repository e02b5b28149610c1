"""One dashboard as it is described: for whom, its variables, its rows of panels, and its marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from telemetry.contracts import OWN_PACK, Entry, Form, Registry, shipped_packs
from telemetry.promql import PromQLError, read_expression

from .panel import PanelDescription, read_panel
from .wording import check_secrets

UID: Final = Form("[a-z][a-z0-9-]{1,39}", "a uid of lower-case letters, digits and '-', such as 'run-overview'")
FOLDER: Final = Form("[a-z][a-z0-9-]*", "a folder of lower-case letters, digits and '-', such as 'qa'")
DURATION: Final = Form("[1-9][0-9]*[smhdw]", "a time such as '30s', '6h' or '90d'")
WORD: Final = Form("[a-z][a-z0-9_]*", "a word of lower-case letters, digits and '_'")
ADDRESS: Final = Form(
    r"(?:https?://|/|\{[a-z_]+\})[^\s@]*", "an address such as 'https://example.org/report', without a password"
)
_TITLE: Final = Form("(?s:.+)", "a title")
_DAY: Final = Form("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day such as '2026-01-31'")
_COLOUR: Final = ("red", "orange", "yellow", "green", "blue", "purple")


@final
@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[PanelDescription, ...]


@final
@dataclass(frozen=True, slots=True)
class Annotation:
    """What is marked in time where an expression has a value."""

    name: str
    expression: str
    colour: str
    text: str


@final
@dataclass(frozen=True, slots=True)
class Plan:
    """A planned trajectory: a straight line between two days; each value is a variable of the dashboard.

    Attributes:
        start: The day (ISO 8601) on which the value is `high`.
        end: The day on which it is `low`.
    """

    start: str
    end: str
    high: float
    low: float


@final
@dataclass(frozen=True, slots=True)
class DashboardDescription:
    """One dashboard.

    Attributes:
        persona: For whom it is: the folder that it lies in.
        packs: The packs that it shows; it is generated where all of them are loaded.
        variables: The labels that people filter by.
        families: The `metric_family` of `last_ingest_ts` that tell how fresh it is; none for all.
        range: The time that it shows at first, up to now.
        long_term: Whether it reads the long-term store at first.
        links: Titles to addresses; `{runbooks}` and the like stand for what is set.
        source: The file.
    """

    uid: str
    title: str
    description: str
    persona: str
    packs: tuple[str, ...]
    variables: tuple[str, ...]
    families: tuple[str, ...]
    range: str
    refresh: str
    long_term: bool
    links: Mapping[str, str]
    rows: tuple[Row, ...]
    annotations: tuple[Annotation, ...]
    plan: Plan | None
    replaces: bool
    source: str

    @property
    def panels(self) -> Iterator[PanelDescription]:
        """All panels, in the order of the rows."""
        return (panel for row in self.rows for panel in row.panels)

    @property
    def path(self) -> str:
        """Where it lies below the output folder."""
        return f"dashboards/{self.persona}/{self.uid}.json"


def packs_of(entry: Entry) -> tuple[str, ...]:
    """Read which packs a dashboard needs, before anything else of it."""
    names = entry.texts("packs")
    known = (*shipped_packs(), OWN_PACK)
    for index, name in enumerate(names):
        if name not in known:
            (entry.place / "packs" / index).report(
                f"there is no pack {name!r}; shipped are {', '.join(known)}", "TC104"
            )
    return names


def read_dashboard(entry: Entry, registry: Registry, packs: tuple[str, ...]) -> DashboardDescription:
    """Read a dashboard whose packs, as `packs_of` gives them, are loaded."""
    with entry:
        variables = entry.texts("variables") if entry.has("variables") else ("environment",)
        rows = tuple(_row(each, registry, variables) for each in entry.entries("rows"))
        found = DashboardDescription(
            uid=entry.text("uid", form=UID),
            title=entry.text("title"),
            description=entry.text("description"),
            persona=entry.text("persona", form=FOLDER),
            packs=packs,
            variables=variables,
            families=entry.texts("families"),
            range=entry.text("range", default="6h", form=DURATION),
            refresh=entry.text("refresh", default="1m", form=DURATION),
            long_term=entry.flag("long_term"),
            links=_links(entry.entry("links")),
            rows=rows,
            annotations=tuple(map(_annotation, entry.entries("annotations"))),
            plan=_plan(entry),
            replaces=entry.flag("replace"),
            source=entry.place.path,
        )
        _check_rows(entry, found)
        return found


def _row(entry: Entry, registry: Registry, variables: Sequence[str]) -> Row:
    with entry:
        panels = tuple(read_panel(each, registry, variables) for each in entry.entries("panels"))
        return Row(entry.text("title"), panels)


def _links(entry: Entry) -> Mapping[str, str]:
    with entry:
        links = {title: entry.text(title, form=ADDRESS) for title in entry.keys(_TITLE)}
        check_secrets(entry, links)
        return links


def _annotation(entry: Entry) -> Annotation:
    with entry:
        expression = " ".join(entry.text("expr").split())
        try:
            if expression:
                read_expression(expression)
        except PromQLError as error:
            (entry.place / "expr").report(str(error))
        return Annotation(
            entry.text("name"), expression, entry.choice("colour", _COLOUR, default="blue"), entry.text("text")
        )


def _plan(entry: Entry) -> Plan | None:
    if not entry.has("plan"):
        return None
    with entry.entry("plan") as plan:
        found = Plan(plan.text("start", form=_DAY), plan.text("end", form=_DAY), plan.number("from"), plan.number("to"))
        if not found.start < found.end:
            (plan.place / "end").report(f"must be after {found.start}; it is {found.end}")
        return found


def _check_rows(entry: Entry, dashboard: DashboardDescription) -> None:
    """Report a dashboard without panels, two panels of one title, and variables that filter nothing."""
    if not any(dashboard.panels):
        entry.place.report("has no panel; add [[rows]] with [[rows.panels]]")
    seen: set[object] = set()
    for row, each in enumerate(dashboard.rows):
        for index, panel in enumerate(each.panels):
            identity = panel.number or panel.title
            if identity in seen:
                place = entry.place / "rows" / row / "panels" / index / "title"
                place.report(f"two panels are called {panel.title!r}; rename one, or give it an 'id'", "TC103")
            seen.add(identity)
    queries = [query.query for panel in dashboard.panels for query in panel.queries if query.query]
    known = {label for query in queries for label in query.metric.labels}
    for index, label in enumerate(dashboard.variables):
        if queries and entry.is_sound and label not in known and entry.has("variables"):
            (entry.place / "variables" / index).report(f"no metric of this dashboard has the label {label!r}", "TC104")
