"""How fast incidents are taken care of and end: the mean times to acknowledge and to resolve."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, func, select

from .clock import MINUTE_MS, now_ms
from .tables import INCIDENTS

_DAY_MS: Final = 24 * 60 * MINUTE_MS


def figures(connection: Connection, days: int) -> dict[str, Any]:
    """Give counts and mean times in seconds, by severity and by group, of the incidents opened in the last days.

    MTTA is from the start of the alert to the acknowledgement, MTTR to its end; those without either are not in it.
    """
    since = now_ms() - days * _DAY_MS
    return {
        "days": days,
        "total": _rows(connection, since, ())[0],
        "by_severity": _rows(connection, since, ("severity",)),
        "by_group": _rows(connection, since, ("metric_name", "environment", "squad")),
    }


def _rows(connection: Connection, since: int, names: tuple[str, ...]) -> list[dict[str, Any]]:
    columns = [INCIDENTS.c[name] for name in names]
    measures = (
        func.count().label("incidents"),
        func.count(INCIDENTS.c.open_key).label("open"),
        func.avg(INCIDENTS.c.acknowledged_at - INCIDENTS.c.opened_at).label("mtta_seconds"),
        func.avg(INCIDENTS.c.resolved_at - INCIDENTS.c.opened_at).label("mttr_seconds"),
        func.coalesce(func.sum(INCIDENTS.c.refires), 0).label("refires"),
    )
    wanted = select(*columns, *measures).where(INCIDENTS.c.opened_at >= since)
    if columns:
        wanted = wanted.group_by(*columns).order_by(*columns).limit(200)
    return [_seconds(dict(row)) for row in connection.execute(wanted).mappings()]


def _seconds(row: dict[str, Any]) -> dict[str, Any]:
    for name in ("mtta_seconds", "mttr_seconds"):
        row[name] = None if row[name] is None else round(float(row[name]) / 1000, 1)
    return {**row, "refires": int(row["refires"])}
