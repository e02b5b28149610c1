"""Messages that wait to be sent, written in one transaction with the changes that they tell of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from .change import TOLD, Change
from .clock import now_ms
from .tables import OUTBOX
from .targets import Target

_LONGEST_LINE: Final = 300
_LEASE_MS: Final = 60_000
_MOST_AT_ONCE: Final = 500


def post(
    connection: Connection, targets: Sequence[Target], changes: Sequence[tuple[Change, dict[str, Any], int]]
) -> None:
    """Put a message of each change into the outbox of each webhook that wants its severity.

    Args:
        connection: In the transaction of the changes.
        targets: The webhooks.
        changes: What happened, to which incident (its row), and the number of the audit log's row or another number
            that this change alone has.
    """
    at = now_ms()
    rows = [
        {
            "mark": f"{incident['id']}:{change}:{number}:{target.name}"[:160],
            "target": target.name,
            "state": "waiting",
            "incident_id": incident["id"],
            "severity": incident["severity"],
            "line": _line(change, incident),
            "at": at,
            "attempts": 0,
            "next_at": at,
            "error": "",
        }
        for change, incident, number in changes
        if change in TOLD
        for target in targets
        if incident["severity"] in target.levels
    ]
    if rows:
        connection.execute(insert(OUTBOX), rows)


def _line(change: Change, incident: dict[str, Any]) -> str:
    where = "/".join(incident[name] for name in ("environment", "squad", "metric_name") if incident[name])
    text = f"[{incident['severity'].upper()}] {change.replace('_', ' ')}: {incident['alertname']}"
    text += f" ({where})" if where else ""
    text += f" - {incident['summary']}" if incident["summary"] else ""
    text += f" | runbook {incident['runbook_url']}" if incident["runbook_url"] else ""
    return " ".join(f"#{incident['id']} {text}".split())[:_LONGEST_LINE]


def claim(connection: Connection, target: str) -> list[dict[str, Any]]:
    """Take the messages of a webhook that are due, for one minute: another receiver leaves them alone that long."""
    now = now_ms()
    wanted = (
        select(OUTBOX)
        .where(OUTBOX.c.target == target, OUTBOX.c.state == "waiting", OUTBOX.c.next_at <= now)
        .order_by(OUTBOX.c.id)
        .limit(_MOST_AT_ONCE)
    )
    rows = [dict(row) for row in connection.execute(wanted).mappings()]
    if rows:
        connection.execute(_of(rows).values(next_at=now + _LEASE_MS))
    return rows


def sent(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Note that messages are out."""
    connection.execute(_of(rows).values(state="sent", sent_at=now_ms(), attempts=OUTBOX.c.attempts + 1, error=""))


def put_back(connection: Connection, rows: Sequence[dict[str, Any]], error: str, pause_ms: int) -> None:
    """Note that messages did not get out, and when to try again."""
    values = {"attempts": OUTBOX.c.attempts + 1, "error": error[:300], "next_at": now_ms() + pause_ms}
    connection.execute(_of(rows).values(values))


def refuse(connection: Connection, rows: Sequence[dict[str, Any]], error: str) -> None:
    """Note that a webhook will never take messages; they stay, and are shown."""
    connection.execute(_of(rows).values(state="refused", attempts=OUTBOX.c.attempts + 1, error=error[:300]))


def is_due(connection: Connection, target: str) -> bool:
    """Tell whether a webhook has a message that is due."""
    wanted = select(OUTBOX.c.id).where(
        OUTBOX.c.target == target, OUTBOX.c.state == "waiting", OUTBOX.c.next_at <= now_ms()
    )
    return connection.execute(wanted.limit(1)).first() is not None


def counts(connection: Connection) -> dict[str, int]:
    """Count the messages by state."""
    found = connection.execute(select(OUTBOX.c.state, func.count()).group_by(OUTBOX.c.state))
    return {state: count for state, count in found}  # noqa: C416 - rows are no pairs to mypy


def _of(rows: Sequence[dict[str, Any]]) -> Any:
    return update(OUTBOX).where(OUTBOX.c.id.in_([row["id"] for row in rows]))
