"""Fixtures: a recording whose baggage may leave, and what a request comes to on its way through a service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.context.conftest import run
from tests.instrument.shop import REGISTRY, _leave_nothing_decorated

from telemetry.testing import Recording, isolated

__all__ = ("_leave_nothing_decorated", "run")


@pytest.fixture
def recording() -> Iterator[Recording]:
    """Record into memory; entries of three patterns may leave the process."""
    with isolated(registry=[REGISTRY], baggage_keys=["tenant", "user*", "k[0-9]*"]) as recording:
        yield recording
