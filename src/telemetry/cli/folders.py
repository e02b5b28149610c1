"""Find the journals that a subcommand is about: in one folder, or in those of all services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

import typer

from telemetry.config import Settings, default_journal, read_settings
from telemetry.errors import ConfigurationError, JournalError
from telemetry.journal import LOCK_NAME, Folder

OFF: Final = "journals are off (TELEMETRY_JOURNAL, or `journal` in pyproject.toml)"

_USAGE = 2


def folders(given: Path | None) -> list[Folder]:
    """Give the folder that was named, or the one of the settings; for a folder of such folders, all that are in it.

    Nothing is made. Where nothing is named or set, those are the folders of all services of this user.
    """
    path = _of_settings() if given is None else given
    found = [each for each in candidates(path) if (each / LOCK_NAME).exists()]
    if not found:
        refuse(
            f"there is no journal in {path.absolute()}; name the folder that TELEMETRY_JOURNAL names for your service"
        )
    try:
        return [Folder.open(each) for each in found]
    except JournalError as error:
        refuse(str(error))


def refuse(problem: str) -> NoReturn:
    """Say what is wrong with the command line, and end."""
    typer.secho(f"telemetry: {problem}", err=True)
    raise typer.Exit(_USAGE)


def listed(where: Iterable[Folder]) -> str:
    """Name folders in a sentence."""
    return ", ".join(str(each.path.absolute()) for each in where)


def names_service(settings: Settings) -> bool:
    """Tell whether a setting names the service; else it is called as this program, which is nobody's service."""
    return settings.service_name != read_settings({}, Path("/")).service_name


def candidates(path: Path) -> Iterator[Path]:
    """Give the folder itself where journals were in it, else the folders in it."""
    if (path / LOCK_NAME).exists():
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
        refuse(f"{OFF}; name a folder")
    return Path(settings.journal) if settings.journal else Path(default_journal(settings.service_name)).parent
