"""Registry files for tests: small ones to write, and the mistakes that loading them brings up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from telemetry.contracts import InvalidRegistryError, Registry, load_registry
from telemetry.errors import RegistryError

COUNTER: Mapping[str, Any] = {
    "name": "builds_total",
    "kind": "counter",
    "unit": "count",
    "description": "Builds.",
    "owner": "me",
    "labels": ["environment", "team"],
}
GAUGE: Mapping[str, Any] = {**COUNTER, "name": "queue_depth", "kind": "gauge", "unit": "jobs"}
HISTOGRAM: Mapping[str, Any] = {
    **COUNTER,
    "name": "build_duration_seconds",
    "kind": "histogram",
    "unit": "seconds",
    "buckets": [1, 2],
}
SUMMARY: Mapping[str, Any] = {
    **COUNTER,
    "name": "image_size_bytes",
    "kind": "summary",
    "unit": "bytes",
    "quantiles": [0.5, 1],
}
ATTRIBUTE: Mapping[str, Any] = {"name": "team.name", "type": "string", "description": "The team."}
FIELD: Mapping[str, Any] = {"name": "team", "type": "string", "description": "The team."}
SPAN: Mapping[str, Any] = {"name": "image.build", "description": "Build an image.", "attributes": [ATTRIBUTE]}
EVENT: Mapping[str, Any] = {"name": "image.done", "description": "An image was built.", "fields": [FIELD]}


def without(declaration: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Leave keys out of a declaration."""
    return {key: value for key, value in declaration.items() if key not in keys}


class Files:
    """Writes registry files to one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, content: object, name: str = "team.json") -> Path:
        """Write a file: text and bytes as they are, everything else as JSON."""
        path = self.folder / name
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def load(self, *contents: object, packs: Sequence[str] | None = None) -> Registry:
        """Write files and load them."""
        paths = [self.write(content, f"team{index}.json") for index, content in enumerate(contents)]
        return load_registry(*paths, packs=packs)

    def mistakes(self, content: object) -> list[RegistryError]:
        """Write a file that is wrong, load it, and give all that is wrong with it."""
        path = self.write(content)
        with pytest.raises(RegistryError) as caught:
            load_registry(path)
        error = caught.value
        found = list(error.errors) if isinstance(error, InvalidRegistryError) else [error]
        assert {item.path for item in found} == {str(path)}
        return found

    def mistake(self, content: object) -> tuple[str, str]:
        """Write a file with one mistake; give its pointer and the problem, which the message must end with."""
        found = self.mistakes(content)
        assert len(found) == 1, [str(item) for item in found]
        place = f"{found[0].path}#{found[0].pointer}: "
        assert str(found[0]).startswith(place)
        return found[0].pointer, str(found[0]).removeprefix(place)
