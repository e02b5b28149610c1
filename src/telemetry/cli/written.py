"""A tree of generated files: what differs from it in a folder, and how it gets there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

from .folders import refuse


@final
@dataclass(frozen=True, slots=True)
class Changes:
    """The paths, below the folder, at which it differs from what is generated."""

    missing: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.stale or self.orphans)

    def states(self) -> Iterator[tuple[str, str]]:
        """Give each path and what is wrong with it, in the order of the paths."""
        found = [
            *((path, "is missing") for path in self.missing),
            *((path, "is stale") for path in self.stale),
            *((path, "is left over") for path in self.orphans),
        ]
        yield from sorted(found)

    def as_dict(self) -> dict[str, tuple[str, ...]]:
        """Give the lists by their names."""
        return asdict(self)


def compare(folder: Path, wanted: Mapping[str, str]) -> Changes:
    """Compare a folder with what is generated; a file there that was not generated ends the command."""
    from telemetry.monitoring import is_marked

    present = {path: _read(folder / path) for path in wanted}
    for path, text in present.items():
        if text is not None and not is_marked(text):
            refuse(f"--output {folder / path}: this command did not write that file; name another folder, or move it")
    return Changes(
        missing=tuple(path for path, text in present.items() if text is None),
        stale=tuple(path for path, text in present.items() if text not in (None, wanted[path])),
        orphans=tuple(path for path in _below(folder) if path not in wanted and is_marked(_read(folder / path) or "")),
    )


def write(folder: Path, wanted: Mapping[str, str], changes: Changes) -> None:
    """Write what is missing or stale, each file at once and whole; remove what is left over."""
    try:
        for path in (*changes.missing, *changes.stale):
            _write(folder / path, wanted[path])
        for path in changes.orphans:
            (folder / path).unlink()
    except OSError as error:
        refuse(f"--output {error.filename or folder}: {error.strerror or error}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _below(folder: Path) -> Iterator[str]:
    yield from sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _read(path: Path) -> str | None:
    """Give what a file holds; None where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""
    except OSError as error:
        refuse(f"--output {path}: cannot be read: {error.strerror or error}")
