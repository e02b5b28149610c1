"""Makes Alertmanager follow the silences of the store, and finds out what ended under them.

Alertmanager sends no `resolved` for an alert that is silenced, so the incidents that are acknowledged are looked up
there; what it does not list in two rounds is over. One that has just started lists nothing, and is not asked.
"""

from __future__ import annotations

import time
from typing import Any, Final, final

from sqlalchemy import select

from . import actions, silences
from .alertmanager import Alertmanager, RefusedError, UnreachableError
from .audit import Entry, append
from .change import Change, State
from .meters import Meters
from .options import Options
from .outbox import post
from .store import Store
from .tables import INCIDENTS, MEMBERS

_FIRST_PAUSE_MS: Final = 1_000
_LONGEST_PAUSE_MS: Final = 60_000
_ROUNDS: Final = 2
_MOST_A_TURN: Final = 50


@final
class Keeper:
    """Keeps Alertmanager and the store together; one thread calls it."""

    def __init__(self, store: Store, options: Options, meters: Meters) -> None:
        self._store = store
        self._options = options
        self._meters = meters
        self._alertmanager = (
            Alertmanager(options.alertmanager_url, options.alertmanager_headers) if options.alertmanager_url else None
        )
        self._absent: dict[int, int] = {}
        self._next_look = 0.0

    def close(self) -> None:
        """Close the connections."""
        if self._alertmanager:
            self._alertmanager.close()

    def turn(self) -> None:
        """Bring wishes to Alertmanager, and look what ended."""
        self._lapse()
        for _ in range(_MOST_A_TURN):
            with self._store.read() as connection:
                waiting = sum(silences.counts(connection).get(state, 0) for state in ("pending", "ending"))
            if not waiting or not self._fulfil():
                break
        if self._alertmanager and time.monotonic() >= self._next_look:
            self._look(self._alertmanager)
            self._next_look = time.monotonic() + max(self._options.poll_ms, 1000) / 1000

    def _lapse(self) -> None:
        with self._store.read() as connection:
            over = silences.is_over(connection)
        if not over:
            return
        with self._store.write() as connection:
            for incident_id in actions.lapse(connection):
                row = connection.execute(select(INCIDENTS).where(INCIDENTS.c.id == incident_id)).mappings().one()
                post(connection, self._options.targets, [(Change.LAPSED, dict(row), time.time_ns())])

    def _fulfil(self) -> bool:
        """Bring one wish; tell whether there was one."""
        with self._store.write() as connection:
            row = silences.claim(connection)
        if row is None:
            return False
        values: dict[str, Any]
        try:
            values = {**self._ask(row), "error": ""}
        except UnreachableError as error:
            pause = min(_FIRST_PAUSE_MS << min(row["attempts"], 10), _LONGEST_PAUSE_MS)
            values = {"error": str(error), "next_at": time.time_ns() // 1_000_000 + pause}
            self._meters.silence("failed")
        except RefusedError as error:
            values = {"state": "refused", "error": str(error)}
            self._meters.silence("refused")
        else:
            self._meters.silence("done")
        with self._store.write() as connection:
            silences.settle(connection, row["id"], was=row["state"], **values)
            self._note(connection, row, values)
        return True

    def _ask(self, row: dict[str, Any]) -> dict[str, Any]:
        """Bring a wish to Alertmanager; without one the wish is all there is, and ends in its time."""
        if row["state"] == "ending":
            if self._alertmanager:
                self._alertmanager.unsilence(row)
            return {"state": "ended"}
        made = self._alertmanager.silence(row) if self._alertmanager else None
        return {"state": "active", "alertmanager_id": made}

    def _note(self, connection: Any, row: dict[str, Any], values: dict[str, Any]) -> None:
        if "state" not in values:
            return
        detail = {"silence": row["id"], "state": values["state"], "error": values["error"]}
        detail["alertmanager_id"] = values.get("alertmanager_id") or row["alertmanager_id"]
        append(connection, [Entry("receiver", "silence", row["incident_id"], detail)])

    def _look(self, alertmanager: Alertmanager) -> None:
        watched = self._acknowledged()
        self._absent = {each: count for each, count in self._absent.items() if each in watched}
        if not watched:
            return
        try:
            if alertmanager.up_ms() < self._options.settle_ms:
                return
            firing = alertmanager.firing()
        except (UnreachableError, RefusedError):
            return
        for incident_id, fingerprints in watched.items():
            is_gone = not fingerprints & firing
            self._absent[incident_id] = self._absent.get(incident_id, 0) + 1 if is_gone else 0
            if self._absent[incident_id] >= _ROUNDS:
                self._close(incident_id)

    def _acknowledged(self) -> dict[int, set[str]]:
        joined = MEMBERS.join(INCIDENTS, MEMBERS.c.incident_id == INCIDENTS.c.id)
        wanted = (
            select(MEMBERS.c.incident_id, MEMBERS.c.fingerprint)
            .select_from(joined)
            .where(INCIDENTS.c.state == State.ACKNOWLEDGED, MEMBERS.c.status == "firing")
        )
        found: dict[int, set[str]] = {}
        with self._store.read() as connection:
            for incident_id, fingerprint in connection.execute(wanted):
                found.setdefault(incident_id, set()).add(fingerprint)
        return found

    def _close(self, incident_id: int) -> None:
        with self._store.write() as connection:
            row = connection.execute(select(INCIDENTS).where(INCIDENTS.c.id == incident_id)).mappings().one()
            if row["state"] == State.ACKNOWLEDGED:
                detail = {"seen": "Alertmanager lists it no more"}
                actions.close(connection, dict(row), actor="receiver", resolved_by="alertmanager", detail=detail)
                post(connection, self._options.targets, [(Change.RESOLVED, dict(row), time.time_ns())])
