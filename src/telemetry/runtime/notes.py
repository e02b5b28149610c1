"""Writes down what a journal's records name by a number, so that it can be read without its process."""

from __future__ import annotations

import json
from itertools import count
from typing import Any, Final, final

from telemetry._hotpath import Region, Site, extent, protobuf
from telemetry.config import Settings
from telemetry.signals import Resource, Scope
from telemetry.version import VERSION

_LAST_SITE: Final = 0xFFFF
_OWN: Final = Scope("telemetry", VERSION)


@final
class Notes:
    """The notes of one runtime, which begin with who records, and on what terms.

    Args:
        region: Where they are written.
        resource: Who records.
        settings: Service, environment and registry.
        run_id: The run that the process belongs to.
    """

    __slots__ = ("_known", "_numbers", "_region")

    def __init__(self, region: Region, resource: Resource, settings: Settings, run_id: str) -> None:
        self._region = region
        self._known: dict[tuple[Any, ...], int] = {}
        self._numbers = count(1)
        terms = {
            "service": settings.service_name,
            "environment": settings.environment,
            "run_id": run_id,
            "telemetry": VERSION,
            "registry": [str(path) for path in settings.registry],
        }
        self.resource(resource)
        self._region.note(extent.NOTE_TERMS, 0, json.dumps(terms).encode())
        self.scope(0, _OWN)

    def resource(self, resource: Resource) -> None:
        """Say who records; what was said last holds."""
        self._region.note(extent.NOTE_RESOURCE, 0, protobuf.attributes(0x0A, resource.attributes))

    def scope(self, number: int, scope: Scope) -> None:
        """Say what an instrumentation scope is."""
        content = protobuf.message(0x0A, protobuf.scope(scope)) + protobuf.optional(0x1A, scope.schema_url)
        self._region.note(extent.NOTE_SCOPE, number, content)

    def site(self, site: Site) -> None:
        """Give a site its number, and say where it is in the code."""
        key = (site.name, *site.place)
        number = self._known.get(key)
        if number is None:
            number = next(self._numbers)
            if number > _LAST_SITE:
                return
            function, file, line = site.place
            said = {"name": site.name, "function": function, "file": file, "line": line}
            self._region.note(extent.NOTE_SITE, number, json.dumps(said).encode())
            self._known[key] = number
        site.number = number
