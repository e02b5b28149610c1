"""Load registry files as they stand; one called like a shipped pack takes its place."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Final

from telemetry.contracts.declaration import Declarations, read_declarations
from telemetry.contracts.load import DEFAULT_PACKS, OWN_PACK, SCHEMA_PATH, InvalidRegistryError, shipped_packs
from telemetry.contracts.merge import merge
from telemetry.contracts.registry import Registry
from telemetry.errors import RegistryError

_PACKS_FOLDER: Final = os.path.join(os.path.dirname(SCHEMA_PATH), "packs")


def load_edition(*paths: str | PathLike[str]) -> Registry:
    """Load files of any time, to compare them with those of another time.

    It differs from `load_registry` in that a pack may be among the files. A pack stands on what it extends, a file of
    a user that does not say on `DEFAULT_PACKS`.

    Raises:
        RegistryError: A file is wrong; `InvalidRegistryError` with all that is wrong, if that is more than one thing.
    """
    findings: list[RegistryError] = []
    own = [read_declarations(os.path.abspath(path), findings) for path in paths]
    packs = _needed(own)
    shipped = [read_declarations(os.path.join(_PACKS_FOLDER, f"{name}.json"), findings) for name in packs]
    _refuse(findings)
    registry = merge([*shipped, *own], packs=packs, paths=tuple(file.place.path for file in own))
    _refuse(findings)
    return registry


def _needed(own: Sequence[Declarations]) -> tuple[str, ...]:
    known = (*shipped_packs(), OWN_PACK)
    names = {file.name for file in own}
    needed: set[str] = set()
    for file in own:
        if file.extends is not None:
            _check(file, known)
            needed.update(file.extends)
        elif file.name not in known:
            needed.update(DEFAULT_PACKS)
    return tuple(name for name in sorted(needed) if name in known and name not in names)


def _check(file: Declarations, known: Iterable[str]) -> None:
    for index, name in enumerate(file.extends or ()):
        if name not in known:
            (file.place / "extends" / index).report(f"there is no pack {name!r}. Shipped: {', '.join(known)}")


def _refuse(findings: Sequence[RegistryError]) -> None:
    if findings:
        raise findings[0] if len(findings) == 1 else InvalidRegistryError(findings)
