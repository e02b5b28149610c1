"""The artefacts of toolchain runs, by hash and size, and whether they are what their names say."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from telemetry.errors import JournalError

_SHA256: Final = re.compile("[0-9a-f]{64}")


@final
@dataclass(frozen=True, slots=True)
class Artefact:
    """A file of a store, which is named by the SHA-256 of its content; `is_sound` is whether it still has that."""

    sha256: str
    size: int
    path: Path
    is_sound: bool


def artefacts(folders: Iterable[Path]) -> list[Artefact]:
    """List what stores hold, in the order of the hashes, each once; a sound copy before a damaged one.

    Raises:
        JournalError: A folder is not there, or a file cannot be read.
    """
    found: dict[str, Artefact] = {}
    for folder in folders:
        if not folder.is_dir():
            raise JournalError(str(folder), "it is no folder of artefacts; name the store that toolchain runs write to")
        for path in _files(folder):
            known = found.get(path.name)
            if known is None or not known.is_sound:
                found[path.name] = _read(path)
    return [found[sha256] for sha256 in sorted(found)]


def encode(listed: Iterable[Artefact]) -> bytes:
    """Write hashes and sizes as JSON; no path, which might name a person."""
    rows = [{"sha256": each.sha256, "size": each.size, "sound": each.is_sound} for each in listed]
    return (json.dumps({"artefacts": rows}, indent=1, sort_keys=True) + "\n").encode()


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if _SHA256.fullmatch(name) and path.is_file() and not path.is_symlink():
                yield path


def _read(path: Path) -> Artefact:
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return Artefact(path.name, file.tell(), path, sha256 == path.name)
    except OSError as error:
        raise JournalError(str(path), f"it cannot be read: {error.strerror}") from error
