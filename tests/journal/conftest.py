"""What the tests of journals share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journal.written import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal, with a ring of four segments of 4 KiB, some 50 spans each."""
    journal = Journal(tmp_path / "4711-99-3e8.journal")
    yield journal
    journal.close()
