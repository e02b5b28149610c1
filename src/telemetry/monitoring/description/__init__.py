"""The descriptions of dashboards and alerts: TOML files, read at once, held against the registry."""

from .alerts import Alerts
from .collection import Collection
from .dashboard import Annotation, DashboardDescription, Plan, Row
from .descriptions import Descriptions, read_descriptions
from .panel import INSTANT, KINDS, Kind, PanelDescription, PanelQuery
from .reading import read_part, toml_files
from .routing import Routing

__all__ = (
    "INSTANT",
    "KINDS",
    "Alerts",
    "Annotation",
    "Collection",
    "DashboardDescription",
    "Descriptions",
    "Kind",
    "PanelDescription",
    "PanelQuery",
    "Plan",
    "Routing",
    "Row",
    "read_descriptions",
    "read_part",
    "toml_files",
)
