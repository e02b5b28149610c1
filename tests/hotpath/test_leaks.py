"""Calls of every form leave nothing behind: no block, no page, no reference, however often they are made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hotpath.leaks import Thing, forms, left_behind, recorded

from telemetry import current_span
from telemetry._hotpath import TWIN

CALLS = 20_000 if TWIN == "compiled" else 4_000
"""A million is for `python tests/hotpath/leaks.py 1000000`."""
IS_SANITIZED = "libasan" in Path("/proc/self/maps").read_text()
"""The address sanitizer keeps what was freed for a while, so pages say nothing there."""
NAMES = sorted(forms(Thing()))


@pytest.fixture(scope="module", autouse=True)
def _recorded() -> Iterator[None]:
    with recorded():
        yield


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_behind(name: str) -> None:
    """Neither memory nor references grow with the number of calls, and no context stays; a leak would be one a call."""
    form = forms(Thing())[name]
    count = CALLS // 5 if name == "block with many attributes" else CALLS  # which takes the general way
    left = left_behind(form, count)
    assert left.pop("blocks") < count / 10
    assert left.pop("KiB") < 1024 or IS_SANITIZED
    assert all(abs(count) < 10 for count in left.values()), left
    assert current_span() is None
