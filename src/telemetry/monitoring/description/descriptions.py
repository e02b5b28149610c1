"""All descriptions together: those that come with this version, then the user's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from telemetry.contracts import InvalidRegistryError, Registry
from telemetry.errors import RegistryError

from .reading import SHIPPED


@final
@dataclass(frozen=True, slots=True)
class Descriptions:
    """What is to be generated, read and checked.

    Attributes:
        folders: Where it was read, the shipped folder first.
    """

    folders: tuple[Path, ...] = ()


def read_descriptions(registry: Registry, folders: Sequence[Path] = ()) -> Descriptions:
    """Read the shipped descriptions, and those of the user's folders.

    Raises:
        RegistryError: A file is wrong: it has the file and the place. If more than one thing is wrong, it is an
            `InvalidRegistryError` with all of them.
    """
    findings: list[RegistryError] = []
    every = (SHIPPED, *_existing(folders, findings))
    _refuse(findings)
    return Descriptions(every)


def _existing(folders: Sequence[Path], findings: list[RegistryError]) -> tuple[Path, ...]:
    problem = "is no folder; correct the name, or make it"
    findings += [RegistryError(str(each), "", problem, "TC101") for each in folders if not each.is_dir()]
    return tuple(each for each in folders if each.is_dir())


def _refuse(findings: Sequence[RegistryError]) -> None:
    if len(findings) == 1:
        raise findings[0]
    if findings:
        raise InvalidRegistryError(findings)
