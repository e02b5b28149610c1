"""The files of routing, by their path in the generated tree."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.contracts import Registry
from telemetry.monitoring.description import Descriptions
from telemetry.monitoring.document import as_yaml

from .alertmanager import alertmanager
from .cases import routes
from .messages import entrypoint, message_templates


def routing_files(registry: Registry, descriptions: Descriptions) -> Mapping[str, str]:
    """Write what Alertmanager reads, and the table of routes that its tests hold it against."""
    del registry
    routing = descriptions.routing
    return {
        "alertmanager/alertmanager.yml": as_yaml(alertmanager(routing, descriptions.links)),
        "alertmanager/entrypoint.sh": entrypoint(routing),
        "alertmanager/telemetry.tmpl": message_templates(),
        "tests/routes.yml": as_yaml({"routes": list(routes(routing))}),
    }
