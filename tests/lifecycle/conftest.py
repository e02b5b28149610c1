"""Let these tests write registry files."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contracts.files import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Write registry files to a folder of this test."""
    return Files(tmp_path)
