"""The audit log: rows that are only added, each with a hash over the one before it.

Whoever changes, removes or inserts a row breaks the chain there. Rows cut off at the end show where the head was kept
elsewhere: `telemetry alerts audit verify` prints it, and takes it back with `--head`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from sqlalchemy import Connection, insert, select, update

from .clock import now_ms, written
from .store import START_HASH
from .tables import AUDIT, CHAIN


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """Something that somebody did, or that happened."""

    actor: str
    action: str
    incident_id: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """Where the chain is broken."""

    seq: int
    problem: str


@final
@dataclass(frozen=True, slots=True)
class Proof:
    """What checking the chain gave.

    Attributes:
        rows: How many rows were read.
        head: The last row, as `seq:hash`: kept elsewhere, it tells later whether rows were cut off.
        finding: The first row that is not as it was written; None where all are.
    """

    rows: int
    head: str
    finding: Finding | None


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Add rows; the transaction holds the head."""
    if not entries:
        return
    head = connection.execute(select(CHAIN.c.seq, CHAIN.c.hash)).one()
    seq, previous, at = head.seq, head.hash, now_ms()
    rows = []
    for each in entries:
        seq += 1
        row = {
            "seq": seq,
            "at": at,
            "actor": each.actor,
            "action": each.action,
            "incident_id": each.incident_id,
            "detail": _canonical(each.detail),
        }
        digest = _link(previous, row)
        rows.append({**row, "previous": previous, "hash": digest})
        previous = digest
    connection.execute(insert(AUDIT), rows)
    connection.execute(update(CHAIN).values(seq=seq, hash=previous))


def verify(connection: Connection, kept_head: str | None = None) -> Proof:
    """Follow the chain from its first row.

    Args:
        connection: Of the database.
        kept_head: A head that an earlier check gave, as `seq:hash`.
    """
    previous, expected = START_HASH, 0
    kept_seq, _, kept_hash = (kept_head or "").partition(":")
    seen_kept = kept_head is None
    finding: Finding | None = None
    for row in _rows(connection):
        expected += 1
        finding = _broken(row, expected, previous)
        if finding:
            break
        previous = row["hash"]
        if str(expected) == kept_seq:
            seen_kept = True
            if previous != kept_hash:
                finding = Finding(expected, "its hash is not the one that was kept: the log was written anew")
                break
    head = connection.execute(select(CHAIN.c.seq, CHAIN.c.hash)).one()
    if finding is None and (head.seq, head.hash) != (expected, previous):
        finding = Finding(expected + 1, f"the log ends here, but its head says {head.seq} rows: rows were cut off")
    if finding is None and not seen_kept:
        finding = Finding(expected + 1, f"the log ends here, but the kept head is of row {kept_seq}: rows were cut off")
    return Proof(expected, f"{expected}:{previous}", finding)


def _broken(row: dict[str, Any], expected: int, previous: str) -> Finding | None:
    if row["seq"] != expected:
        return Finding(expected, f"this row is missing; the next one is {row['seq']}")
    if row["previous"] != previous:
        return Finding(expected, "it does not follow the row before it: a row was put in, or that one was changed")
    if row["hash"] != _link(previous, row):
        return Finding(expected, "its content is not what its hash was made of: it was changed")
    return None


def exported(connection: Connection) -> Iterator[dict[str, Any]]:
    """Give all rows, the oldest first, as JSON has them."""
    return (shown(row) for row in _rows(connection))


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Give a row as JSON has it."""
    try:
        detail = json.loads(row["detail"])
    except ValueError:  # somebody changed it; checking the chain tells so
        detail = {"text": row["detail"]}
    return {**row, "at": written(row["at"]), "at_ms": row["at"], "detail": detail}


def _rows(connection: Connection) -> Iterator[dict[str, Any]]:
    found = connection.execution_options(yield_per=1000).execute(select(AUDIT).order_by(AUDIT.c.seq))
    return (dict(row) for row in found.mappings())


def _link(previous: str, row: dict[str, Any]) -> str:
    content = {name: row[name] for name in ("seq", "at", "actor", "action", "incident_id", "detail")}
    return hashlib.sha256((previous + _canonical(content)).encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
