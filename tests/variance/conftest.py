"""A recorded rollout, and the command that compares it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.variance.story import BEFORE_S, FLAG_S, written
from typer.testing import CliRunner, Result

from telemetry.cli.variance import app

Command = Callable[..., Result]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rollout as it went."""
    return written(tmp_path_factory.mktemp("rollout") / "rollout.parquet")


@pytest.fixture
def command() -> Command:
    """Run `telemetry variance`."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(each) for each in arguments])

    return run


@pytest.fixture
def baseline(recorded: Path, tmp_path: Path, command: Command) -> Path:
    """The day before the flag, captured."""
    path = tmp_path / "baseline.json"
    result = command("capture", "-s", recorded, "-w", f"{BEFORE_S:.0f}/24h", "-o", path)
    assert result.exit_code == 0, result.output
    return path


def compared(command: Command, baseline: Path, source: Path, *more: object) -> tuple[int, dict[str, Any]]:
    """Compare the 48 hours after the flag; give exit code and result."""
    window = ("--window", f"{FLAG_S:.0f}/48h", "--checkpoints", "1h,12h,24h,36h,48h")
    result = command("compare", baseline, "-s", source, *window, "--json", *more)
    return result.exit_code, json.loads(result.stdout)
