"""Sessions of the page: a cookie for a token, so that scripts never see either.

The cookie is HttpOnly and SameSite=Strict, and a request that changes something has to say where it comes from.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from .clock import MINUTE_MS, now_ms
from .tables import SESSIONS

COOKIE: Final = "telemetry_alerts"
_LASTS_MS: Final = 12 * 60 * MINUTE_MS


def begin(connection: Connection, token_hash: str) -> str:
    """Start a session for a token; give the value of its cookie. Old ones are cleared away."""
    value = secrets.token_urlsafe(32)
    connection.execute(delete(SESSIONS).where(SESSIONS.c.ends_at < now_ms()))
    row = {"hash": _hash(value), "token_hash": token_hash, "ends_at": now_ms() + _LASTS_MS}
    connection.execute(insert(SESSIONS).values(row))
    return value


def token_hash_of(connection: Connection, value: str) -> str | None:
    """Give the hash of the token that a session was begun with; None where it is over."""
    wanted = select(SESSIONS.c.token_hash).where(SESSIONS.c.hash == _hash(value), SESSIONS.c.ends_at > now_ms())
    found: str | None = connection.scalar(wanted)
    return found


def end(connection: Connection, value: str) -> None:
    """End a session."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.hash == _hash(value)))


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
