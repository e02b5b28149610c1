"""The variables of a dashboard: what people choose above it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from telemetry.contracts import Registry
from telemetry.monitoring.description import DashboardDescription

from .banner import METRIC
from .sources import LOGS, LOGS_TYPE, LONG_TERM, PROMETHEUS, metrics_source


def variables(dashboard: DashboardDescription, registry: Registry) -> Iterator[Any]:
    """Make the data sources, the labels to filter by, and the values of a planned trajectory."""
    from grafana_foundation_sdk.builders.dashboard import DatasourceVariable

    name, uid = LONG_TERM if dashboard.long_term else PROMETHEUS
    yield DatasourceVariable("datasource").label("Metrics").type("prometheus").current(_option(name, uid))
    if any(panel.kind == "logs" for panel in dashboard.panels):
        yield DatasourceVariable("logs").label("Logs").type(LOGS_TYPE).current(_option(*LOGS))
    for label in dashboard.variables:
        yield _label(label, _metric_with(label, dashboard, registry))
    yield from _plan(dashboard)


def _option(text: str, value: str) -> Any:
    from grafana_foundation_sdk.models.dashboard import VariableOption

    return VariableOption(selected=True, text=text, value=value)


def _label(label: str, metric: str) -> Any:
    from grafana_foundation_sdk.builders.dashboard import QueryVariable
    from grafana_foundation_sdk.models.dashboard import VariableRefresh, VariableSort

    return (
        QueryVariable(label)
        .label(label.replace("_", " ").capitalize())
        .description(f"Show series of which the label {label} has one of these values.")
        .datasource(metrics_source())
        .query(f"label_values({metric}, {label})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(_option("All", "$__all"))
    )


def _metric_with(label: str, dashboard: DashboardDescription, registry: Registry) -> str:
    """Name a series that has the label: of the dashboard's own metrics, so that what is offered has data."""
    used = [query.query for panel in dashboard.panels for query in panel.queries if query.query]
    names = sorted(
        f"{each.metric.name}_count" if each.metric.kind in ("histogram", "summary") else each.metric.name
        for each in used
        if label in each.metric.labels
    )
    known = METRIC if METRIC in registry.metrics and label in registry.metrics[METRIC].labels else ""
    return names[0] if names else known


def _plan(dashboard: DashboardDescription) -> Iterator[Any]:
    if dashboard.plan is None:
        return
    from grafana_foundation_sdk.builders.dashboard import TextBoxVariable

    plan = dashboard.plan
    values = {
        "plan_start": ("Plan: start (Unix time)", f"{_unix(plan.start)}"),
        "plan_end": ("Plan: end (Unix time)", f"{_unix(plan.end)}"),
        "plan_from": ("Plan: value at its start", f"{plan.high:g}"),
        "plan_to": ("Plan: value at its end", f"{plan.low:g}"),
    }
    for name, (label, value) in values.items():
        yield TextBoxVariable(name).label(label).default_value(value).current(_option(value, value))


def _unix(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
