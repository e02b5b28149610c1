"""What every test has: a place of its own for journals, so that none finds what another one left."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def journal_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the journals of a test, and of the processes that it starts, in a folder of its own."""
    folder = tmp_path / "journals"
    monkeypatch.setenv("TELEMETRY_JOURNAL", str(folder))
    return folder
