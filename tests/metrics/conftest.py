"""The twins that each test of this folder runs on."""

from __future__ import annotations

from typing import Any

import pytest
from tests.metrics.twins import TWINS, Bench


@pytest.fixture(params=sorted(TWINS))
def twin(request: pytest.FixtureRequest) -> Any:
    """Give the pure cells, and then the compiled ones where they can be built."""
    return TWINS[request.param]


@pytest.fixture
def bench(twin: Any) -> Bench:
    """Put one cell of each kind into a page."""
    return Bench(twin)
