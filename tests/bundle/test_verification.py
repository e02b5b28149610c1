"""Nobody changes a bundle unnoticed, and a problem is named with its member and offset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.bundle.bundles import members, packed, repacked, resigned

from telemetry._hotpath import protobuf
from telemetry.errors import ConfigurationError
from telemetry.journal.bundle import fingerprint, open_key, public_text, read_public_key, verify

PROCESS = "processes/0000-4711-99-3e8"
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


@pytest.fixture
def bundle(tmp_path: Path, journals: Path, key: Ed25519PrivateKey) -> Path:
    """A signed bundle."""
    packed(tmp_path / "b.tar.gz", journals, key)
    return tmp_path / "b.tar.gz"


def problems(bundle: Path, **options: Any) -> str:
    """Verify a bundle that must not pass; give the errors as lines."""
    found = verify(bundle, **options)
    assert not found.is_passed
    return "\n".join(f"{each.place} {each.problem}" for each in found.findings if each.level == "error")


def test_a_bundle_passes(bundle: Path, key: Ed25519PrivateKey) -> None:
    """As it was packed and with the right key, there is nothing to say but who signed it."""
    found = verify(bundle, key.public_key())
    assert found.is_passed
    assert found.is_trusted
    assert found.findings == ()
    assert found.signer == fingerprint(key.public_key())


def test_its_own_key_is_only_its_own_word(bundle: Path) -> None:
    """Without a key to trust, a bundle passes as whole, and the verification says what that does not show."""
    found = verify(bundle)
    assert found.is_passed
    assert not found.is_trusted
    assert "not who made it" in found.findings[0].problem


def test_another_key_is_refused(bundle: Path) -> None:
    """Signed by somebody else, it fails before anything else of it is read."""
    assert "its signature is wrong" in problems(bundle, public_key=OTHER.public_key())


def test_an_unsigned_bundle(tmp_path: Path, journals: Path, key: Ed25519PrivateKey) -> None:
    """It passes with a warning, and fails where a key was asked for."""
    packed(tmp_path / "u.tar.gz", journals)
    found = verify(tmp_path / "u.tar.gz")
    assert (found.is_passed, found.signer) == (True, "")
    assert "nobody signed it" in found.findings[0].problem
    assert "nobody signed it" in problems(tmp_path / "u.tar.gz", public_key=key.public_key())


def test_a_changed_byte_is_found(bundle: Path, key: Ed25519PrivateKey) -> None:
    """A member that was changed is named, whatever its new bytes mean; the others are still looked at."""

    def change(content: dict[str, bytes]) -> None:
        data = bytearray(content[f"{PROCESS}/journal"])
        data[8192] ^= 1
        content[f"{PROCESS}/journal"] = bytes(data)

    found = problems(repacked(bundle, change), public_key=key.public_key())
    assert found.startswith(f"{PROCESS}/journal@0 its content has the hash")
    assert len(found.splitlines()) == 1


def test_a_changed_manifest_is_found(bundle: Path) -> None:
    """Whoever changes a member and its hash needs the key too."""
    content = members(bundle)
    signature = content["manifest.sig"]
    resigned(bundle, lambda document: document["totals"].update(started=1), content, OTHER)
    assert "its signature is wrong" in problems(bundle)

    def restore(changed: dict[str, bytes]) -> None:
        changed["manifest.sig"] = signature

    assert "its signature is wrong" in problems(repacked(bundle, restore))


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (protobuf.message(0x12, b"\x0a\x02ab"), "trace id has 2 bytes"),
        (protobuf.message(0x12, b""), "a span without ids"),
        (protobuf.message(0x12, b"\x0a\x10" + bytes(16) + b"\x12\x08" + b"a" * 8), "only zeros"),
        (protobuf.message(0x12, b"\xff\xff"), "it is no record of spans"),
        (b"\x12\x7f", "ends beyond what it is in"),
        (b"\x12" + b"\xff" * 12, "a number that does not end"),
    ],
)
def test_a_malformed_record_is_named_with_its_offset(bundle: Path, payload: bytes, problem: str) -> None:
    """A record that breaks OTLP's rules is found though all hashes fit, with where it begins."""
    content = members(bundle)
    whole = content[f"{PROCESS}/spans.otlp"]
    content[f"{PROCESS}/spans.otlp"] = whole + protobuf.message(0x0A, protobuf.message(0x12, payload))
    rehashed(bundle, content, f"{PROCESS}/spans.otlp")
    found = problems(bundle)
    assert problem in found
    offset = int(found.partition("@")[2].partition(" ")[0])
    assert len(whole) < offset < len(content[f"{PROCESS}/spans.otlp"])


def test_counts_must_fit(bundle: Path) -> None:
    """A record less than the manifest says is found though all hashes fit."""
    content = members(bundle)
    content[f"{PROCESS}/spans.otlp"] *= 2
    rehashed(bundle, content, f"{PROCESS}/spans.otlp")
    assert f"{PROCESS}/spans.otlp@0 it has 80 records, the manifest says 40" in problems(bundle)


def test_a_broken_journal_is_found(bundle: Path) -> None:
    """A raw journal whose header makes no sense fails; it was readable when it was packed."""
    content = members(bundle)
    content[f"{PROCESS}/journal"] = bytes(4096) + content[f"{PROCESS}/journal"][4096:]
    rehashed(bundle, content, f"{PROCESS}/journal")
    assert f"{PROCESS}/journal@0 it is no journal" in problems(bundle)


def test_a_broken_registry_is_found(bundle: Path) -> None:
    """Contracts that cannot be loaded fail, with what is wrong in them."""
    content = members(bundle)
    content["registry.json"] = b'{"packs": [], "files": [{"document": {"name": 3}}]}'
    rehashed(bundle, content, "registry.json")
    assert "registry.json@0 its registry cannot be loaded" in problems(bundle)


def test_keys(tmp_path: Path) -> None:
    """A key is made once, for its owner only; what is no Ed25519 key, or can be read by others, is refused."""
    path = tmp_path / "keys" / "key.pem"
    key = open_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert public_text(open_key(path)) == public_text(key)
    assert fingerprint(read_public_key(public_text(key).encode(), "here")) == fingerprint(key.public_key())
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        open_key(path)
    path.chmod(0o600)
    path.write_text("no key")
    with pytest.raises(ConfigurationError, match="no private key"):
        open_key(path)
    with pytest.raises(ConfigurationError, match="here is no public key"):
        read_public_key(b"no key", "here")


def test_a_key_of_packages_signs_bundles(tmp_path: Path) -> None:
    """The key that packages are signed with has the same form, so one key serves a workspace."""
    from telemetry.probe import open_signing_key
    from telemetry.probe import public_key_text as package_text

    made = open_signing_key(tmp_path)
    assert public_text(open_key(tmp_path / "signing_key.pem")) == package_text(made)


def rehashed(bundle: Path, content: dict[str, bytes], name: str) -> None:
    """Write a bundle with a changed member whose hash and size the manifest, unsigned now, says rightly."""
    import hashlib

    def change(document: dict[str, Any]) -> None:
        document["public_key"] = ""
        for member in document["members"]:
            if member["name"] == name:
                member.update(size=len(content[name]), sha256=hashlib.sha256(content[name]).hexdigest())

    resigned(bundle, change, content)
