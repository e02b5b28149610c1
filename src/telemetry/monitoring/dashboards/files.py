"""The files of all dashboards, in a folder for each persona, and their provisioning."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.contracts import Registry
from telemetry.monitoring.description import Descriptions


def dashboard_files(registry: Registry, descriptions: Descriptions) -> Mapping[str, str]:
    """Give the text of each file below `monitoring/`, by its path."""
    return {}
