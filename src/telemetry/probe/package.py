"""Bundle what was built and verified, with a signed manifest: the last stage.

A package is an uncompressed tar file, for compressors change between versions: the same inputs, date and key give the
same bytes anywhere. It holds `manifest.json`, its signature, and per operator the output, its source and the evidence.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from telemetry.errors import PipelineError

from .compile import CompiledArtefact
from .plan import ExecutionGraph
from .verdict import Verdict

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
_MOST_BYTES = 256 << 20
_MODE = 0o644


@final
@dataclass(frozen=True, slots=True)
class Package:
    """A file that can be shipped.

    Attributes:
        path: Where it is.
        sha256: The hash of its bytes, in hex.
        size_bytes: Its size.
        target: The host that it is for.
        revision: The revision of the specification.
    """

    path: Path
    sha256: str
    size_bytes: int
    target: str
    revision: str


def package(
    graph: ExecutionGraph,
    artefacts: Sequence[CompiledArtefact],
    verdicts: Sequence[Verdict],
    *,
    target: str,
    revision: str,
    destination: Path,
    signing_key: Ed25519PrivateKey,
    source_date_epoch: int = 0,
) -> Package:
    """Write the package into a folder, which is made if need be.

    Args:
        graph: What was built.
        artefacts: The compiled operators, of one backend.
        verdicts: For each artefact its verdict, in the same order.
        target: The host that the package is for, such as `linux-x86_64`; part of the file's name.
        revision: The revision of the specification; part of the file's name.
        destination: The folder.
        signing_key: What signs the manifest.
        source_date_epoch: The date of all members, in seconds since 1970.

    Raises:
        PipelineError: A verdict is `blocked`, or is not about its artefact, or the two lists do not match.
    """
    _refuse_unverified(artefacts, verdicts)
    members = _members(artefacts, verdicts)
    manifest = _manifest(graph, artefacts, verdicts, members, target, revision)
    members[SIGNATURE] = signing_key.sign(manifest)
    members[MANIFEST] = manifest
    data = _archive(members, source_date_epoch)
    name = "-".join((graph.spec.name, artefacts[0].invocation.backend, _plain(target), _plain(revision)))
    destination.mkdir(parents=True, exist_ok=True)
    path = destination / f"{name}.tar"
    path.write_bytes(data)
    return Package(path, hashlib.sha256(data).hexdigest(), len(data), target, revision)


def verify_package(path: Path, public_key: Ed25519PublicKey) -> Mapping[str, Any]:
    """Check the signature and every member of a package; return its manifest.

    Raises:
        PipelineError: The file is no package, was changed, or was signed with another key.
    """
    from cryptography.exceptions import InvalidSignature

    members = _read(path)
    manifest, signature = members.pop(MANIFEST, None), members.pop(SIGNATURE, None)
    if manifest is None or signature is None:
        raise PipelineError(f"{path} has no {MANIFEST} with a signature: it is no package, or was cut short")
    try:
        public_key.verify(signature, manifest)
    except InvalidSignature:
        raise PipelineError(f"the signature of {path} is wrong: it was changed, or signed with another key") from None
    document: dict[str, Any] = json.loads(manifest)
    actual = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    for name in sorted(actual.keys() | document["members"].keys()):
        if actual.get(name) != document["members"].get(name):
            raise PipelineError(f"{name} of {path} is not what its manifest says: get the package again")
    return document


def _refuse_unverified(artefacts: Sequence[CompiledArtefact], verdicts: Sequence[Verdict]) -> None:
    if not artefacts or len(artefacts) != len(verdicts):
        raise PipelineError(f"{len(artefacts)} artefacts and {len(verdicts)} verdicts: give one verdict an artefact")
    for artefact, verdict in zip(artefacts, verdicts, strict=True):
        if verdict.outcome != "passed":
            raise PipelineError(
                f"`{verdict.operator}` is blocked by verification and cannot be packaged: see the verdict's violations"
            )
        if json.loads(verdict.evidence)["artefact"]["sha256"] != artefact.output.sha256:
            path = artefact.output.path
            raise PipelineError(f"the verdict on `{verdict.operator}` is about another build than {path}: verify again")


def _members(artefacts: Sequence[CompiledArtefact], verdicts: Sequence[Verdict]) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    for artefact, verdict in zip(artefacts, verdicts, strict=True):
        members[artefact.output.name] = artefact.output.path.read_bytes()
        members[artefact.invocation.source_name] = artefact.invocation.source.encode()
        members[f"{verdict.operator}.evidence.json"] = verdict.evidence.encode()
    return members


def _manifest(
    graph: ExecutionGraph,
    artefacts: Sequence[CompiledArtefact],
    verdicts: Sequence[Verdict],
    members: Mapping[str, bytes],
    target: str,
    revision: str,
) -> bytes:
    document = {
        "format": 1,
        "spec": {"name": graph.spec.name, "sha256": graph.spec.digest, "graph": graph.digest},
        "backend": artefacts[0].invocation.backend,
        "toolchain": {"binary": artefacts[0].binary, "version": artefacts[0].toolchain_version},
        "target": target,
        "revision": revision,
        "operators": {
            verdict.operator: {
                "symbol": artefact.invocation.symbol,
                "clauses": artefact.invocation.clause_id,
                "output": artefact.output.name,
                "provenance": verdict.provenance_id,
            }
            for artefact, verdict in zip(artefacts, verdicts, strict=True)
        },
        "members": {name: hashlib.sha256(data).hexdigest() for name, data in members.items()},
    }
    return (json.dumps(document, sort_keys=True, indent=2) + "\n").encode()


def _archive(members: Mapping[str, bytes], date: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(members):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(members[name]), date, _MODE
            archive.addfile(member, io.BytesIO(members[name]))
    return buffer.getvalue()


def _read(path: Path) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    try:
        with tarfile.open(path, mode="r:") as archive:
            for member in archive:
                members[_new_name(member, members, path)] = _content(archive, member, path)
    except (OSError, tarfile.TarError) as error:
        raise PipelineError(f"cannot read {path} as a package: {error}") from error
    return members


def _new_name(member: tarfile.TarInfo, members: Mapping[str, bytes], path: Path) -> str:
    if member.name in members:
        raise PipelineError(f"{path} has two members named {member.name}: it was changed")
    return member.name


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bytes:
    file = archive.extractfile(member) if member.isreg() and member.size <= _MOST_BYTES else None
    if file is None:
        raise PipelineError(
            f"{member.name} of {path} is no plain file of less than {_MOST_BYTES} bytes: it was changed"
        )
    return file.read()


def _plain(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._" else "_" for letter in text)
