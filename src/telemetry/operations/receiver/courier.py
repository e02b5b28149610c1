"""Brings messages from the outbox to the webhooks: within their rate, as long as it takes.

A message is taken out only when the webhook has answered. A process that dies in between leaves it for the next one,
which may send it a second time; nothing is sent never.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any, Final, final

import httpx

from . import outbox
from .bucket import Bucket
from .messages import message
from .meters import Meters
from .options import Options
from .store import Store
from .targets import Target

_TIMEOUT_SECONDS: Final = 10.0
_FIRST_PAUSE_MS: Final = 1_000
_LONGEST_PAUSE_MS: Final = 300_000
_FOR_GOOD: Final = frozenset({400, 401, 403, 404, 405, 410, 413, 422})


@final
class Courier:
    """Sends what waits; one thread calls it."""

    def __init__(self, store: Store, options: Options, meters: Meters) -> None:
        self._store = store
        self._page_url = options.page_url
        self._meters = meters
        self._targets = [(each, Bucket(each.per_minute)) for each in options.targets]
        self._not_before = {each.name: 0.0 for each in options.targets}
        self._http = httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def turn(self) -> None:
        """Send what is due to each webhook, a message each."""
        for target, bucket in self._targets:
            if time.monotonic() < self._not_before[target.name]:
                continue
            with self._store.read() as connection:
                is_due = outbox.is_due(connection, target.name)
            if is_due and self._may_send(target, bucket):
                self._send(target)

    def _may_send(self, target: Target, bucket: Bucket) -> bool:
        pause = bucket.take()
        if pause:
            self._meters.relayed("limited")
            self._not_before[target.name] = time.monotonic() + pause
        return not pause

    def _send(self, target: Target) -> None:
        with self._store.write() as connection:
            rows = outbox.claim(connection, target.name)
        if not rows:
            return
        try:
            answer = self._http.post(target.url, json=message(target.kind, rows, self._page_url))
        except httpx.HTTPError as error:
            self._put_back(target, rows, type(error).__name__, None)
            return
        if answer.is_success:
            with self._store.write() as connection:
                outbox.sent(connection, rows)
            self._meters.relayed("sent", len(rows))
        elif answer.status_code in _FOR_GOOD:
            with self._store.write() as connection:
                outbox.refuse(connection, rows, f"the webhook answered {answer.status_code}")
            self._meters.relayed("refused", len(rows))
        else:
            self._put_back(target, rows, f"the webhook answered {answer.status_code}", _retry_after(answer))

    def _put_back(self, target: Target, rows: Sequence[dict[str, Any]], error: str, after_ms: int | None) -> None:
        attempts = min(max(row["attempts"] for row in rows), 12)
        pause = after_ms if after_ms is not None else min(_FIRST_PAUSE_MS << attempts, _LONGEST_PAUSE_MS)
        pause += random.randint(0, max(pause // 10, 1))  # noqa: S311 - so that several receivers do not come together
        self._not_before[target.name] = time.monotonic() + pause / 1000
        with self._store.write() as connection:
            outbox.put_back(connection, rows, error, pause)
        self._meters.relayed("limited" if after_ms is not None else "failed")


def _retry_after(answer: httpx.Response) -> int | None:
    """Give how long a webhook asks to be left alone (RFC 9110, section 10.2.3, in seconds; Discord sends fractions)."""
    try:
        seconds = float(answer.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return int(min(max(seconds, 0.1), 3600) * 1000) if seconds == seconds else None  # noqa: PLR0124 - NaN
