"""What the tests of the receiver share: receivers that end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .process import Served, start

StartReceiver = Callable[..., Served]


@pytest.fixture
def start_receiver(tmp_path: Path) -> Iterator[StartReceiver]:
    """What starts receivers on one database: `start_receiver("--alertmanager", url)`."""
    started: list[Served] = []

    def begin(*options: str, database: str | None = None, **environment: str) -> Served:
        where = database or str(tmp_path / "alerts.sqlite3")
        started.append(start(where, tmp_path / f"tokens{len(started)}", *options, **environment))
        return started[-1]

    yield begin
    codes = [each.stop() for each in started]
    assert set(codes) <= {0, -9}, "a receiver ends in order, unless a test kills it"


@pytest.fixture
def receiver(start_receiver: StartReceiver) -> Served:
    """A receiver with no Alertmanager and no webhooks."""
    return start_receiver()
