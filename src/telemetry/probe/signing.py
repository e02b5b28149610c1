"""The key that signs packages: Ed25519, made on first use, readable by its owner only.

Signatures are deterministic (RFC 8032, 5.1.6), so signing keeps packages reproducible.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_NAME = "signing_key.pem"


def open_signing_key(directory: Path) -> Ed25519PrivateKey:
    """Return the key of a folder, and make both where they are missing.

    Two processes that make it at once end up with the same one.

    Raises:
        ConfigurationError: The file is no Ed25519 key, or others than its owner may read it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = directory / KEY_NAME
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(f"{path} can be read by others: run `chmod 600 {path}`, and consider a new key")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(f"{path} is no private key that can be read: remove it to get a new one") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise ConfigurationError(f"{path} is a key of another kind: an Ed25519 key is needed")
    return key


def public_key_text(key: Ed25519PrivateKey) -> str:
    """Return the public half of a key as PEM text, for those who check packages."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _make(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    partial = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        # A link fails where the name is taken, so the first of two writers wins.
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink()
