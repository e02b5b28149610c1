"""Read description files: TOML, with what is wrong noted by file and pointer, as in registry files."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from telemetry.contracts import Entry, entry_of
from telemetry.errors import RegistryError

SHIPPED: Final = Path(__file__).parents[1] / "described"
"""The descriptions that come with this version."""


def read_part(folders: Sequence[Path], part: str, findings: list[RegistryError]) -> Iterator[Entry]:
    """Read one part of each folder: `part.toml`, or all files in the folder `part`, in the order of their names.

    A file that is no TOML goes to `findings`, and reading goes on.
    """
    for folder in folders:
        for path in toml_files(folder, part):
            try:
                yield entry_of(_parsed(path), str(path), findings)
            except RegistryError as error:
                findings.append(error)


def toml_files(folder: Path, part: str) -> tuple[Path, ...]:
    """List the files of one part of a folder."""
    single = folder / f"{part}.toml"
    return (*([single] if single.is_file() else []), *sorted((folder / part).glob("*.toml")))


def _parsed(path: Path) -> object:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8: byte {error.start} is {error.object[error.start]:#04x}; save it as UTF-8"
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}; correct the name, or make the file"
    except tomllib.TOMLDecodeError as error:
        problem = f"is not TOML: {error}"
    except RecursionError:
        problem = "is nested too deeply; a description needs less than ten levels"
    raise RegistryError(str(path), "", problem, "TC101")
