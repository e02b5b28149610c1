"""What every test has: a place of its own for journals, so that none finds what another one left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry._hotpath import switch


@pytest.fixture(autouse=True)
def journal_folder(tmp_path: Path) -> Iterator[Path]:
    """Keep the journals of a test, and of the processes that it starts, in a folder of its own."""
    folder = tmp_path / "journals"
    with pytest.MonkeyPatch.context() as patch:  # not the fixture, which a test may undo
        patch.setenv("TELEMETRY_JOURNAL", str(folder))
        yield folder


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what other tests of this process decorated, which a registry without the shipped packs would refuse."""
    monkeypatch.setattr(switch, "_members", {})
