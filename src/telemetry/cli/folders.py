"""Find the journals that a subcommand is about: in one folder, or in those of all services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import typer

from telemetry.config import default_journal, read_settings
from telemetry.errors import ConfigurationError, JournalError
from telemetry.journal import Folder

_USAGE = 2
_LOCK = "lock"


def folders(given: Path | None) -> list[Folder]:
    """Give the folder that was named, or the one of the settings; for a folder of such folders, all that are in it.

    Nothing is made. Where nothing is named or set, those are the folders of all services of this user.
    """
    path = _of_settings() if given is None else given
    found = [each for each in _candidates(path) if (each / _LOCK).exists()]
    if not found:
        refuse(f"{path}: there is no journal; name the folder that TELEMETRY_JOURNAL names for your service")
    try:
        return [Folder.open(each) for each in found]
    except JournalError as error:
        refuse(str(error))


def refuse(problem: str) -> NoReturn:
    """Say what is wrong with the command line, and end."""
    typer.secho(f"telemetry: {problem}", err=True)
    raise typer.Exit(_USAGE)


def _candidates(path: Path) -> Iterator[Path]:
    if (path / _LOCK).exists():
        yield path
        return
    with suppress(OSError):
        yield from sorted(each for each in path.iterdir() if each.is_dir() and not each.is_symlink())


def _of_settings() -> Path:
    try:
        settings = read_settings()
    except ConfigurationError as error:
        refuse(str(error))
    if settings.journal is False:
        refuse("the settings ask for no journal; name a folder")
    return Path(settings.journal) if settings.journal else Path(default_journal(settings.service_name)).parent
