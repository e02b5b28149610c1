"""The tables of the receiver, for SQLite and PostgreSQL alike; times are milliseconds since 1970."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

SCHEMA_VERSION: Final = 1
"""Raised with each change of a table; a receiver refuses a database that is newer than it."""

METADATA: Final = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")  # only so SQLite numbers the rows itself

SCHEMA: Final = Table("alert_schema", METADATA, Column("version", Integer, primary_key=True))

CHAIN: Final = Table(  # one row: the head of the audit log, which each writer locks first
    "alert_chain",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

RECEIPTS: Final = Table(
    "alert_receipts",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("group_key", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("incident_id", BigInteger),
)

INCIDENTS: Final = Table(
    "alert_incidents",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    Column("key", String(64), nullable=False),
    Column("open_key", String(64), unique=True),  # the key while it is open: nobody can open it twice
    Column("state", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("alertname", Text, nullable=False),
    Column("metric_name", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("squad", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("runbook_url", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("annotations", Text, nullable=False),
    Column("generator_url", Text, nullable=False),
    Column("external_url", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", Text),
    Column("resolved_at", BigInteger),
    Column("resolved_by", Text),
    Column("refires", Integer, nullable=False),
    Column("deliveries", Integer, nullable=False),
    Index("alert_incidents_key", "key", "id"),
    Index("alert_incidents_state", "state", "id"),
)

MEMBERS: Final = Table(  # the alerts of an incident: one for each severity, or other label that is not in its key
    "alert_members",
    METADATA,
    Column("incident_id", BigInteger, primary_key=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
    Column("labels", Text, nullable=False),
    Index("alert_members_fingerprint", "fingerprint"),
)

AUDIT: Final = Table(
    "alert_audit",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(40), nullable=False),
    Column("incident_id", BigInteger),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("alert_audit_incident", "incident_id", "seq"),
)

SILENCES: Final = Table(
    "alert_silences",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("mark", String(32), nullable=False, unique=True),  # stands in the comment: a repeated request finds itself
    Column("kind", String(20), nullable=False),
    Column("incident_id", BigInteger),
    Column("state", String(12), nullable=False),
    Column("matchers", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("approver", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("alertmanager_id", Text),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Index("alert_silences_state", "state", "next_at"),
)

OUTBOX: Final = Table(
    "alert_outbox",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("mark", String(160), nullable=False, unique=True),  # one message for one change of one incident
    Column("target", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("incident_id", BigInteger, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("line", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("sent_at", BigInteger),
    Index("alert_outbox_state", "state", "target", "id"),
)

SESSIONS: Final = Table(
    "alert_sessions",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("token_hash", String(64), nullable=False),
    Column("ends_at", BigInteger, nullable=False),
)
