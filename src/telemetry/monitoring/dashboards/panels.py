"""Panels of Grafana, kind by kind; what all of them share is put on in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from string import ascii_uppercase
from typing import Any, Final

from telemetry.monitoring.description import Kind, PanelDescription, PanelQuery

from .identity import panel_id
from .sources import logs_source, metrics_source
from .targets import log_target, targets
from .thresholds import Limit, thresholds
from .units import grafana_unit

Builder = Any
"""A panel's builder of the SDK: each kind has a class of its own, with the same methods."""

_MISSING: Final = "no data"
_CSV: Final = "/d/{uid}?inspect={number}&inspectTab=data&${{__url_time_range}}&${{__all_variables}}"


def build_panel(uid: str, panel: PanelDescription, limits: Sequence[Limit]) -> Builder:
    """Make the panel of a dashboard.

    Args:
        uid: The dashboard's.
        panel: What it shows.
        limits: The thresholds of its alert.
    """
    number = panel.number or panel_id(uid, panel.title)
    built = _KINDS[panel.kind](panel).id(number).title(panel.title).description(panel.description)
    built = built.span(panel.width).height(panel.height)
    if panel.kind in ("text", "alerts"):
        return built
    if panel.kind == "logs":
        return built.datasource(logs_source()).with_target(log_target(panel))
    built = built.datasource(metrics_source()).unit(grafana_unit(panel.unit)).targets(targets(panel))
    built = _units_of_queries(panel, built.no_value(_MISSING))
    if panel.limits and panel.kind in ("gauge", "bargauge", "stat"):
        built = built.min(panel.limits[0]).max(panel.limits[1])
    if limits or panel.kind in ("stat", "gauge", "bargauge"):
        built = built.thresholds(thresholds(limits))
    return built.links([_csv_link(uid, number)]) if panel.kind == "table" else built


def _units_of_queries(panel: PanelDescription, built: Builder) -> Builder:
    """Give each query whose unit is another one than the panel's its own."""
    from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

    for query, ref in zip(panel.queries, ascii_uppercase, strict=False):
        unit = grafana_unit(query.unit or panel.unit)
        if unit != grafana_unit(panel.unit):
            value = [DynamicConfigValue(id_val="unit", value=unit)]
            named = panel.kind in ("table", "barchart")
            heading = _heading(panel, query)
            built = built.override_by_name(heading, value) if named else built.override_by_query(ref, value)
    return built


def _csv_link(uid: str, number: int) -> Builder:
    from grafana_foundation_sdk.builders.dashboard import DashboardLink
    from grafana_foundation_sdk.models.dashboard import DashboardLinkType

    url = _CSV.format(uid=uid, number=number)
    return DashboardLink("Download as CSV").type(DashboardLinkType.LINK).url(url)


def _legend() -> Builder:
    from grafana_foundation_sdk.builders.common import VizLegendOptions
    from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement

    return (
        VizLegendOptions()
        .show_legend(True)
        .display_mode(LegendDisplayMode.TABLE)
        .placement(LegendPlacement.BOTTOM)
        .calcs(["lastNotNull", "max"])
    )


def _last() -> Builder:
    from grafana_foundation_sdk.builders.common import ReduceDataOptions

    return ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def _timeseries(panel: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import common, timeseries
    from grafana_foundation_sdk.models.common import GraphThresholdsStyleMode, StackingMode, VisibilityMode

    built = timeseries.Panel().legend(_legend()).show_points(VisibilityMode.NEVER).line_width(2)
    built = built.fill_opacity(60 if panel.stacked else 8)
    if panel.stacked:
        built = built.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    if panel.alerts:
        built = built.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.LINE))
    return built


def _stat(panel: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import stat
    from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode, BigValueTextMode

    colour = BigValueColorMode.BACKGROUND if panel.alerts else BigValueColorMode.VALUE
    text = BigValueTextMode.AUTO if panel.queries[1:] or _has_labels(panel) else BigValueTextMode.VALUE
    graph = BigValueGraphMode.NONE if panel.now else BigValueGraphMode.AREA
    return stat.Panel().reduce_options(_last()).color_mode(colour).graph_mode(graph).text_mode(text)


def _has_labels(panel: PanelDescription) -> bool:
    return any("{{" in query.legend for query in panel.queries)


def _gauge(_: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import gauge

    return gauge.Panel().reduce_options(_last())


def _bargauge(_: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import bargauge
    from grafana_foundation_sdk.models.common import BarGaugeDisplayMode, VizOrientation

    built = bargauge.Panel().reduce_options(_last()).orientation(VizOrientation.HORIZONTAL)
    return built.display_mode(BarGaugeDisplayMode.GRADIENT)


def _barchart(panel: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import barchart
    from grafana_foundation_sdk.models.common import StackingMode

    built = barchart.Panel().legend(_legend()).fill_opacity(80)
    built = built.stacking(StackingMode.NORMAL) if panel.stacked else built
    return built.transformations(_tidy(panel))


def _donut(_: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import piechart
    from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
    from grafana_foundation_sdk.models.piechart import PieChartLabels, PieChartType

    legend = piechart.PieChartLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
    built = piechart.Panel().pie_type(PieChartType.DONUT).reduce_options(_last())
    return built.legend(legend.placement(LegendPlacement.RIGHT)).display_labels([PieChartLabels.PERCENT])


def _heatmap(panel: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import heatmap
    from grafana_foundation_sdk.models.heatmap import HeatmapColorMode

    colour = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
    axis = heatmap.YAxisConfig().unit(grafana_unit(_axis_unit(panel)))
    return heatmap.Panel().calculate(False).color(colour).y_axis(axis).show_legend()


def _axis_unit(panel: PanelDescription) -> str:
    query = panel.queries[0].query if panel.queries else None
    return query.metric.unit if query and query.show == "heatmap" else "none"


def _histogram(_: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import histogram

    return histogram.Panel().legend(_legend()).fill_opacity(80)


def _table(panel: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import table

    return table.Panel().filterable(True).transformations(_tidy(panel))


def _tidy(panel: PanelDescription) -> list[Any]:
    """Make one row of each series: its labels, then the answer to each query under its legend."""
    from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

    several = len(panel.queries) > 1
    refs = zip(panel.queries, ascii_uppercase, strict=False)
    renamed = {f"Value #{ref}" if several else "Value": _heading(panel, query) for query, ref in refs}
    return [
        *([DataTransformerConfig(id_val="merge", options={})] if several else []),
        DataTransformerConfig(id_val="organize", options={"excludeByName": {"Time": True}, "renameByName": renamed}),
    ]


def _heading(panel: PanelDescription, query: PanelQuery) -> str:
    """Name the column of an answer: labels have columns of their own."""
    plain = query.legend.partition("{{")[0].strip()
    if plain and plain != "__auto":
        return plain
    return query.query.show if query.query else panel.title


def _timeline(_: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import statetimeline
    from grafana_foundation_sdk.models.common import VisibilityMode

    return statetimeline.Panel().show_value(VisibilityMode.AUTO).fill_opacity(70)


def _logs(_: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import logs

    return logs.Panel().show_time(True).wrap_log_message(True).enable_log_details(True)


def _alerts(_: PanelDescription) -> Builder:
    # The SDK has no builder of this kind; its options are those that Grafana writes.
    from grafana_foundation_sdk.builders import dashboard

    states = {"firing": True, "pending": True, "noData": False, "normal": False, "error": True}
    options = {"alertName": "", "dashboardAlerts": False, "groupMode": "default", "maxItems": 20, "sortOrder": 3}
    built = dashboard.Panel().type("alertlist")
    return built.options({**options, "stateFilter": states, "datasource": "${datasource}"})


def _text(panel: PanelDescription) -> Builder:
    from grafana_foundation_sdk.builders import text
    from grafana_foundation_sdk.models.text import TextMode

    return text.Panel().mode(TextMode.MARKDOWN).content(panel.text)


_KINDS: Final[Mapping[Kind, Callable[[PanelDescription], Builder]]] = {
    "timeseries": _timeseries,
    "stat": _stat,
    "gauge": _gauge,
    "bargauge": _bargauge,
    "barchart": _barchart,
    "donut": _donut,
    "heatmap": _heatmap,
    "histogram": _histogram,
    "table": _table,
    "timeline": _timeline,
    "logs": _logs,
    "alerts": _alerts,
    "text": _text,
}
