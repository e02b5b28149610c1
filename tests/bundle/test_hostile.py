"""Whatever somebody sends as a bundle: it is refused in one sentence, writes nowhere, and costs little."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import tarfile
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from tests.bundle.bundles import archived, members, packed, repacked, resigned

from telemetry.errors import JournalError
from telemetry.journal.bundle import Bundle, Limits, verify

PROCESS = "processes/0000-4711-99-3e8"


@pytest.fixture
def bundle(tmp_path: Path, journals: Path) -> Path:
    """A bundle that nobody signed."""
    packed(tmp_path / "b.tar.gz", journals)
    return tmp_path / "b.tar.gz"


def problem(bundle: Path, **options: Any) -> str:
    """Verify a bundle that must be refused as an archive; give the reason."""
    found = verify(bundle, **options)
    assert not found.is_passed
    (finding,) = found.findings
    assert finding.rule == "archive"
    return finding.problem


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """Make a header of another kind than a plain file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (special("x", tarfile.SYMTYPE, "/etc/passwd"), "is a symbolic link"),
        (special("x", tarfile.LNKTYPE, "manifest.json"), "is a hard link"),
        (special("x", tarfile.DIRTYPE), "is a folder"),
        (special("x", tarfile.CHRTYPE), "is a device"),
        (special("x", tarfile.FIFOTYPE), "is a pipe"),
        (special("x", tarfile.GNUTYPE_SPARSE), "is no plain file"),
        (special("x", tarfile.GNUTYPE_LONGNAME), "is no plain file"),
        (special("x", tarfile.XHDTYPE), "is no plain file"),
        (special("../../x", tarfile.REGTYPE), "might leave its folder"),
        (special("/tmp/x", tarfile.REGTYPE), "might leave its folder"),
        (special("a/../x", tarfile.REGTYPE), "might leave its folder"),
        (special(".hidden", tarfile.REGTYPE), "might leave its folder"),
        (special("a//x", tarfile.REGTYPE), "might leave its folder"),
    ],
    ids=lambda each: each.name if isinstance(each, tarfile.TarInfo) else "",
)
def test_members_that_are_no_plain_files_are_refused(bundle: Path, info: tarfile.TarInfo, reason: str) -> None:
    """Links, devices, extensions of tar and names that lead elsewhere: each is refused by name, wherever it stands."""
    content = list(members(bundle).items())
    for place in (0, 1, len(content)):
        bundle.write_bytes(archived([*content[:place], (info, b""), *content[place:]]))
        assert reason in problem(bundle)


def test_a_header_with_an_owner_is_refused(bundle: Path) -> None:
    """A header that differs from what is written for its name and size in any field is refused."""
    info = tarfile.TarInfo("manifest.json")
    info.uid = 1000
    content = members(bundle)
    bundle.write_bytes(archived([(info, content.pop("manifest.json")), *content.items()]))
    assert "the header of 'manifest.json'" in problem(bundle)


def test_two_members_of_one_name_are_refused(bundle: Path) -> None:
    """Readers differ in which of two they take, so there must not be two."""
    content = list(members(bundle).items())
    bundle.write_bytes(archived([*content, content[-1]]))
    assert "two members are named" in problem(bundle)


def test_members_beside_the_manifest_are_refused(bundle: Path) -> None:
    """More members, fewer, in another order, or of another size than the manifest says: each is refused."""
    content = list(members(bundle).items())
    for wrong in (
        [*content, ("z", b"more")],
        content[:-1],
        [content[0], *reversed(content[1:])],
        [*content[:-1], (content[-1][0], content[-1][1] + b"more")],
        content[1:],
    ):
        bundle.write_bytes(archived(wrong))
        assert any(said in problem(bundle) for said in ("stands where", "is missing"))


def test_bytes_behind_the_end_are_refused(bundle: Path) -> None:
    """Behind the archive, behind its gzip, and as a second gzip: nothing may follow."""
    data = bundle.read_bytes()
    plain = gzip.decompress(data)
    for wrong, reason in (
        (data + b"x", "bytes behind its end"),
        (data + gzip.compress(b"more"), "bytes behind its end"),
        (data + bytes(512), "bytes behind its end"),
        (gzip.compress(plain.rstrip(b"\0") + bytes(512) + b"evil".ljust(512)), ""),
        (gzip.compress(plain + b"more"), "goes on behind its end"),
    ):
        bundle.write_bytes(wrong)
        assert reason in problem(bundle)


def test_a_bundle_cut_short_is_refused(bundle: Path) -> None:
    """Cut anywhere, it is refused: it says that it ends too early, and to copy it again."""
    data = bundle.read_bytes()
    for end in (0, 1, 9, 10, 11, 600, len(data) // 2, len(data) - 9, len(data) - 1):
        bundle.write_bytes(data[:end])
        assert "ends too early" in problem(bundle)


def test_files_that_are_no_bundle_are_refused(tmp_path: Path) -> None:
    """An empty file, text, a zip, a gzip of something else: each is one sentence."""
    path = tmp_path / "b.tar.gz"
    for data in (
        b"",
        b"hello",
        b"PK\3\4" + bytes(100),
        gzip.compress(b"hello"),
        gzip.compress(bytes(5000)),
        archived([]),
    ):
        path.write_bytes(data)
        assert problem(path)
    with pytest.raises(JournalError, match="cannot be read"):
        Bundle.open(tmp_path)


def test_a_bomb_costs_little(tmp_path: Path) -> None:
    """A terabyte of zeros is refused at its header; one that keeps its size secret, where it passes the limit."""
    info = tarfile.TarInfo("manifest.json")
    info.size = 8**11 - 1
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(gzip.compress(info.tobuf(tarfile.USTAR_FORMAT) + bytes(1 << 24)))
    begin = time.process_time()
    assert "past what is unpacked" in problem(path)
    info.size = 1 << 29
    packer = zlib.compressobj(1, wbits=31)
    body = [packer.compress(info.tobuf(tarfile.USTAR_FORMAT)), *(packer.compress(bytes(1 << 20)) for _ in range(4))]
    path.write_bytes(b"".join(body) + packer.flush())
    assert "more than" in problem(path)
    assert time.process_time() - begin < 1.5


def test_zeros_fill_no_disk(tmp_path: Path, bundle: Path) -> None:
    """Members that unpack to zeros become holes, and are held against limits that can be set."""
    content = members(bundle)
    content["zeros"] = bytes(16 << 20)

    def change(document: dict[str, Any]) -> None:
        sha256 = hashlib.sha256(content["zeros"]).hexdigest()
        document["members"].append({"name": "zeros", "size": len(content["zeros"]), "sha256": sha256})

    resigned(bundle, change, content)
    assert verify(bundle).is_passed
    with Bundle.open(bundle) as opened:
        path = opened._contents.path("zeros")
        assert path.stat().st_size == 16 << 20
        assert path.stat().st_blocks * 512 < 1 << 20
    assert "past what is unpacked" in problem(bundle, limits=Limits(total_bytes=1 << 20))
    assert "past what is unpacked" in problem(bundle, limits=Limits(members=3))


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format": 2}',
        b'{"format": 1}',
        b"[" * 100_000,
        b'{"format": 1, "processes": 3, "members": []}',
        b"\xff\xfe",
    ],
)
def test_manifests_that_are_none(bundle: Path, manifest: bytes) -> None:
    """A manifest that is no JSON, of another format, or of other types is refused, and nothing else is read."""

    def change(content: dict[str, bytes]) -> None:
        content["manifest.json"] = manifest

    assert "its manifest.json is wrong" in problem(repacked(bundle, change))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("created", -1),
        ("created", "now"),
        ("host", {"a": 1}),
        ("totals", {"a": True}),
        ("public_key", None),
        ("members", [{"name": "../x", "size": 1, "sha256": "0" * 64}]),
        ("members", [{"name": "manifest.sig", "size": 1, "sha256": "0" * 64}]),
        ("members", [{"name": "x", "size": 1 << 70, "sha256": "0" * 64}]),
        ("processes", [{"folder": "x"}]),
        ("extra", 1),
    ],
)
def test_manifests_with_a_wrong_value(bundle: Path, key: str, value: object) -> None:
    """Every value has its type and bounds, and no key is unknown."""
    content = members(bundle)
    resigned(bundle, lambda document: document.__setitem__(key, value), content)
    assert "its manifest.json is wrong" in problem(bundle)


def test_a_key_that_is_none(bundle: Path) -> None:
    """A bundle whose own key cannot be read is refused."""
    content = members(bundle)
    content["manifest.sig"] = bytes(64)
    document = json.loads(content["manifest.json"])
    document["public_key"] = "no key"
    content["manifest.json"] = json.dumps(document).encode()
    first = {name: content.pop(name) for name in ("manifest.json", "manifest.sig")}
    bundle.write_bytes(archived({**first, **content}.items()))
    assert "no key that can be read" in problem(bundle)


def test_flipped_bits_never_pass(bundle: Path) -> None:
    """Of 200 bundles with some bits flipped none passes, none raises, and none takes long."""
    data = bundle.read_bytes()
    plain = gzip.decompress(data)
    chance = random.Random(4)
    begin = time.monotonic()
    for number in range(200):
        damaged = bytearray(data if number % 2 else plain)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        if bytes(damaged) in (data, plain):
            continue
        wrong = bytes(damaged) if number % 2 else gzip.compress(bytes(damaged), 1)
        bundle.write_bytes(wrong)
        passed = verify(bundle).is_passed
        # The header of gzip has a time and a name of a system, which say nothing of the content.
        assert not passed or wrong[10:] == data[10:]
    assert time.monotonic() - begin < 20


def test_nothing_is_unpacked_elsewhere(tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is unpacked lies in one temporary folder, which is gone afterwards, also when it fails."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    verify(bundle)
    bundle.write_bytes(archived(list(members(bundle).items())[:-1]))
    verify(bundle)
    assert os.listdir(place) == []
