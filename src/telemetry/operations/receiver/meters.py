"""What the receiver measures of itself, as the pack `alerts` has it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final, final

from sqlalchemy import func, select

from telemetry.contracts import load_registry
from telemetry.export import prometheus_text
from telemetry.metrics import ExecutionMetrics

from . import outbox, silences
from .store import Store
from .tables import INCIDENTS
from .webhook import SEVERITIES

_SERIES: Final = 200


@final
class Meters:
    """The receiver's own metrics."""

    def __init__(self, environment: str) -> None:
        registry = load_registry(packs=["alerts"])
        self._metrics = ExecutionMetrics(registry, ambient={"environment": environment}, limit=_SERIES)
        self._lock = threading.Lock()

    def taken(self, outcomes: Mapping[str, int], latencies_ms: list[int]) -> None:
        """Count alerts that were kept, and how old they were."""
        with self._lock:
            for outcome, count in outcomes.items():
                self._metrics.record("alerts_received_total", count, result=outcome)
            for each in latencies_ms:
                self._metrics.record("alert_delivery_seconds", max(each, 0) / 1000)

    def committed(self, seconds: float) -> None:
        """Note how long a request waited until its alerts were on disk."""
        with self._lock:
            self._metrics.record("alert_commit_seconds", seconds)

    def refused(self, reason: str) -> None:
        """Count a request that was refused."""
        with self._lock:
            self._metrics.record("alert_requests_refused_total", reason=reason)

    def relayed(self, outcome: str, count: int = 1) -> None:
        """Count messages to webhooks."""
        with self._lock:
            self._metrics.record("alert_relay_messages_total", count, result=outcome)

    def silence(self, outcome: str) -> None:
        """Count requests for silences."""
        with self._lock:
            self._metrics.record("alert_silence_requests_total", result=outcome)

    def text(self, store: Store) -> bytes:
        """Give all of it in Prometheus' text format; what is a state is looked up now."""
        with store.read() as connection:
            still = select(INCIDENTS.c.severity, func.count()).where(INCIDENTS.c.open_key.is_not(None))
            incidents = {row[0]: row[1] for row in connection.execute(still.group_by(INCIDENTS.c.severity))}
            messages = outbox.counts(connection)
            wishes = silences.counts(connection)
        with self._lock:
            for severity in SEVERITIES:
                self._metrics.record("alert_incidents_open", incidents.get(severity, 0), level=severity)
            self._metrics.record("alert_relay_waiting", messages.get("waiting", 0))
            self._metrics.record("alert_silences_waiting", wishes.get("pending", 0) + wishes.get("ending", 0))
            return prometheus_text(self._metrics.families())
