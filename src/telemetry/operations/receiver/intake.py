"""Takes deliveries into the store: each alert's state goes to its incident, all in one transaction.

A redelivery changes nothing but the time of the last sight. An alert's own state decides, not the order of requests:
what comes late from another Alertmanager of a cluster is kept as a receipt and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from .audit import Entry, append
from .clock import now_ms
from .lives import Life, Lives
from .options import Options
from .outbox import post
from .silences import end_of_incident
from .tables import INCIDENTS, MEMBERS, RECEIPTS
from .webhook import Alert, Delivery, receipt_key

_AT_ONCE: Final = 500  # SQLite takes some thousand values in a statement


@final
class Intake:
    """Takes a batch of deliveries within one transaction."""

    def __init__(self, connection: Connection, options: Options) -> None:
        self._connection = connection
        self._options = options
        self._now = now_ms()
        self.counts: Counter[str] = Counter()
        self.latencies_ms: list[int] = []

    def take(self, deliveries: Sequence[tuple[str, Delivery]]) -> list[dict[str, int]]:
        """Keep deliveries, each with the name of its sender; give for each what became of its alerts."""
        alerts = [alert for _, each in deliveries for alert in each.alerts]
        known = self._known_receipts(
            receipt_key(each.group_key, alert) for _, each in deliveries for alert in each.alerts
        )
        lives = Lives(self._lives({alert.key for alert in alerts}), self._next_id(), self._now, self._options.reopen_ms)
        receipts: dict[str, dict[str, Any]] = {}
        answers, entries = [], []
        for sender, each in deliveries:
            tally: Counter[str] = Counter()
            for alert in each.alerts:
                key = receipt_key(each.group_key, alert)
                is_new = key not in known and key not in receipts
                outcome, life = lives.take(alert, each.external_url)
                outcome = outcome if is_new or outcome == "stored" else "repeated"
                tally[outcome] += 1
                if is_new:
                    receipts[key] = self._receipt(key, each, alert, life)
                    self.latencies_ms += [self._now - (alert.ends_ms or alert.starts_ms)]
            answers.append({"stored": tally["stored"], "repeated": tally["repeated"], "late": tally["late"]})
            entries.append(_received(sender, each, answers[-1]))
            self.counts.update(tally)
        self._keep(lives, receipts, entries)
        return answers

    def _keep(self, lives: Lives, receipts: dict[str, dict[str, Any]], entries: list[Entry]) -> None:
        touched = [life for life in lives.all() if life.is_touched]
        changed = [(change, life, detail) for life in touched for change, detail in life.changes]
        entries += [Entry("alertmanager", change, life.row["id"], detail) for change, life, detail in changed]
        if receipts:
            self._connection.execute(insert(RECEIPTS), list(receipts.values()))
        self._write(INCIDENTS, ("id",), [life.row for life in touched if life.is_new], is_new=True)
        self._write(INCIDENTS, ("id",), [life.row for life in touched if not life.is_new], is_new=False)
        members = [(each, each.pop("_new")) for life in touched for each in life.members_to_write()]
        for is_new in (True, False):
            rows = [each for each, new in members if new is is_new]
            self._write(MEMBERS, ("incident_id", "fingerprint"), rows, is_new=is_new)
        append(self._connection, entries)
        numbered = [(change, life.row, self._mark(life)) for change, life, _ in changed]
        post(self._connection, self._options.targets, numbered)
        for life in touched:
            if life.has_resolved:
                end_of_incident(self._connection, life.row["id"])

    def _mark(self, life: Life) -> int:
        """Give a number that differs between two changes of the same kind to one incident."""
        number: int = life.row["refires"] * 1000 + life.escalations
        return number * 10_000_000_000_000 + self._now

    def _write(self, table: Any, keys: tuple[str, ...], rows: list[dict[str, Any]], *, is_new: bool) -> None:
        if not rows:
            return
        if is_new:
            self._connection.execute(insert(table), rows)
            return
        statement = update(table)
        for key in keys:
            statement = statement.where(table.c[key] == bindparam(f"_{key}"))
        values = [{**row, **{f"_{key}": row[key] for key in keys}} for row in rows]
        self._connection.execute(statement, values)

    def _receipt(self, key: str, delivery: Delivery, alert: Alert, life: Life | None) -> dict[str, Any]:
        return {
            "key": key,
            "at": self._now,
            "status": alert.status,
            "fingerprint": alert.fingerprint,
            "group_key": delivery.group_key,
            "receiver": delivery.receiver,
            "starts_at": alert.starts_ms,
            "incident_id": life.row["id"] if life else None,
        }

    def _known_receipts(self, keys: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for some in _portions(set(keys)):
            found.update(self._connection.scalars(select(RECEIPTS.c.key).where(RECEIPTS.c.key.in_(some))))
        return found

    def _lives(self, keys: set[str]) -> list[Life]:
        """Give the latest incident of each key, with its alerts."""
        latest: dict[str, dict[str, Any]] = {}
        for some in _portions(keys):
            wanted = select(INCIDENTS).where(INCIDENTS.c.key.in_(some)).order_by(INCIDENTS.c.id)
            latest.update({row["key"]: dict(row) for row in self._connection.execute(wanted).mappings()})
        members: dict[int, list[dict[str, Any]]] = {}
        for ids in _portions({row["id"] for row in latest.values()}):
            wanted = select(MEMBERS).where(MEMBERS.c.incident_id.in_(ids))
            for row in self._connection.execute(wanted).mappings():
                members.setdefault(row["incident_id"], []).append(dict(row))
        return [Life(row, members.get(row["id"], ())) for row in latest.values()]

    def _next_id(self) -> int:
        return (self._connection.scalar(select(func.max(INCIDENTS.c.id))) or 0) + 1


def _received(sender: str, delivery: Delivery, outcome: dict[str, int]) -> Entry:
    detail = {
        "group_key": delivery.group_key[:500],
        "receiver": delivery.receiver[:200],
        "sha256": delivery.digest,
        "truncated": delivery.truncated,
        **outcome,
    }
    return Entry(sender, "received", None, detail)


def _portions(values: set[Any]) -> Iterable[list[Any]]:
    ordered = sorted(values)
    return (ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE))
