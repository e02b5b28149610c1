"""A package is the same bytes each time, and nobody can change it unnoticed."""

from __future__ import annotations

import io
import json
import stat
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tests.probe.workbench import SPECS, Build, built

from telemetry.errors import ConfigurationError, PipelineError
from telemetry.probe import (
    Package,
    Verdict,
    open_signing_key,
    package,
    parse,
    plan,
    public_key_text,
    verify_package,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def verified(folder: Path, spec: str = "saturating_add") -> tuple[list[Build], list[Verdict]]:
    """Build and verify all operators of an example."""
    graph = plan(parse(SPECS / f"{spec}.spec"))
    builds = [built(graph, "c-gcc", folder / operator.name, operator.name) for operator in graph.operators]
    return builds, [build.verdict() for build in builds]


def packed(folder: Path, spec: str = "saturating_add", revision: str = "r1", date: int = 0) -> Package:
    """Package an example."""
    builds, verdicts = verified(folder, spec)
    return package(
        builds[0].graph,
        [build.artefact for build in builds],
        verdicts,
        target="linux-x86_64",
        revision=revision,
        destination=folder / "out",
        signing_key=KEY,
        source_date_epoch=date,
    )


def rewritten(path: Path, changes: dict[str, bytes | None]) -> Path:
    """Write the package again with some members replaced, added or left out."""
    with tarfile.open(path) as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    for name, data in changes.items():
        members.pop(name, None)
        if data is not None:
            members[name] = data
    target = path.with_name("changed.tar")
    with tarfile.open(target, "w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return target


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    """Two packages made in two folders are equal, signature included."""
    here, there = packed(tmp_path / "here"), packed(tmp_path / "there")
    assert here.path.read_bytes() == there.path.read_bytes()
    assert (here.sha256, here.size_bytes) == (there.sha256, here.path.stat().st_size)
    assert str(tmp_path).encode() not in here.path.read_bytes()


def test_members_have_one_order_mode_and_date(tmp_path: Path) -> None:
    """Names are sorted, modes and owners fixed, and the date is the one that was given."""
    with tarfile.open(packed(tmp_path, "checked_division", date=1234567890).path) as archive:
        members = archive.getmembers()
    names = [member.name for member in members]
    assert names == sorted(names)
    assert {(member.mode, member.uid, member.gid, member.mtime) for member in members} == {(0o644, 0, 0, 1234567890)}
    assert {"checked_division.so", "floor_divide.so", "floor_divide.c", "manifest.json", "manifest.sig"} <= set(names)


def test_the_manifest_says_where_everything_comes_from(tmp_path: Path) -> None:
    """Specification, backend, toolchain, target, revision and provenance are in the checked manifest."""
    builds, verdicts = verified(tmp_path)
    manifest = verify_package(packed(tmp_path).path, KEY.public_key())
    assert manifest["spec"]["sha256"] == builds[0].graph.spec.digest
    assert (manifest["backend"], manifest["target"], manifest["revision"]) == ("c-gcc", "linux-x86_64", "r1")
    assert manifest["toolchain"] == {"binary": "gcc", "version": builds[0].artefact.toolchain_version}
    operator = manifest["operators"]["saturating_add"]
    assert operator["provenance"] == verdicts[0].provenance_id
    assert operator["clauses"] == builds[0].operator.clauses.id
    assert manifest["members"][operator["output"]] == builds[0].artefact.output.sha256


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"saturating_add.so": b"evil"}, "saturating_add.so of .* is not what its manifest says"),
        ({"saturating_add.so": None}, "saturating_add.so of .* is not what its manifest says"),
        ({"extra.so": b"evil"}, "extra.so of .* is not what its manifest says"),
        ({"manifest.json": b"{}"}, "the signature of .* is wrong"),
        ({"manifest.sig": bytes(64)}, "the signature of .* is wrong"),
        ({"manifest.sig": None}, "has no manifest.json with a signature"),
    ],
    ids=["changed", "removed", "added", "manifest", "signature", "unsigned"],
)
def test_a_change_is_noticed(changes: dict[str, bytes | None], problem: str, tmp_path: Path) -> None:
    """Whatever is changed, added or removed makes the package wrong, and the error says which part."""
    path = rewritten(packed(tmp_path).path, changes)
    with pytest.raises(PipelineError, match=problem):
        verify_package(path, KEY.public_key())


def test_another_key_is_not_accepted(tmp_path: Path) -> None:
    """A package that a stranger signed is refused."""
    stranger = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(PipelineError, match="signed with another key"):
        verify_package(packed(tmp_path).path, stranger)


@pytest.mark.parametrize("cut", [0, 100, 5000])
def test_a_package_that_was_cut_short_is_refused(cut: int, tmp_path: Path) -> None:
    """A file that is no archive, or ends too early, is refused with its path."""
    path = packed(tmp_path).path
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(PipelineError, match=str(path)):
        verify_package(path, KEY.public_key())


def test_what_is_blocked_is_not_packaged(tmp_path: Path) -> None:
    """Neither a blocked verdict nor one about another build lets code into a package."""
    builds, verdicts = verified(tmp_path)
    graph, artefact = builds[0].graph, builds[0].artefact
    blocked = replace(verdicts[0], outcome="blocked")
    other = replace(artefact, outputs=(replace(artefact.output, sha256="0" * 64),))
    for artefacts, given, problem in (
        ([artefact], [blocked], "`saturating_add` is blocked by verification"),
        ([other], verdicts, "is about another build"),
        ([artefact], [], "1 artefacts and 0 verdicts"),
        ([], [], "0 artefacts and 0 verdicts"),
    ):
        with pytest.raises(PipelineError, match=problem):
            package(graph, artefacts, given, target="t", revision="r", destination=tmp_path / "out", signing_key=KEY)
    assert not (tmp_path / "out").exists()


def test_names_from_outside_stay_in_the_folder(tmp_path: Path) -> None:
    """A revision with separators in it does not lead out of the destination."""
    made = packed(tmp_path, revision="../../feature/x")
    assert made.path.parent == tmp_path / "out"
    assert json.loads(json.dumps(made.revision)) == "../../feature/x"
    assert verify_package(made.path, KEY.public_key())["revision"] == "../../feature/x"


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """The first use makes the key with mode 0600 in a folder of mode 0700; later uses read it."""
    folder = tmp_path / "keys"
    first, second = open_signing_key(folder), open_signing_key(folder)
    assert public_key_text(first) == public_key_text(second)
    (file,) = folder.iterdir()
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)
    assert load_pem_public_key(public_key_text(first).encode()) == first.public_key()


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """The error says what to run."""
    open_signing_key(tmp_path)
    (file,) = tmp_path.iterdir()
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        open_signing_key(tmp_path)


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    """It is neither used nor replaced."""
    open_signing_key(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_text("not a key")
    with pytest.raises(ConfigurationError, match="is no private key"):
        open_signing_key(tmp_path)
    assert file.read_text() == "not a key"
