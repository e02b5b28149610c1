"""The registry of the redaction tests: one kind of span and one event, with secrets of both treatments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

REGISTRY = {
    "name": "push",
    "description": "What pushes images.",
    "spans": [
        {
            "name": "image.push",
            "description": "Push an image.",
            "attributes": [
                {"name": "image.name", "type": "string", "description": "What.", "class": "public"},
                {
                    "name": "image.account",
                    "type": "string",
                    "description": "Who.",
                    "class": "secret",
                    "treatment": "hash",
                },
                {"name": "image.access", "type": "string", "description": "By what.", "class": "secret"},
                {"name": "image.pin", "type": "int", "description": "By what else.", "class": "secret"},
                {
                    "name": "image.teams",
                    "type": "string[]",
                    "description": "For whom.",
                    "class": "secret",
                    "treatment": "hash",
                },
                {"name": "image.header.*", "description": "Sent along.", "class": "secret"},
                {"name": "image.header.accept", "type": "string", "description": "Wanted.", "class": "public"},
                {"name": "image.token_kind", "type": "string", "description": "Which kind.", "class": "internal"},
            ],
        }
    ],
    "events": [
        {
            "name": "image.pushed",
            "description": "An image was pushed.",
            "fields": [
                {
                    "name": "account",
                    "type": "string",
                    "description": "Who.",
                    "class": "secret",
                    "treatment": "hash",
                },
                {"name": "door_code", "type": "string", "description": "By what.", "class": "secret"},
            ],
        }
    ],
}


@pytest.fixture
def registry_file(tmp_path: Path) -> Path:
    """Write the registry to a file."""
    path = tmp_path / "push.json"
    path.write_text(json.dumps(REGISTRY))
    return path
