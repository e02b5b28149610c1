"""The contracts that were in force, as documents that can be loaded elsewhere.

The metrics of a bundle are words in pages; only with the registry of their time they are families again.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from telemetry.contracts import SCHEMA_PATH, Registry, load_registry
from telemetry.errors import ContractError, JournalError


def encode(registry: Registry) -> bytes:
    """Write the documents of a registry as one JSON object, in the order in which they extend each other.

    Raises:
        JournalError: One of its files has gone since.
    """
    folder = os.path.join(os.path.dirname(SCHEMA_PATH), "packs")
    document = {
        "packs": [_document(name, Path(folder, f"{name}.json")) for name in registry.packs],
        "files": [_document(os.path.basename(path), Path(path)) for path in registry.files],
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def decode(data: bytes, place: str) -> Registry:
    """Load the documents again; the packs that are installed here play no part.

    Raises:
        JournalError: They are no registry.
    """
    try:
        document = json.loads(data)
        documents = [each["document"] for kind in ("packs", "files") for each in document[kind]]
        with TemporaryDirectory(prefix="telemetry-registry-") as folder:
            return load_registry(*(_written(Path(folder), *each) for each in enumerate(documents)), packs=())
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ContractError) as error:
        raise JournalError(place, f"its registry cannot be loaded: {error}") from error


def _document(name: str, path: Path) -> dict[str, Any]:
    try:
        return {"name": name, "document": json.loads(path.read_text("utf-8-sig"))}
    except (OSError, ValueError) as error:
        raise JournalError(str(path), f"the registry in force cannot be read again: {error}") from error


def _written(folder: Path, number: int, document: dict[str, Any]) -> Path:
    # What a file extends is in the bundle, in front of it; the loader would look among the installed packs.
    path = folder / f"{number:04}.json"
    path.write_text(json.dumps({key: value for key, value in document.items() if key != "extends"}), "utf-8")
    return path
