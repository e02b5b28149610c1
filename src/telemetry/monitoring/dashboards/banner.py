"""The banner above every dashboard: how old what it shows is, or that nothing has come in at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from telemetry.contracts import Registry
from telemetry.monitoring.description import DashboardDescription, PanelDescription, PanelQuery

from .panels import build_panel
from .thresholds import Limit

METRIC: Final = "last_ingest_ts"
TITLE: Final = "Freshness"
FRESHNESS_ALERT: Final = "IngestStale"
"""The alert that judges the same age; its thresholds colour the banner."""

_NEVER: Final = -1
_WIDTH: Final = 24
_HEIGHT: Final = 3


def banner(dashboard: DashboardDescription, registry: Registry, limits: Sequence[Limit]) -> Any:
    """Make the banner; where no pack measures freshness it says so, and what to do."""
    if METRIC not in registry.metrics:
        return build_panel(dashboard.uid, _unmeasured(), ())
    return build_panel(dashboard.uid, _measured(dashboard), limits).mappings([_never()])


def _measured(dashboard: DashboardDescription) -> PanelDescription:
    families = f',metric_family=~"{"|".join(dashboard.families)}"' if dashboard.families else ""
    environment = 'environment=~"$environment"' if "environment" in dashboard.variables else 'environment=~".*"'
    selected = f"{METRIC}{{{environment}{families}}}"
    return PanelDescription(
        title=TITLE,
        kind="stat",
        description="How long ago data of each metric family came in last. Red where nothing has.",
        unit="seconds",
        width=_WIDTH,
        height=_HEIGHT,
        queries=(
            PanelQuery(f"time() - max by (metric_family) ({selected})", "{{metric_family}}"),
            PanelQuery(f"absent({selected}) * {_NEVER}", "ingest"),
        ),
        alerts=(FRESHNESS_ALERT,),
        now=True,
    )


def _unmeasured() -> PanelDescription:
    return PanelDescription(
        title=TITLE,
        kind="text",
        description="Whether what this dashboard shows is fresh.",
        unit="none",
        width=_WIDTH,
        height=_HEIGHT,
        text=f"**Freshness is not measured:** load the pack `common`, and set `{METRIC}` after each ingest.",
    )


def _never() -> Any:
    from grafana_foundation_sdk.models.dashboard import ValueMap, ValueMappingResult

    return ValueMap(options={str(_NEVER): ValueMappingResult(text="nothing has come in", color="red")})
