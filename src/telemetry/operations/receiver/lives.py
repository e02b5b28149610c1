"""The life of an incident: what an alert that fires, worsens, ends or comes back does to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, final

from .change import Change, State
from .webhook import SEVERITIES, Alert

_LATE_MS: Final = 60_000
"""A state that an alert has left is late news for a minute after; from then on it is a state again."""

_OWNER_LABELS: Final = ("owner", "team", "squad")
_RUNBOOK_NAMES: Final = ("runbook_url", "runbook")
_SUMMARY_NAMES: Final = ("summary", "title", "message", "description")
_METRIC_LABELS: Final = ("metric_name", "metric")


@final
class Life:
    """One incident with its alerts, as rows.

    Attributes:
        row: The incident.
        changes: What happened to it in this transaction, with details.
        is_new: It is not in the database yet.
        is_touched: It has to be written.
    """

    __slots__ = ("_fresh", "_members", "_to_write", "changes", "escalations", "has_resolved", "is_new", "is_touched",
                 "row")  # fmt: skip

    def __init__(self, row: dict[str, Any], members: Iterable[dict[str, Any]], *, is_new: bool = False) -> None:
        self.row = row
        self.changes: list[tuple[Change, dict[str, Any]]] = []
        self.is_new = is_new
        self.is_touched = is_new
        self.escalations = 0
        self.has_resolved = False
        self._members = {each["fingerprint"]: each for each in members}
        self._fresh: set[str] = set()
        self._to_write: set[str] = set()

    @property
    def is_open(self) -> bool:
        """Tell whether it still goes on."""
        return bool(self.row["open_key"])

    def member(self, fingerprint: str) -> dict[str, Any] | None:
        """Give an alert of it."""
        return self._members.get(fingerprint)

    def members_to_write(self) -> list[dict[str, Any]]:
        """Give copies of the alerts that changed; `_new` tells those that the database does not have."""
        return [{**self._members[each], "_new": each in self._fresh} for each in sorted(self._to_write)]

    def see(self, now: int) -> None:
        """Note that a delivery spoke of it."""
        self.is_touched = True
        self.row["deliveries"] += 1
        self.row["seen_at"] = max(now, self.row["seen_at"])

    def fire(self, alert: Alert, now: int) -> None:
        """Let an alert of it fire."""
        before = self.row["severity"] if self.is_open else ""
        was_open = self.is_open
        self._set_member(alert, now)
        worst = self._worst()
        if not was_open:
            self._reopen(now)
        elif SEVERITIES.index(worst) > SEVERITIES.index(before):
            self.escalations += 1
            self.changes.append((Change.ESCALATED, {"from": before, "to": worst}))
            if self.row["state"] == State.ACKNOWLEDGED:  # what was accepted was not this
                self.row.update(state=State.FIRING)
        self.row["severity"] = worst
        self.row.update(_told(alert))

    def end(self, alert: Alert, now: int) -> None:
        """Let an alert of it end; with its last one it is resolved."""
        self._set_member(alert, now)
        if any(each["status"] == "firing" for each in self._members.values()):
            before, worst = self.row["severity"], self._worst()
            if worst != before:
                self.changes.append((Change.EASED, {"from": before, "to": worst}))
                self.row["severity"] = worst
            return
        self.resolve(alert.ends_ms or now, now, "alertmanager", {})

    def resolve(self, ended: int, now: int, who: str, detail: dict[str, Any]) -> None:
        """Close it."""
        at = ended if self.row["opened_at"] <= ended <= now else now
        self.row.update(state=State.RESOLVED, open_key=None, resolved_at=at, resolved_by=who)
        self.changes.append((Change.RESOLVED, {"seconds": (at - self.row["opened_at"]) // 1000, **detail}))
        self.has_resolved = self.is_touched = True

    def _reopen(self, now: int) -> None:
        cleared = {"resolved_at": None, "resolved_by": None, "acknowledged_at": None, "acknowledged_by": None}
        self.row.update(state=State.FIRING, open_key=self.row["key"], seen_at=now, **cleared)
        self.row["refires"] += 1
        self.has_resolved = False
        self.changes.append((Change.REFIRED, {"times": self.row["refires"]}))

    def _set_member(self, alert: Alert, now: int) -> None:
        if alert.fingerprint not in self._members:
            self._fresh.add(alert.fingerprint)
        self._to_write.add(alert.fingerprint)
        self._members[alert.fingerprint] = {
            "incident_id": self.row["id"],
            "fingerprint": alert.fingerprint,
            "status": alert.status,
            "severity": alert.severity,
            "starts_at": alert.starts_ms,
            "ends_at": alert.ends_ms,
            "changed_at": now,
            "labels": _dumped(alert.labels),
        }

    def _worst(self) -> str:
        firing = [each["severity"] for each in self._members.values() if each["status"] == "firing"]
        return str(max(firing, key=SEVERITIES.index))


@final
class Lives:
    """The incidents that a batch of alerts is about."""

    def __init__(self, known: Sequence[Life], next_id: int, now: int, reopen_ms: int) -> None:
        self._latest = {each.row["key"]: each for each in known}
        self._all = list(known)
        self._next_id = next_id
        self._now = now
        self._reopen_ms = reopen_ms

    def all(self) -> list[Life]:
        """Give all of them."""
        return self._all

    def take(self, alert: Alert, external_url: str) -> tuple[str, Life | None]:
        """Let an alert act; give what became of it (`stored`, `repeated`, `late`), and its incident."""
        life = self._latest.get(alert.key)
        member = life.member(alert.fingerprint) if life else None
        if life is None or (member is None and not life.is_open):
            return self._begin(alert, external_url, life)
        life.see(self._now)
        if member is None:
            life.fire(alert, self._now) if alert.status == "firing" else life.end(alert, self._now)
            return "stored", life
        return self._again(alert, external_url, life, member)

    def _begin(self, alert: Alert, external_url: str, before: Life | None) -> tuple[str, Life]:
        """Open an incident, or the one before again; an alert that was missed while it fired is written down too."""
        if before and alert.status == "firing" and self._is_soon_after(before):
            before.see(self._now)
            before.fire(alert, self._now)
            return "stored", before
        life = Life(self._new_row(alert, external_url), (), is_new=True)
        self._next_id += 1
        self._latest[alert.key] = life
        self._all.append(life)
        life.changes.append((Change.OPENED, {"severity": alert.severity, "labels": alert.labels}))
        if alert.status == "firing":
            life.fire(alert, self._now)
        else:
            life.row.update(_told(alert))
            life.end(alert, self._now)
        return "stored", life

    def _again(self, alert: Alert, external_url: str, life: Life, member: dict[str, Any]) -> tuple[str, Life]:
        is_older, is_newer = alert.starts_ms < member["starts_at"], alert.starts_ms > member["starts_at"]
        if alert.status == member["status"]:
            if is_newer and alert.status == "firing":
                life.fire(alert, self._now)
            return ("stored" if is_newer else "repeated"), life
        just_left = not is_newer and self._now - member["changed_at"] < _LATE_MS
        if is_older or (alert.status == "firing" and just_left):
            return "late", life
        if alert.status == "resolved":
            life.end(alert, self._now)
        elif life.is_open or self._is_soon_after(life):
            life.fire(alert, self._now)
        else:
            return self._begin(alert, external_url, None)
        return "stored", life

    def _is_soon_after(self, life: Life) -> bool:
        resolved = life.row["resolved_at"]
        return resolved is not None and self._now - resolved <= self._reopen_ms

    def _new_row(self, alert: Alert, external_url: str) -> dict[str, Any]:
        return {
            "id": self._next_id,
            "key": alert.key,
            "open_key": alert.key,
            "state": State.FIRING,
            "severity": alert.severity,
            "external_url": external_url[:2000],
            "opened_at": min(max(alert.starts_ms, 0), self._now),
            "seen_at": self._now,
            "acknowledged_at": None,
            "acknowledged_by": None,
            "resolved_at": None,
            "resolved_by": None,
            "refires": 0,
            "deliveries": 1,
            **_told(alert),
        }


def _told(alert: Alert) -> dict[str, Any]:
    """Give what the latest alert says of its incident."""
    labels, annotations = alert.labels, alert.annotations
    return {
        "alertname": labels.get("alertname", "unnamed"),
        "metric_name": _first(labels, _METRIC_LABELS),
        "environment": labels.get("environment", ""),
        "squad": labels.get("squad", ""),
        "owner": _first(labels, _OWNER_LABELS) or annotations.get("owner", ""),
        "summary": _first(annotations, _SUMMARY_NAMES)[:1000],
        "runbook_url": _first(annotations, _RUNBOOK_NAMES) or _first(labels, _RUNBOOK_NAMES),
        "labels": _dumped(labels),
        "annotations": _dumped(annotations),
        "generator_url": alert.generator_url[:2000],
    }


def _first(values: dict[str, str], names: Sequence[str]) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def _dumped(value: dict[str, str]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
