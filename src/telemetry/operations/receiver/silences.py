"""Silences that the receiver wants Alertmanager to have: acknowledgements and maintenance windows.

A row is the wish; `keeper` makes Alertmanager follow it, and tries again while that is down. States: `pending` (not
made yet), `active` (made), `ending` (to be taken away), `ended`, and `refused` (Alertmanager will not have it).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from .clock import now_ms, written
from .tables import SILENCES

ACKNOWLEDGEMENT: Final = "acknowledgement"
MAINTENANCE: Final = "maintenance"
OPEN: Final = ("pending", "active")
_LEASE_MS: Final = 30_000


def want(
    connection: Connection,
    kind: str,
    matchers: Sequence[dict[str, Any]],
    *,
    who: str,
    why: str,
    starts_ms: int,
    ends_ms: int,
    incident_id: int | None = None,
    approver: str = "",
) -> int:
    """Write down that a silence is wanted; give its number."""
    row = {
        "mark": secrets.token_hex(8),
        "kind": kind,
        "incident_id": incident_id,
        "state": "pending",
        "matchers": json.dumps(list(matchers), sort_keys=True),
        "created_by": who,
        "approver": approver,
        "comment": why,
        "starts_at": starts_ms,
        "ends_at": ends_ms,
        "attempts": 0,
        "next_at": 0,
        "error": "",
    }
    made = connection.execute(insert(SILENCES).values(row))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def end(connection: Connection, silence_id: int) -> bool:
    """Write down that a silence is wanted no more; tell whether there was one."""
    return _end(connection, SILENCES.c.id == silence_id) > 0


def end_of_incident(connection: Connection, incident_id: int) -> int:
    """Write down that the acknowledgements of an incident are over; count them."""
    return _end(connection, SILENCES.c.incident_id == incident_id)


def _end(connection: Connection, which: Any) -> int:
    # One that was never tried needs no request; one that was may exist, though nobody saw the answer.
    open_one = update(SILENCES).where(which)
    never = connection.execute(
        open_one.where(SILENCES.c.state == "pending", SILENCES.c.attempts == 0).values(state="ended")
    )
    tried = connection.execute(
        open_one.where(SILENCES.c.state.in_(OPEN)).values(state="ending", next_at=0, attempts=SILENCES.c.attempts)
    )
    return never.rowcount + tried.rowcount


def claim(connection: Connection) -> dict[str, Any] | None:
    """Take the next silence that Alertmanager has to hear of; another receiver leaves it alone for half a minute."""
    now = now_ms()
    wanted = (
        select(SILENCES)
        .where(SILENCES.c.state.in_(("pending", "ending")), SILENCES.c.next_at <= now)
        .order_by(SILENCES.c.next_at, SILENCES.c.id)
        .limit(1)
    )
    row = connection.execute(wanted).mappings().first()
    if row is None:
        return None
    values = {"next_at": now + _LEASE_MS, "attempts": SILENCES.c.attempts + 1}
    connection.execute(update(SILENCES).where(SILENCES.c.id == row["id"]).values(values))
    return dict(row)


def settle(connection: Connection, silence_id: int, *, was: str, **values: Any) -> None:
    """Note what came of a request; a wish that changed meanwhile stays as it is, but for Alertmanager's id."""
    of_it = update(SILENCES).where(SILENCES.c.id == silence_id)
    if made := values.get("alertmanager_id"):
        connection.execute(of_it.values(alertmanager_id=made))
    connection.execute(of_it.where(SILENCES.c.state == was).values(values))


def expire(connection: Connection) -> list[dict[str, Any]]:
    """End the silences whose time is over; give them."""
    over = select(SILENCES).where(SILENCES.c.state.in_(OPEN), SILENCES.c.ends_at <= now_ms())
    rows = [dict(row) for row in connection.execute(over).mappings()]
    if rows:
        ids = [row["id"] for row in rows]
        connection.execute(update(SILENCES).where(SILENCES.c.id.in_(ids)).values(state="ended"))
    return rows


def latest_of(connection: Connection, incident_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Give the latest acknowledgement of each incident."""
    wanted = select(SILENCES).where(SILENCES.c.incident_id.in_(incident_ids)).order_by(SILENCES.c.id)
    return {row["incident_id"]: shown(dict(row)) for row in connection.execute(wanted).mappings()}


def counts(connection: Connection) -> dict[str, int]:
    """Count the silences by state."""
    found = connection.execute(select(SILENCES.c.state, func.count()).group_by(SILENCES.c.state))
    return {state: count for state, count in found}  # noqa: C416 - rows are no pairs to mypy


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Give a row as JSON has it."""
    names = ("id", "kind", "incident_id", "state", "created_by", "approver", "comment", "alertmanager_id", "attempts",
             "error")  # fmt: skip
    times = {name: written(row[name]) for name in ("starts_at", "ends_at")}
    return {**{name: row[name] for name in names}, **times, "matchers": json.loads(row["matchers"])}


def is_over(connection: Connection) -> bool:
    """Tell whether the time of a silence is over that is still open."""
    over = select(SILENCES.c.id).where(SILENCES.c.state.in_(OPEN), SILENCES.c.ends_at <= now_ms())
    return connection.execute(over.limit(1)).first() is not None
