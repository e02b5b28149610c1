"""What a panel asks of its data source."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING, Final

from telemetry.monitoring.description import PanelDescription, PanelQuery

from .sources import logs_source

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders import loki, prometheus

_TABLES: Final = ("table", "barchart")


def targets(panel: PanelDescription) -> list[prometheus.Dataquery]:
    """Write the queries of a panel, `A` first."""
    return [_target(panel, query, ref) for query, ref in zip(panel.queries, ascii_uppercase, strict=False)]


def _target(panel: PanelDescription, query: PanelQuery, ref: str) -> prometheus.Dataquery:
    from grafana_foundation_sdk.builders.prometheus import Dataquery
    from grafana_foundation_sdk.models.prometheus import PromQueryFormat

    target = Dataquery().expr(query.expression).legend_format(query.legend).ref_id(ref)
    target = target.instant() if panel.now else target.range()
    if panel.kind == "heatmap":
        return target.format(PromQueryFormat.HEATMAP)
    return target.format(PromQueryFormat.TABLE if panel.kind in _TABLES else PromQueryFormat.TIME_SERIES)


def log_target(panel: PanelDescription) -> loki.Dataquery:
    """Write the query of log lines, in LogsQL: those of the events, in the environments that are chosen.

    The names are those that lines have in the store: an event is the message there, and a line says `env`.
    """
    from grafana_foundation_sdk.builders.loki import Dataquery

    names = ",".join(f'"{name}"' for name in panel.events)
    expression = f'_msg:in({names}) env:~"${{environment:regex}}"'
    return Dataquery().expr(expression).ref_id("A").query_type("instant").datasource(logs_source())
