"""What people do to incidents: acknowledge, take that back, resolve; and maintenance windows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, select, update

from . import silences
from .audit import Entry, append
from .change import Change, State
from .clock import MINUTE_MS, now_ms, written
from .problem import Problem, missing, wrong
from .tables import INCIDENTS, MEMBERS, SILENCES

_LONGEST_MS: Final = 30 * 24 * 60 * MINUTE_MS


def acknowledge(connection: Connection, incident_id: int, *, actor: str, who: str, why: str, seconds: int) -> None:
    """Note that somebody takes care, and that Alertmanager is to be silent about it so long.

    The silence fits the severity of now and those below it: if it rises, Alertmanager speaks again.

    Raises:
        Problem: There is no such incident, or it is over.
    """
    row = _open_incident(connection, incident_id)
    now = now_ms()
    silences.end_of_incident(connection, incident_id)
    silence = silences.want(
        connection,
        silences.ACKNOWLEDGEMENT,
        _matchers(connection, incident_id),
        who=who,
        why=why,
        starts_ms=now,
        ends_ms=now + seconds * 1000,
        incident_id=incident_id,
    )
    values = {"state": State.ACKNOWLEDGED, "acknowledged_by": who, "acknowledged_at": row["acknowledged_at"] or now}
    connection.execute(update(INCIDENTS).where(INCIDENTS.c.id == incident_id).values(values))
    detail = {"who": who, "why": why, "until": written(now + seconds * 1000), "silence": silence}
    append(connection, [Entry(actor, Change.ACKNOWLEDGED, incident_id, detail)])


def unacknowledge(connection: Connection, incident_id: int, *, actor: str, who: str, why: str) -> None:
    """Take an acknowledgement back, and the silence with it.

    Raises:
        Problem: There is no such incident, or nobody has acknowledged it.
    """
    row = _open_incident(connection, incident_id)
    if row["state"] != State.ACKNOWLEDGED:
        raise Problem(409, f"incident {incident_id} is not acknowledged", reason="state")
    silences.end_of_incident(connection, incident_id)
    _set(connection, incident_id, state=State.FIRING)
    append(connection, [Entry(actor, Change.UNACKNOWLEDGED, incident_id, {"who": who, "why": why})])


def resolve(connection: Connection, incident_id: int, *, actor: str, who: str, why: str) -> None:
    """Close an incident; should its alert still fire a minute later, the next delivery opens it again.

    Raises:
        Problem: There is no such incident, or it is over.
    """
    row = _open_incident(connection, incident_id)
    close(connection, row, actor=actor, resolved_by=who, detail={"who": who, "why": why})


def close(connection: Connection, row: dict[str, Any], *, actor: str, resolved_by: str, detail: dict[str, Any]) -> None:
    """Write that an open incident is over."""
    now = now_ms()
    _set(connection, row["id"], state=State.RESOLVED, open_key=None, resolved_at=now, resolved_by=resolved_by)
    of_it = (MEMBERS.c.incident_id == row["id"]) & (MEMBERS.c.status == "firing")
    connection.execute(update(MEMBERS).where(of_it).values(status="resolved", ends_at=now, changed_at=now))
    silences.end_of_incident(connection, row["id"])
    seconds = (now - row["opened_at"]) // 1000
    append(connection, [Entry(actor, Change.RESOLVED, row["id"], {"seconds": seconds, **detail})])


def lapse(connection: Connection) -> list[int]:
    """Let acknowledgements end whose time is over; give the incidents that nobody takes care of now."""
    found = []
    for silence in silences.expire(connection):
        incident_id = silence["incident_id"]
        detail = {"silence": silence["id"], "kind": silence["kind"]}
        if incident_id is None:
            append(connection, [Entry("receiver", "maintenance_over", None, detail)])
            continue
        still = (INCIDENTS.c.id == incident_id) & (INCIDENTS.c.state == State.ACKNOWLEDGED)
        if connection.execute(update(INCIDENTS).where(still).values(state=State.FIRING)).rowcount:
            append(connection, [Entry("receiver", Change.LAPSED, incident_id, detail)])
            found.append(incident_id)
    return found


def maintain(
    connection: Connection,
    matchers: Sequence[dict[str, Any]],
    *,
    actor: str,
    who: str,
    why: str,
    approver: str,
    starts_ms: int,
    ends_ms: int,
) -> int:
    """Ask for a maintenance window; give its number.

    Raises:
        Problem: It ends before it begins or is over, is longer than 30 days, or its approver is who asks.
    """
    if ends_ms <= max(starts_ms, now_ms()):
        raise wrong("the window has to end after it begins, and in the future", "/ends_at")
    if ends_ms - starts_ms > _LONGEST_MS:
        raise wrong("a window is at most 30 days", "/ends_at")
    if approver == who:
        raise wrong("somebody else has to approve it", "/approver")
    number = silences.want(
        connection,
        silences.MAINTENANCE,
        matchers,
        who=who,
        why=f"{why} (approved by {approver})",
        starts_ms=starts_ms,
        ends_ms=ends_ms,
        approver=approver,
    )
    detail = {"silence": number, "who": who, "why": why, "approver": approver, "matchers": list(matchers),
              "starts_at": written(starts_ms), "ends_at": written(ends_ms)}  # fmt: skip
    append(connection, [Entry(actor, "maintenance", None, detail)])
    return number


def end_maintenance(connection: Connection, silence_id: int, *, actor: str) -> None:
    """End a maintenance window before its time.

    Raises:
        Problem: There is no such window, or it is over.
    """
    wanted = select(SILENCES.c.state).where(SILENCES.c.id == silence_id, SILENCES.c.kind == silences.MAINTENANCE)
    if connection.scalar(wanted) is None:
        raise missing(f"maintenance window {silence_id}")
    if not silences.end(connection, silence_id):
        raise Problem(409, f"maintenance window {silence_id} is over", reason="state")
    append(connection, [Entry(actor, "maintenance_ended", None, {"silence": silence_id})])


def _open_incident(connection: Connection, incident_id: int) -> dict[str, Any]:
    row = connection.execute(select(INCIDENTS).where(INCIDENTS.c.id == incident_id)).mappings().first()
    if row is None:
        raise missing(f"incident {incident_id}")
    if row["open_key"] is None:
        raise Problem(409, f"incident {incident_id} is resolved", reason="state")
    return dict(row)


def _set(connection: Connection, incident_id: int, **values: Any) -> None:
    connection.execute(update(INCIDENTS).where(INCIDENTS.c.id == incident_id).values(values))


def _matchers(connection: Connection, incident_id: int) -> list[dict[str, Any]]:
    """Fit the alerts that fire now: the labels that they share, and their values where they differ."""
    wanted = select(MEMBERS.c.labels).where(MEMBERS.c.incident_id == incident_id, MEMBERS.c.status == "firing")
    firing = [json.loads(text) for text in connection.scalars(wanted)]
    names = sorted(set.intersection(*(set(each) for each in firing)))
    values = {name: sorted({each[name] for each in firing}) for name in names}
    return [_matcher(name, some) for name, some in values.items() if any(some)]


def _matcher(name: str, values: Sequence[str]) -> dict[str, Any]:
    if len(values) == 1:
        return {"name": name, "value": values[0], "isRegex": False, "isEqual": True}
    return {"name": name, "value": "|".join(map(_literal, values)), "isRegex": True, "isEqual": True}


def _literal(text: str) -> str:
    """Write a text as a regular expression of RE2 that fits nothing else."""
    return "".join(f"\\{each}" if each in r"\.+*?()|[]{}^$" else each for each in text)
