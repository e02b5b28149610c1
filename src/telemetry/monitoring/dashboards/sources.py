"""The data sources that dashboards read, and what provisions them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from grafana_foundation_sdk.models.common import DataSourceRef

PROMETHEUS: Final = ("Prometheus", "prometheus")
LONG_TERM: Final = ("VictoriaMetrics", "victoriametrics")
LOGS: Final = ("VictoriaLogs", "victorialogs")
"""Name and uid of each, as the provisioning has them."""

LOGS_TYPE: Final = "victoriametrics-logs-datasource"


def metrics_source() -> DataSourceRef:
    """Give the metrics that a dashboard's variable `datasource` chooses."""
    from grafana_foundation_sdk.models.common import DataSourceRef

    return DataSourceRef(type_val="prometheus", uid="${datasource}")


def logs_source() -> DataSourceRef:
    """Give the log lines that a dashboard's variable `logs` chooses."""
    from grafana_foundation_sdk.models.common import DataSourceRef

    return DataSourceRef(type_val=LOGS_TYPE, uid="${logs}")
