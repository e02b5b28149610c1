"""Where dashboards and alerts name each other: both have to be there, and to be about the same metric."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from telemetry.errors import RegistryError

from .alerts import Alerts
from .dashboard import DashboardDescription
from .panel import PanelDescription
from .reading import read_part

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")


def check_crossings(
    folders: Sequence[Path],
    dashboards: Sequence[DashboardDescription],
    left_out: Collection[str],
    alerts: Alerts,
    links: Collection[str],
) -> Iterator[RegistryError]:
    """Give each name of an alert or link in a dashboard, or of a dashboard in an alert, that nothing has."""
    elsewhere = set(_names(folders)) - set(alerts.alerts)
    for dashboard in dashboards:
        for title, url in dashboard.links.items():
            for name in _PLACEHOLDER.findall(url):
                if name not in links:
                    problem = f"there is no address {name!r} in links.toml; there are {', '.join(sorted(links))}"
                    yield RegistryError(dashboard.source, f"/links/{title}", problem, "TC104")
        for row, each in enumerate(dashboard.rows):
            for index, panel in enumerate(each.panels):
                place = f"/rows/{row}/panels/{index}/{'alerts' if len(panel.alerts) > 1 else 'alert'}"
                for problem in _problems(panel, alerts, elsewhere):
                    yield RegistryError(dashboard.source, place, problem, "TC104")
    uids = {dashboard.uid for dashboard in dashboards} | set(left_out)
    for alert in alerts.alerts.values():
        if alert.dashboard and alert.dashboard not in uids:
            problem = f"there is no dashboard {alert.dashboard!r}; there are {', '.join(sorted(uids))}"
            yield RegistryError(alert.path, f"{alert.pointer}/dashboard", problem, "TC104")


def _problems(panel: PanelDescription, alerts: Alerts, elsewhere: Collection[str]) -> Iterator[str]:
    shown = {query.query.metric.name for query in panel.queries if query.query}
    for name in panel.alerts:
        alert = alerts.alerts.get(name)
        if alert is None:
            if name not in elsewhere:
                yield f"there is no alert {name!r}; there are {', '.join(sorted(alerts.alerts))}"
        elif shown and alert.metric is not None and alert.metric.name not in shown:
            yield f"{name} judges {alert.metric.name}, which this panel does not show"


def _names(folders: Sequence[Path]) -> Iterator[str]:
    """Name all alerts, those too whose packs are not loaded; what is wrong with them is for `alerts` to say."""
    for entry in read_part(folders, "alerts", []):
        for each in entry.entries("alert"):
            yield each.text("name")
