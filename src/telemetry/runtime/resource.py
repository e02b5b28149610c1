"""Who records: the resource attributes of a process (OpenTelemetry semantic conventions, Resource)."""

from __future__ import annotations

import os
import sys

from telemetry.config import Settings
from telemetry.contracts import Registry
from telemetry.signals import Resource
from telemetry.version import VERSION


def resource_of(settings: Settings) -> Resource:
    """Give the resource of this process; what the user sets wins."""
    return Resource(
        {
            "service.name": settings.service_name,
            "service.instance.id": os.urandom(16).hex(),
            "deployment.environment.name": settings.environment,
            "process.pid": os.getpid(),
            "process.runtime.name": sys.implementation.name,
            "process.runtime.version": sys.version.partition(" ")[0],
            "telemetry.sdk.name": "telemetry",
            "telemetry.sdk.language": "python",
            "telemetry.sdk.version": VERSION,
            **settings.resource_attributes,
        }
    )


def common_attributes(settings: Settings, registry: Registry) -> dict[str, str]:
    """Give what every span of this process has; a version that the registry does not know is left out."""
    versions = {"dataset.version": settings.dataset_version, "model.version": settings.model_version}
    known = {name: value for name, value in versions.items() if value and name in registry.attributes}
    return {"host.kind": settings.host_kind, **known}
