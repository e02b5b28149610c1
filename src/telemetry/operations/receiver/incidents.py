"""Incidents as people and programs read them: lists with filters, one with its history, groups."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from . import silences
from .audit import shown as shown_entry
from .clock import written
from .problem import missing
from .tables import AUDIT, INCIDENTS, MEMBERS

EXACT: Final = ("severity", "environment", "squad", "metric_name", "alertname", "owner")
"""The filters that compare a whole value."""

_SEARCHED: Final = ("alertname", "summary", "labels", "owner", "acknowledged_by")
_TIMES: Final = ("opened_at", "seen_at", "acknowledged_at", "resolved_at")
_MOST_EVENTS: Final = 500


def listed(connection: Connection, filters: Mapping[str, Any], *, before: int | None, limit: int) -> dict[str, Any]:
    """Give incidents, the newest first.

    Args:
        connection: Of the database.
        filters: `state` (one, or `open`), those of `EXACT`, and `q`, a text that is searched for.
        before: Only those with a lower number: where the page before ended.
        limit: How many at most.
    """
    conditions = _conditions(filters)
    if before is not None:
        conditions.append(INCIDENTS.c.id < before)
    wanted = select(INCIDENTS).where(and_(True, *conditions)).order_by(INCIDENTS.c.id.desc()).limit(limit + 1)
    rows = [dict(row) for row in connection.execute(wanted).mappings()]
    page = rows[:limit]
    return {"incidents": _shown(connection, page), "next": str(page[-1]["id"]) if len(rows) > limit else None}


def one(connection: Connection, incident_id: int) -> dict[str, Any]:
    """Give an incident with its alerts and its history.

    Raises:
        Problem: There is none of this number.
    """
    row = connection.execute(select(INCIDENTS).where(INCIDENTS.c.id == incident_id)).mappings().first()
    if row is None:
        raise missing(f"incident {incident_id}")
    alerts = select(MEMBERS).where(MEMBERS.c.incident_id == incident_id).order_by(MEMBERS.c.starts_at)
    events = select(AUDIT).where(AUDIT.c.incident_id == incident_id).order_by(AUDIT.c.seq).limit(_MOST_EVENTS)
    return {
        **_shown(connection, [dict(row)])[0],
        "alerts": [_member(dict(each)) for each in connection.execute(alerts).mappings()],
        "history": [shown_entry(dict(each)) for each in connection.execute(events).mappings()],
    }


def grouped(connection: Connection) -> dict[str, Any]:
    """Count the open incidents by metric, environment and squad, as Alertmanager groups them."""
    by = (INCIDENTS.c.metric_name, INCIDENTS.c.environment, INCIDENTS.c.squad)
    worst = func.count().filter(INCIDENTS.c.severity == "critical")
    wanted = (
        select(*by, func.count().label("open"), worst.label("critical"), func.min(INCIDENTS.c.opened_at).label("since"))
        .where(INCIDENTS.c.open_key.is_not(None))
        .group_by(*by)
        .order_by(*by)
    )
    rows = [dict(row) for row in connection.execute(wanted).mappings()]
    return {"groups": [{**row, "since": written(row["since"])} for row in rows]}


def _conditions(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    state = filters.get("state")
    if state == "open":
        found.append(INCIDENTS.c.open_key.is_not(None))
    elif state:
        found.append(INCIDENTS.c.state == state)
    found += [INCIDENTS.c[name] == filters[name] for name in EXACT if filters.get(name) is not None]
    if text := filters.get("q"):
        found.append(or_(*(INCIDENTS.c[name].icontains(text, autoescape=True) for name in _SEARCHED)))
    return found


def _shown(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    acknowledged = silences.latest_of(connection, [row["id"] for row in rows])
    return [
        {
            **{name: value for name, value in row.items() if name not in ("key", "open_key")},
            **{name: written(row[name]) for name in _TIMES},
            "labels": json.loads(row["labels"]),
            "annotations": json.loads(row["annotations"]),
            "silence": acknowledged.get(row["id"]),
        }
        for row in rows
    ]


def _member(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: written(row[name]) for name in ("starts_at", "ends_at", "changed_at")}
    return {**row, **times, "labels": json.loads(row["labels"])}
