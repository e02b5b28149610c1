"""Load the registry: the shipped packs, then the user's files, which extend them.

It needs the standard library only; the published JSON Schema describes the same format to editors and reviewers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Final, final

from telemetry.errors import ContractError, RegistryError

from .declaration import Declarations, read_declarations
from .merge import merge
from .registry import Registry
from .spelling import suggestion

_FOLDER: Final = os.path.dirname(os.path.abspath(__file__))
_PACKS_FOLDER: Final = os.path.join(_FOLDER, "packs")

SCHEMA_PATH: Final = os.path.join(_FOLDER, "registry.schema.json")
"""The JSON Schema (draft 2020-12) of a registry file."""

DEFAULT_PACKS: Final = ("pipeline",)
"""What a registry builds on that does not say what it extends."""

OWN_PACK: Final = "telemetry"
"""The pack of what telemetry measures of itself. Every runtime knows it, so it is loaded only where it is named."""


@final
class InvalidRegistryError(RegistryError):
    """Several things are wrong in the registry's files.

    Attributes:
        errors: Each of them, with a path and a pointer of its own; those of this error are the first one's.
    """

    def __init__(self, errors: Sequence[RegistryError]) -> None:
        super().__init__(errors[0].path, errors[0].pointer, errors[0].problem, errors[0].code)
        self.errors = tuple(errors)
        self.findings = tuple(finding for error in errors for finding in error.findings)
        self.args = self.findings


def shipped_packs() -> tuple[str, ...]:
    """List the names of the packs that come with this version, but for `OWN_PACK`."""
    return tuple(name for name in _all_packs() if name != OWN_PACK)


def load_registry(*paths: str | PathLike[str], packs: Sequence[str] | None = None) -> Registry:
    """Load packs, and the files that extend them.

    A file may add metrics, spans, events, attributes, fields and enumeration values, and set cardinality limits. It
    may repeat a contract, and not change it.

    >>> load_registry().metric("compile_failure_total").labels
    ('backend', 'environment', 'host_region', 'error_code')

    Args:
        paths: Registry files, in the order in which they extend each other.
        packs: The packs to load. By default those that the files name in `extends`, and `DEFAULT_PACKS` where a file
            does not say or there is no file. Another pack takes about a millisecond.

    Raises:
        RegistryError: A file is wrong: it has the file and the place. If more than one thing is wrong, it is an
            `InvalidRegistryError` with all of them.
        ContractError: There is no such pack.
    """
    findings: list[RegistryError] = []
    files = read_files(paths, packs, findings)
    _refuse(findings)
    registry = merge(files.declarations, packs=files.packs, paths=files.paths)
    _refuse(findings)
    return registry


@final
@dataclass(frozen=True, slots=True)
class Files:
    """What some registry files declare, those of the packs that they build on first.

    Attributes:
        packs: The names of the packs.
        paths: The user's files.
    """

    declarations: tuple[Declarations, ...]
    packs: tuple[str, ...]
    paths: tuple[str, ...]


def read_files(
    paths: Iterable[str | PathLike[str]], packs: Sequence[str] | None, findings: list[RegistryError]
) -> Files:
    """Read files and the packs that they need; what is wrong inside of one goes to `findings`.

    Raises:
        ContractError: The caller asks for a pack that there is not.
    """
    own_paths = tuple(dict.fromkeys(os.path.abspath(path) for path in paths))
    own = _read(own_paths, findings)
    names = _needed(own) if packs is None else _known(packs)
    _check_extends(own, names)
    shipped = _read([os.path.join(_PACKS_FOLDER, f"{name}.json") for name in names], findings)
    return Files((*shipped, *own), names, own_paths)


def _read(paths: Iterable[str], findings: list[RegistryError]) -> list[Declarations]:
    read: list[Declarations] = []
    for path in paths:
        try:
            read.append(read_declarations(path, findings))
        except RegistryError as error:
            findings.append(error)
    return read


def _all_packs() -> tuple[str, ...]:
    return tuple(sorted(name.removesuffix(".json") for name in os.listdir(_PACKS_FOLDER) if name.endswith(".json")))


def _needed(own: Sequence[Declarations]) -> tuple[str, ...]:
    named = {name for file in own for name in file.extends or ()}
    if not own or any(file.extends is None for file in own):
        named.update(DEFAULT_PACKS)
    return tuple(name for name in _all_packs() if name in named)


def _known(packs: Sequence[str]) -> tuple[str, ...]:
    known = _all_packs()
    names = (packs,) if isinstance(packs, str) else tuple(dict.fromkeys(packs))
    for name in names:
        if name not in known:
            raise ContractError(_unshipped(name))
    return names


def _check_extends(own: Sequence[Declarations], loaded: Sequence[str]) -> None:
    known = _all_packs()
    for file in own:
        for index, name in enumerate(file.extends or ()):
            if name not in known:
                (file.place / "extends" / index).report(_unshipped(name), "TC104")
            elif name not in loaded:
                problem = f"pack {name!r} is needed here, and the caller asks for {', '.join(loaded) or 'none'} only"
                (file.place / "extends" / index).report(problem, "TC104")


def _unshipped(name: str) -> str:
    shipped = shipped_packs()
    return f"there is no pack {name!r}{suggestion(name, shipped) or '.'} Shipped: {', '.join(shipped)}"


def _refuse(findings: Sequence[RegistryError]) -> None:
    if len(findings) == 1:
        raise findings[0]
    if findings:
        raise InvalidRegistryError(findings)
