"""The signature of a bundle: Ed25519 over its manifest, with keys in the form that packages use.

A private key is PEM (PKCS 8), not encrypted, readable by its owner only; a public key is PEM (SubjectPublicKeyInfo).
Signatures are deterministic (RFC 8032, 5.1.6), so a signed bundle is as reproducible as one that is not.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def open_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key, and make it where it is missing; two processes that make it at once get the same one.

    Raises:
        ConfigurationError: It cannot be read or made, is no Ed25519 key, or others than its owner may read it.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    _make(path)
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise ConfigurationError(f"{path} can be read by others: run `chmod 600 {path}`, and consider a new key")
    try:
        key = load_pem_private_key(text, password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{path} is no private key that can be read: give an Ed25519 key as PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"{path} is a key of another kind: an Ed25519 key is needed")
    return key


def public_text(key: Ed25519PrivateKey) -> str:
    """Give the public half of a key as PEM text, for those who verify."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def read_public_key(text: bytes, place: str) -> Ed25519PublicKey:
    """Read a public key; `place` says in messages where it came from.

    Raises:
        ConfigurationError: It is no Ed25519 public key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(text)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{place} is no public key: give an Ed25519 public key as PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigurationError(f"{place} is a key of another kind: an Ed25519 public key is needed")
    return key


def is_signed_by(key: Ed25519PublicKey, signature: bytes, manifest: bytes) -> bool:
    """Tell whether the owner of a key signed these bytes."""
    from cryptography.exceptions import InvalidSignature

    with suppress(InvalidSignature):
        key.verify(signature, manifest)
        return True
    return False


def fingerprint(key: Ed25519PublicKey) -> str:
    """Give a short name of a public key: the first 16 hex digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _make(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if path.exists():
        return
    key = Ed25519PrivateKey.generate()
    partial = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        # A link fails where the name is taken, so the first of two writers wins.
        with suppress(FileExistsError):
            os.link(partial, path)
    except OSError as error:
        raise ConfigurationError(f"no key can be made at {path}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
