"""The manifest of a bundle: what is in it, by size and hash, who recorded it, how the counts add up.

`pack` makes one, `Contents` holds a bundle against it. The signature is over these bytes, so they are written once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, final, get_args

from telemetry.journal.state import State

from .archive import is_name

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
REGISTRY: Final = "registry.json"
ARTEFACTS: Final = "artefacts.json"


@final
@dataclass(frozen=True, slots=True)
class Member:
    """A file of the bundle; `sha256` is of its content, in hex."""

    name: str
    size: int
    sha256: str


@final
@dataclass(frozen=True, slots=True)
class Process:
    """A process whose journal is in the bundle.

    Attributes:
        folder: Where its members are.
        started_ticks: When it started, in clock ticks since boot.
        state: `running` when it was packed, `ended` in order, or `died`.
        seen_ns: Its last sign of life, since the epoch; its metrics are of this time.
        spans: How many spans are in its OTLP member; `recovered` is how many more were closed after its death.
        is_folded: Whether its metrics stand in those of the dead of its folder too.
        is_settled: Whether its ledger does.
        ledger: How its spans and log records add up.
    """

    folder: str
    pid: int
    started_ticks: int
    boot_id: str
    key: str
    created_ns: int
    seen_ns: int
    state: State
    spans: int
    logs: int
    recovered: int
    is_folded: bool
    is_settled: bool
    ledger: Mapping[str, int]


@final
@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        created: When it was packed, in seconds since the epoch.
        telemetry: The version that packed it.
        host: What machine and interpreter that was; nothing of it is secret.
        totals: The ledgers of all processes, added up.
        redaction: How many values and log lines were looked at for secrets, and what was found.
        unreadable: Journals that are not in it, and why.
        public_key: The public half of the key that signed it, as PEM; empty where nobody did.
    """

    created: int
    telemetry: str
    host: Mapping[str, str]
    processes: tuple[Process, ...]
    totals: Mapping[str, int]
    redaction: Mapping[str, int]
    unreadable: Mapping[str, str]
    members: tuple[Member, ...]
    public_key: str = ""

    def encode(self) -> bytes:
        """Write it as JSON, the same bytes for the same manifest."""
        return (json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def decode(cls, data: bytes) -> Manifest:
        """Read it, and check the type of everything.

        Raises:
            ValueError: It is no manifest of this format.
        """
        try:
            document = json.loads(data)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        found = document.pop("format", None) if isinstance(document, dict) else None
        if found != FORMAT:
            raise ValueError(f"its format is {found!r}; this version reads {FORMAT}")
        document["processes"] = tuple(_made(Process, each) for each in _items(document, "processes"))
        document["members"] = tuple(_made(Member, each) for each in _items(document, "members"))
        manifest: Manifest = _made(cls, document)
        _check_names(manifest)
        return manifest


def _items(document: dict[str, Any], key: str) -> list[Any]:
    found = document.get(key)
    if not isinstance(found, list):
        raise ValueError(f"{key!r} must be a list")  # noqa: TRY004 -- it is the file that is wrong
    return found


def _made(kind: type[Any], document: object) -> Any:
    names = [each.name for each in fields(kind)]
    if not isinstance(document, dict) or sorted(document) != sorted(names):
        raise ValueError(f"a {kind.__name__.lower()} must be an object with {', '.join(names)}")
    for each in fields(kind):
        if not _CHECKS[str(each.type)](document[each.name]):
            raise ValueError(f"{each.name!r} of a {kind.__name__.lower()} must be {each.type}")
    return kind(**document)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_mapping(value: object, of: type) -> bool:
    return isinstance(value, dict) and all(type(each) is of for each in value.values())


_CHECKS: Final[Mapping[str, Any]] = {
    "str": _is_text,
    "int": _is_whole,
    "bool": lambda value: isinstance(value, bool),
    "State": lambda value: value in get_args(State),
    "Mapping[str, int]": lambda value: _is_mapping(value, int),
    "Mapping[str, str]": lambda value: _is_mapping(value, str),
    "tuple[Process, ...]": lambda value: isinstance(value, tuple),
    "tuple[Member, ...]": lambda value: isinstance(value, tuple),
}


def _check_names(manifest: Manifest) -> None:
    names = [member.name for member in manifest.members]
    reserved = {MANIFEST, SIGNATURE}
    for name in names:
        if not is_name(name) or name in reserved:
            raise ValueError(f"no member may be named {name!r}")
    if names != sorted(set(names)):
        raise ValueError("its members must stand in the order of their names, each once")
    if any(len(member.sha256) != 64 for member in manifest.members):
        raise ValueError("a hash must have 64 hex digits")
    known = set(names)
    for process in manifest.processes:
        if f"{process.folder}/journal" not in known:
            raise ValueError(f"process {process.folder!r} has no journal")
