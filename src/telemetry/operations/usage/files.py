"""Read the texts below some paths: what is no text is left out, and what cannot be read is named."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

LARGEST_BYTES: Final = 5 * 1024 * 1024
_MADE: Final = "by `telemetry contracts "
_MADE_WITHIN: Final = 300
_LEFT_OUT: Final = frozenset(
    {".git", ".hg", ".svn", ".venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)


@final
@dataclass(frozen=True, slots=True)
class Text:
    """A text file.

    Attributes:
        path: As it was named, or below what was named.
    """

    path: Path
    content: str

    @property
    def ending(self) -> str:
        """The ending of its name, in lower case."""
        return self.path.suffix.lower()


@final
@dataclass(frozen=True, slots=True)
class Unread:
    """A file that was not looked at, and why."""

    path: Path
    problem: str


def texts(paths: Iterable[Path], *, but: Iterable[str] = ()) -> Iterator[Text | Unread]:
    """Go through the texts of files and folders, each file once, in the order of their names.

    Folders of version control and of installed packages are left out, and so are binary files, links, and what
    `telemetry contracts` made itself, which lists all names.

    Args:
        paths: Files and folders.
        but: Files that are not looked at, such as those that declare the names.
    """
    seen = {os.path.realpath(path) for path in but}
    for path in (path for given in paths for path in _files(given)):
        real = os.path.realpath(path)
        if real not in seen:
            seen.add(real)
            found = _read(path)
            if found is not None:
                yield found


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        yield from (each for name in sorted(names) if not (each := Path(folder) / name).is_symlink())


def _read(path: Path) -> Text | Unread | None:
    try:
        size = path.stat().st_size
        if not path.is_file():
            return Unread(path, "is no file")
        if size > LARGEST_BYTES:
            return Unread(path, f"has {size} bytes, more than {LARGEST_BYTES}")
        content = path.read_bytes()
    except OSError as error:
        return Unread(path, f"cannot be read: {error.strerror or error}")
    if b"\0" in content[:8192]:
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Unread(path, f"is not UTF-8: byte {error.start} is {content[error.start]:#04x}")
    return None if _MADE in text[:_MADE_WITHIN] else Text(path, text)
