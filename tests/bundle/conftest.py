"""What the tests of bundles share: a key, contracts, and a folder with the journal of a process that has died."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.bundle.bundles import written


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    """A key that signs."""
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    """A folder with one journal: 40 spans, 3 log records, a metric page, one span open at the death of the process."""
    folder = tmp_path / "journals"
    folder.mkdir(mode=0o700)
    written(folder / "4711-99-3e8.journal").close()
    return folder
