"""Everything that is generated, by its path below the output folder; each room gives its part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from telemetry.contracts import Registry

from .alerts import alert_files
from .collection import collection_files
from .dashboards import dashboard_files
from .description import Descriptions
from .routing import routing_files

Part = Callable[[Registry, Descriptions], Mapping[str, str]]

PARTS: Final[tuple[Part, ...]] = (dashboard_files, alert_files, routing_files, collection_files)
"""What each room writes: texts by their paths."""


def generate(registry: Registry, descriptions: Descriptions) -> Mapping[str, str]:
    """Generate every file, in the order of the paths; the same input gives the same text."""
    files = {path: text for part in PARTS for path, text in part(registry, descriptions).items()}
    return dict(sorted(files.items()))
