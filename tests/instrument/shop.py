"""The registry of these tests, and a recording under it.

Modules are imported by other tests too, so what they decorate bears names of the shipped pack; the names of this
registry are for functions that live no longer than their test.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry.testing import Recording, isolated

REGISTRY = Path(__file__).with_name("registry.json")


@pytest.fixture
def recording() -> Iterator[Recording]:
    """Record into memory, under `registry.json`."""
    with isolated(registry=[REGISTRY]) as recording:
        yield recording


@pytest.fixture(autouse=True, scope="module")
def _leave_nothing_decorated() -> Iterator[None]:
    """Collect what a module decorated, and see that nothing is left that another registry would refuse."""
    yield
    gc.collect()
    with isolated():
        pass
