"""Where journals are, whether one can be made there, and how many are; nothing is made to find out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import final

from telemetry.config import default_journal, read_settings
from telemetry.errors import ConfigurationError, JournalError
from telemetry.journal import LOCK_NAME, Folder

from .amounts import bytes_on_disk, counted, kibibytes
from .folders import OFF, candidates, names_service

_ANY_SERVICE = "SERVICE"
_JOURNALS = "*-*-*.journal"


@final
@dataclass(frozen=True, slots=True)
class Place:
    """A folder of journals.

    Attributes:
        folder: Where it is or would be; empty where there is none.
        problem: Why no journal can be made there; empty where one can.
        journals: How many are there.
        bytes_on_disk: The room that they take.
    """

    folder: str = ""
    problem: str = ""
    journals: int = 0
    bytes_on_disk: int = 0

    def __str__(self) -> str:
        if not self.folder:
            return self.problem
        verdict = f"no journal can be made: {self.problem}" if self.problem else "a journal can be made"
        there = f"{counted(self.journals, 'journal')}, {kibibytes(self.bytes_on_disk)} on disk"
        return f"{self.folder}: {verdict}; {there}"


def place_of_journals() -> Place:
    """Find the folder of the settings; where they name no service, that of any, with the journals of all of them."""
    try:
        settings = read_settings()
    except ConfigurationError as error:
        return Place(problem=str(error))
    if settings.journal is False:
        return Place(problem=OFF)
    if settings.journal or names_service(settings):
        folder = Path(settings.journal or default_journal(settings.service_name))
        return _place(folder, folder)
    folder = Path(default_journal(_ANY_SERVICE))
    return _place(folder, folder.parent)


def _place(folder: Path, within: Path) -> Place:
    paths = [path for each in {within, *candidates(within)} for path in each.glob(_JOURNALS)]
    return Place(str(folder), _problem(folder), len(paths), bytes_on_disk(paths))


def _problem(folder: Path) -> str:
    """Say why no journal can be made in a folder that may not be there yet; empty where one can."""
    try:
        if (folder / LOCK_NAME).exists():
            Folder.open(folder)
            return ""
    except (JournalError, OSError) as error:
        return str(error).removeprefix(f"{folder}: ")
    # To open it would make its lock, so what `Folder.open` would say is asked for here.
    nearest = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
    if nearest == folder and (problem := Folder.refusal(folder.lstat())):
        return problem
    is_writable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    return "" if is_writable else f"{nearest} is no folder that can be written to"
