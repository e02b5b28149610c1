"""Let these tests share what they know about lines, and leave no channel behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.logs.lines import LogFile

from telemetry.logs import use_channel


@pytest.fixture(autouse=True)
def _own_channel() -> Iterator[None]:
    """Give each test the unconfigured state, and take away what it configured."""
    before = use_channel(None)
    yield
    use_channel(before)


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[LogFile]:
    """Send the lines of all loggers to a file, as JSON."""
    with LogFile(tmp_path / "run.jsonl") as file:
        use_channel(file.channel)
        yield file
