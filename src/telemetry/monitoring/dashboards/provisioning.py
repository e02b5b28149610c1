"""What tells Grafana where dashboards lie and which data sources there are (file provisioning)."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.monitoring.document import as_yaml

from .sources import LOGS, LOGS_TYPE, LONG_TERM, PROMETHEUS


def provisioning_files() -> Mapping[str, str]:
    """Give the files; addresses stand in the environment, with those of `compose.yaml` where none is set."""
    return {
        "provisioning/dashboards/telemetry.yaml": as_yaml(_provider()),
        "provisioning/datasources/telemetry.yaml": as_yaml(_sources()),
    }


def _provider() -> Mapping[str, object]:
    provider = {
        "name": "telemetry",
        "orgId": 1,
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": "/etc/grafana/dashboards", "foldersFromFilesStructure": True},
    }
    return {"apiVersion": 1, "providers": [provider]}


def _sources() -> Mapping[str, object]:
    short, long, logs = (
        _source(PROMETHEUS, "prometheus", "${PROMETHEUS_URL}", isDefault=True),
        _source(LONG_TERM, "prometheus", "${VICTORIAMETRICS_URL}"),
        _source(LOGS, LOGS_TYPE, "${VICTORIALOGS_URL}"),
    )
    short["jsonData"] = {"httpMethod": "POST", "timeInterval": "10s", "prometheusType": "Prometheus"}
    long["jsonData"] = {"httpMethod": "POST", "timeInterval": "30s", "prometheusType": "Prometheus"}
    return {"apiVersion": 1, "prune": True, "datasources": [short, long, logs]}


def _source(named: tuple[str, str], kind: str, url: str, **more: object) -> dict[str, object]:
    name, uid = named
    return {"name": name, "uid": uid, "type": kind, "access": "proxy", "url": url, "editable": False, **more}
