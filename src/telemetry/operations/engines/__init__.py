"""Real servers on 127.0.0.1 for a while: Prometheus, Alertmanager, VictoriaMetrics, node_exporter."""

from __future__ import annotations

from .backfill import backfill_prometheus, backfill_victoria_metrics
from .known import alertmanager, node_exporter, prometheus, victoria_metrics, vmalert
from .port import free_port
from .program import PROGRAMS, Program
from .queries import QueryApi, Series
from .server import Server

__all__ = (
    "PROGRAMS",
    "Program",
    "QueryApi",
    "Series",
    "Server",
    "alertmanager",
    "backfill_prometheus",
    "backfill_victoria_metrics",
    "free_port",
    "node_exporter",
    "prometheus",
    "victoria_metrics",
    "vmalert",
)
