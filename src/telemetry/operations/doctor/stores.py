"""Read a mark back from the engines that keep signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .check import Engine, Patient
from .signals import LABEL, METRIC

Store = Callable[[Patient, str], bool]


def in_prometheus(patient: Patient, mark: str) -> bool:
    """Tell whether the metric is in an engine with Prometheus' API."""
    return bool(_result(patient.json("/api/v1/query", query=f'{METRIC}{{{LABEL}="{mark}"}}')))


def in_victoriametrics(patient: Patient, mark: str) -> bool:
    """Tell whether the metric is there, as it is stored: queries lag behind by the latency offset, 30 s by default."""
    return mark in patient.get("/api/v1/export", **{"match[]": f'{METRIC}{{{LABEL}="{mark}"}}'}).text


def in_victorialogs(patient: Patient, mark: str) -> bool:
    """Tell whether the log line is there, by its trace id or its field."""
    query = f'_time:1h AND (trace_id:="{mark}" OR {LABEL}:="{mark}")'
    return mark in patient.post("/select/logsql/query", data={"query": query}).text


def in_victoriatraces(patient: Patient, mark: str) -> bool:
    """Tell whether the span is there, by the Jaeger API."""
    from .check import FailedCheckError

    try:
        found = patient.json(f"/select/jaeger/api/traces/{mark}")
    except FailedCheckError as failed:
        if " answers 404" in str(failed):
            return False
        raise
    traces = found.get("data") if isinstance(found, dict) else None
    return any(span.get("traceID") == mark for trace in traces or () for span in trace.get("spans", ()))


def _result(body: Any) -> Any:
    return body.get("data", {}).get("result") if isinstance(body, dict) else None


STORES: Final[Mapping[str, Mapping[Engine, Store]]] = {
    "traces": {Engine.VICTORIATRACES: in_victoriatraces},
    "metrics": {Engine.VICTORIAMETRICS: in_victoriametrics, Engine.PROMETHEUS: in_prometheus},
    "logs": {Engine.VICTORIALOGS: in_victorialogs},
}
"""Which engines keep a signal, and how each is asked for a mark."""
