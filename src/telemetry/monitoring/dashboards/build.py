"""One dashboard: its head, the banner, and its rows of panels, as the JSON that Grafana loads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from telemetry.contracts import Registry
from telemetry.monitoring.description import Annotation, DashboardDescription
from telemetry.monitoring.mark import NOTE

from .banner import FRESHNESS_ALERT, banner
from .identity import panel_id
from .panels import build_panel
from .sources import metrics_source
from .thresholds import Limit
from .variables import variables

TAG: Final = "generated"


def render_dashboard(
    dashboard: DashboardDescription,
    registry: Registry,
    links: Mapping[str, str],
    limits: Mapping[str, Sequence[Limit]],
) -> str:
    """Write a dashboard as JSON.

    Args:
        dashboard: What it shows.
        registry: What there is.
        links: The address for each `{name}` in its links.
        limits: The thresholds of alerts, by their names.
    """
    from grafana_foundation_sdk.cog.encoder import JSONEncoder

    built = _head(dashboard, links)
    for each in variables(dashboard, registry):
        built = built.with_variable(each)
    for annotation in dashboard.annotations:
        built = built.annotation(_annotation(annotation))
    built = built.with_panel(banner(dashboard, registry, limits.get(FRESHNESS_ALERT, ())))
    for row in dashboard.rows:
        built = built.with_row(_row(dashboard.uid, row.title))
        for panel in row.panels:
            bounds = [each for name in panel.alerts for each in limits.get(name, ())]
            built = built.with_panel(build_panel(dashboard.uid, panel, bounds))
    content = json.loads(json.dumps(built.build(), cls=JSONEncoder))
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _head(dashboard: DashboardDescription, links: Mapping[str, str]) -> Any:
    from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink
    from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DashboardLinkType

    built = (
        Dashboard(dashboard.title)
        .uid(dashboard.uid)
        .description(f"{dashboard.description} {NOTE}")
        .tags([TAG, dashboard.persona, *dashboard.packs])
        .refresh(dashboard.refresh)
        .time(f"now-{dashboard.range}", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
    )
    for title, url in dashboard.links.items():
        target = DashboardLink(title).type(DashboardLinkType.LINK).url(_address(url, links))
        built = built.link(target.target_blank(True).include_vars(False).keep_time(False))
    siblings = DashboardLink("More for " + dashboard.persona.replace("-", " ")).type(DashboardLinkType.DASHBOARDS)
    return built.link(siblings.tags([TAG, dashboard.persona]).as_dropdown(True).include_vars(True).keep_time(True))


def _address(url: str, links: Mapping[str, str]) -> str:
    for name, address in links.items():
        url = url.replace(f"{{{name}}}", address)
    return url


def _row(uid: str, title: str) -> Any:
    from grafana_foundation_sdk.builders.dashboard import Row

    return Row(title).id(panel_id(uid, f"row {title}"))


def _annotation(annotation: Annotation) -> Any:
    from grafana_foundation_sdk.builders.dashboard import AnnotationQuery

    return (
        AnnotationQuery()
        .name(annotation.name)
        .datasource(metrics_source())
        .enable(True)
        .hide(False)
        .icon_color(annotation.colour)
        .expr(annotation.expression)
        .step("60s")
        .title_format(annotation.name)
        .text_format(annotation.text)
    )
