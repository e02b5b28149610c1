"""Fixtures: the command as a user runs it, and two weeks of history."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.operations.twoweeks import TwoWeeks, seed, write_two_weeks

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def telemetry_command(tmp_path: Path) -> Command:
    """Run `telemetry …` in an empty folder."""

    def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from telemetry.cli import main; main()", *map(str, arguments)]
        environment = {**os.environ, **variables}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False
        )

    return run


@pytest.fixture(scope="session")
def two_weeks(tmp_path_factory: pytest.TempPathFactory) -> TwoWeeks:
    """Give a history with incidents; what was drawn can be drawn again from the seed."""
    drawn = write_two_weeks(tmp_path_factory.mktemp("history"), seed())
    logging.getLogger(__name__).warning("TELEMETRY_SEED=%d", drawn.seed)
    return drawn
