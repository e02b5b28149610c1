"""The files of all dashboards, in a folder for each persona, and their provisioning."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.contracts import Registry
from telemetry.monitoring.description import Descriptions
from telemetry.monitoring.sdk import load_sdk

from .build import render_dashboard
from .provisioning import provisioning_files
from .thresholds import limits_of


def dashboard_files(registry: Registry, descriptions: Descriptions) -> Mapping[str, str]:
    """Give the text of each file below `monitoring/`, by its path."""
    load_sdk()
    limits = limits_of(descriptions.alerts)
    rendered = {
        each.path: render_dashboard(each, registry, descriptions.links, limits) for each in descriptions.dashboards
    }
    return {**rendered, **provisioning_files()}
