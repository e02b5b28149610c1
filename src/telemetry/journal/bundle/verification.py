"""Verify a bundle: signature, checksums, every record; each problem with its member and offset.

It trusts nothing that it reads, and reads no more than the limits allow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from telemetry.errors import ConfigurationError, JournalError
from telemetry.journal.memory import FileMemory
from telemetry.journal.reader import Reader
from telemetry.signals import Finding

from .archive import Limits
from .contents import Contents, Trust
from .manifest import ARTEFACTS, REGISTRY, Manifest, Process
from .page import damage
from .record import Malformed, Signal, records
from .registry import decode
from .signature import fingerprint, is_signed_by, read_public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_AGAIN: Final = "get the bundle again, or pack it anew"
_MEMBERS: Final[tuple[tuple[str, Signal], ...]] = (
    ("spans.otlp", "spans"),
    ("recovered.otlp", "spans"),
    ("logs.otlp", "logs"),
)


@final
@dataclass(frozen=True, slots=True)
class Verification:
    """What came of it.

    Attributes:
        manifest: What the bundle says of itself; None where it could not be read that far.
        signer: The fingerprint of the key that signed it; empty where nobody did.
        is_trusted: Whether it is signed by a key that was asked for.
        findings: Everything that is wrong (`error`) or worth to know (`warning`).
    """

    manifest: Manifest | None
    signer: str
    is_trusted: bool
    findings: tuple[Finding, ...]

    @property
    def is_passed(self) -> bool:
        """Whether the bundle is as it was packed."""
        return not any(finding.level == "error" for finding in self.findings)


def verify(path: Path, public_key: Ed25519PublicKey | None = None, limits: Limits | None = None) -> Verification:
    """Verify a bundle; without a public key its own is taken, which shows that it is whole, and not who made it."""
    try:
        with Contents.open(path, trust=trust(path, public_key), limits=limits) as contents:
            findings = (*_about_signature(contents.manifest, public_key), *check(contents))
            signer = fingerprint(_own_key(contents.manifest, path)) if contents.manifest.public_key else ""
            return Verification(contents.manifest, signer, public_key is not None, findings)
    except JournalError as error:
        problem = str(error).removeprefix(f"{error.path}: ")
        return Verification(None, "", False, (Finding("error", "archive", path.name, problem, _AGAIN),))


def trust(path: Path, public_key: Ed25519PublicKey | None) -> Trust:
    """Make what refuses a bundle by its signature, before its content is read.

    A bundle that nobody signed is taken, unless a key was asked for.
    """

    def refuse(manifest: Manifest, data: bytes, signature: bytes) -> None:
        if not manifest.public_key:
            if public_key is not None:
                raise JournalError(str(path), "nobody signed it; pack it with --key, or leave --public-key out")
            return
        if not is_signed_by(public_key or _own_key(manifest, path), signature, data):
            raise JournalError(str(path), "its signature is wrong: it was changed, or signed with another key")

    return refuse


def check(contents: Contents) -> tuple[Finding, ...]:
    """Find what is wrong with the members of an open bundle."""
    found = list(contents.findings)
    damaged = {finding.place.partition("@")[0] for finding in found}
    for process in contents.manifest.processes:
        found += _about_process(contents, process, damaged)
    found += _about_documents(contents, damaged)
    return tuple(found)


def _own_key(manifest: Manifest, path: Path) -> Ed25519PublicKey:
    try:
        return read_public_key(manifest.public_key.encode(), f"the public key in {path}")
    except ConfigurationError as error:
        raise JournalError(str(path), f"its manifest has no key that can be read: {error}") from error


def _about_signature(manifest: Manifest, public_key: object) -> Iterator[Finding]:
    if not manifest.public_key:
        yield _warning("signature", "manifest.json", "nobody signed it", "pack with --key to show who made it")
    elif public_key is None:
        problem = "it is signed by the key that it brings along, which shows that it is whole, and not who made it"
        yield _warning("signature", "manifest.json", problem, "name the key that you trust with --public-key")
    for name, reason in manifest.unreadable.items():
        yield _warning("journal", name, f"a journal that is not in it: {reason}")


def _about_process(contents: Contents, process: Process, damaged: set[str]) -> Iterator[Finding]:
    counts = {"spans.otlp": process.spans, "logs.otlp": process.logs, "recovered.otlp": process.recovered}
    for member, signal in _MEMBERS:
        name = f"{process.folder}/{member}"
        if name in damaged:
            continue
        try:
            count = sum(1 for _ in records(contents.view(name), signal))
        except Malformed as error:
            yield _error("record", f"{name}@{error.at}", str(error))
            continue
        if count != counts[member]:
            yield _error("count", f"{name}@0", f"it has {count} records, the manifest says {counts[member]}")
    name = f"{process.folder}/journal"
    if name not in damaged:
        yield from _about_journal(contents.path(name), name)


def _about_journal(path: Path, name: str) -> Iterator[Finding]:
    """Walk through a raw journal; what was damaged before it was packed is worth to know, no fault of the bundle."""
    try:
        with Reader(FileMemory(path, only_read=True), path=path) as reader:
            found = reader.survey()
            pages = reader.snapshots()
    except JournalError as error:
        yield _error("journal", f"{name}@0", str(error).removeprefix(f"{error.path}: "))
        return
    if found.torn or found.corrupt:
        problem = f"{found.torn} records were never finished, and {found.corrupt} are damaged"
        yield _warning("journal", name, problem, "they are in none of the OTLP members")
    for number, page in enumerate(pages):
        at, problem = damage(page)
        if problem:
            place = f"byte {at} of metric page {number}"
            yield _warning("page", name, f"{place}: {problem}", "the metrics behind it are left out")


def _about_documents(contents: Contents, damaged: set[str]) -> Iterator[Finding]:
    for name in (REGISTRY, ARTEFACTS):
        if name in damaged or not contents.has(name):
            continue
        try:
            if name == REGISTRY:
                decode(contents.read(name), name)
            else:
                json.loads(contents.read(name))["artefacts"]
        except JournalError as error:
            yield _error("document", f"{name}@0", str(error).removeprefix(f"{error.path}: "))
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            yield _error("document", f"{name}@0", f"it cannot be read: {error}")


def _error(rule: str, place: str, problem: str) -> Finding:
    return Finding("error", rule, place, problem, _AGAIN)


def _warning(rule: str, place: str, problem: str, remedy: str = "") -> Finding:
    return Finding("warning", rule, place, problem, remedy)
