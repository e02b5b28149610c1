"""What each address of the API does; `routes` says who may call it and with what."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, Table, select
from starlette.responses import JSONResponse, Response

from . import actions, audit, figures, incidents, outbox, sessions, silences
from .change import Change
from .clock import now_ms, read_time, written
from .problem import Problem, wrong
from .route import Call
from .tables import AUDIT, INCIDENTS, OUTBOX, SCHEMA, SILENCES
from .tokens import LOCAL, NOBODY
from .webhook import read_delivery

_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


async def deliver(call: Call) -> Any:
    """Keep the alerts of a delivery, and answer when they are on disk."""
    return await call.service.writer.deliver(call.person.name, read_delivery(call.body))


async def list_incidents(call: Call) -> Any:
    """Give incidents, the newest first."""
    before, limit = _page(call)
    return await call.service.look(
        lambda connection: incidents.listed(connection, call.values, before=before, limit=limit)
    )


async def show_incident(call: Call) -> Any:
    """Give one incident with its alerts and its history."""
    return await _incident(call)


async def acknowledge(call: Call) -> Any:
    """Acknowledge an incident."""
    who, why, seconds = _who(call), call.body["why"], call.body["duration_seconds"]
    await call.service.writer.change(
        lambda connection: actions.acknowledge(
            connection, call.values["id"], actor=call.person.name, who=who, why=why, seconds=seconds
        )
    )
    return await _incident(call)


async def unacknowledge(call: Call) -> Any:
    """Take an acknowledgement back."""
    await call.service.writer.change(
        lambda connection: actions.unacknowledge(
            connection, call.values["id"], actor=call.person.name, who=_who(call), why=call.body["why"]
        )
    )
    return await _incident(call)


async def resolve(call: Call) -> Any:
    """Close an incident."""

    def work(connection: Connection) -> None:
        """Resolve the incident, and give it as it is then."""
        number = call.values["id"]
        actions.resolve(connection, number, actor=call.person.name, who=_who(call), why=call.body["why"])
        row = connection.execute(select(INCIDENTS).where(INCIDENTS.c.id == number)).mappings().one()
        outbox.post(connection, call.service.options.targets, [(Change.RESOLVED, dict(row), now_ms())])

    await call.service.writer.change(work)
    return await _incident(call)


async def groups(call: Call) -> Any:
    """Give the open incidents by group."""
    return await call.service.look(incidents.grouped)


async def show_figures(call: Call) -> Any:
    """Give the mean times."""
    return await call.service.look(lambda connection: figures.figures(connection, call.values["days"]))


async def list_silences(call: Call) -> Any:
    """Give silences, the newest first."""
    rows, following = await _rows(call, SILENCES, "id", kind=call.values.get("kind"), state=call.values.get("state"))
    return {"silences": [silences.shown(row) for row in rows], "next": following}


async def maintain(call: Call) -> Any:
    """Ask for a maintenance window."""
    starts, ends = _time(call.body, "starts_at", now_ms()), _time(call.body, "ends_at", 0)
    matchers = [{"isRegex": False, "isEqual": True, **each} for each in call.body["matchers"]]
    number = await call.service.writer.change(
        lambda connection: actions.maintain(
            connection,
            matchers,
            actor=call.person.name,
            who=_who(call),
            why=call.body["why"],
            approver=call.body["approver"],
            starts_ms=starts,
            ends_ms=ends,
        )
    )
    return await _silence(call, number)


async def end_maintenance(call: Call) -> Any:
    """End a maintenance window."""
    await call.service.writer.change(
        lambda connection: actions.end_maintenance(connection, call.values["id"], actor=call.person.name)
    )
    return await _silence(call, call.values["id"])


async def list_audit(call: Call) -> Any:
    """Give rows of the audit log, the newest first."""
    wanted = {"action": call.values.get("action"), "incident_id": call.values.get("incident")}
    rows, following = await _rows(call, AUDIT, "seq", **wanted)
    return {"entries": [audit.shown(row) for row in rows], "next": following}


async def verify_audit(call: Call) -> Any:
    """Follow the chain of the audit log."""
    return asdict(await call.service.look(audit.verify))


async def list_messages(call: Call) -> Any:
    """Give messages to webhooks, the newest first."""
    rows, following = await _rows(call, OUTBOX, "id", state=call.values.get("state"))
    counts = await call.service.look(outbox.counts)
    shown = [
        {
            name: written(value) if name in ("at", "next_at", "sent_at") else value
            for name, value in row.items()
            if name != "mark"
        }
        for row in rows
    ]
    return {"messages": shown, "counts": counts, "next": following}


async def login(call: Call) -> Any:
    """Begin a session for a token."""
    tokens = call.service.options.tokens
    person, shown = (LOCAL, "") if tokens is None else tokens.who(call.body["token"])
    if person is NOBODY:
        raise Problem(401, "this is no token of this receiver", reason="token")
    value = await call.service.writer.change(lambda connection: sessions.begin(connection, shown))
    answer = JSONResponse(_person(call, person.name, person.role.name))
    answer.set_cookie(
        sessions.COOKIE, value, path="/", secure=call.service.options.secure, httponly=True, samesite="strict"
    )
    return answer


async def logout(call: Call) -> Any:
    """End the session."""
    if call.cookie:
        await call.service.writer.change(lambda connection: sessions.end(connection, call.cookie))
    answer = JSONResponse({"status": "ended"})
    answer.delete_cookie(sessions.COOKIE, path="/", httponly=True, samesite="strict")
    return answer


async def me(call: Call) -> Any:
    """Tell who asks."""
    return _person(call, call.person.name, call.person.role.name)


async def healthz(call: Call) -> Any:
    """Tell that the process answers."""
    del call
    return {"status": "ok"}


async def readyz(call: Call) -> Any:
    """Tell whether alerts can be kept."""
    if not call.service.writer.is_alive:
        raise Problem(503, "the writer has ended; start the receiver again", reason="writer")
    await call.service.look(lambda connection: connection.scalar(select(SCHEMA.c.version)))
    return {"status": "ready"}


async def metrics(call: Call) -> Response:
    """Give the receiver's own metrics."""
    text = await asyncio.to_thread(call.service.meters.text, call.service.store)
    return Response(text, media_type=_METRICS_TYPE)


def _who(call: Call) -> str:
    return str(call.body.get("who", call.person.name))


def _person(call: Call, name: str, role: str) -> dict[str, Any]:
    return {"name": name, "role": role.lower(), "alertmanager": bool(call.service.options.alertmanager_url)}


def _page(call: Call) -> tuple[int | None, int]:
    cursor = call.values.get("cursor")
    return (None if cursor is None else int(cursor)), call.values["limit"]


def _time(body: dict[str, Any], name: str, default: int) -> int:
    if name not in body:
        return default
    try:
        return read_time(body[name])
    except ValueError as error:
        raise wrong(str(error), f"/{name}") from None


async def _incident(call: Call) -> Any:
    return await call.service.look(lambda connection: incidents.one(connection, call.values["id"]))


async def _silence(call: Call, number: int) -> Any:
    def read(connection: Connection) -> Any:
        row = connection.execute(select(SILENCES).where(SILENCES.c.id == number)).mappings().one()
        return silences.shown(dict(row))

    return await call.service.look(read)


async def _rows(call: Call, table: Table, key: str, **equal: Any) -> tuple[list[dict[str, Any]], str | None]:
    before, limit = _page(call)
    wanted = select(table).order_by(table.c[key].desc()).limit(limit + 1)
    if before is not None:
        wanted = wanted.where(table.c[key] < before)
    for name, value in equal.items():
        if value is not None:
            wanted = wanted.where(table.c[name] == value)

    def read(connection: Connection) -> list[dict[str, Any]]:
        return [dict(row) for row in connection.execute(wanted).mappings()]

    rows = await call.service.look(read)
    return rows[:limit], str(rows[limit - 1][key]) if len(rows) > limit else None
