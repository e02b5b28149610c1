"""Fixtures: trials that go on side by side, since most of their time they wait."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

_AT_ONCE = 4


@pytest.fixture(scope="session")
def side_by_side() -> Iterator[ThreadPoolExecutor]:
    """Run some trials at the same time; those that nobody asks for any more are left out."""
    pool = ThreadPoolExecutor(_AT_ONCE)
    yield pool
    pool.shutdown(cancel_futures=True)
