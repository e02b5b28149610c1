"""Fixtures: a recording, and the standard library with the context in its boundaries."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.instrument.shop import _leave_nothing_decorated, recording

from telemetry.context import patch, unpatch

__all__ = ("_leave_nothing_decorated", "recording")


@pytest.fixture
def patched() -> Iterator[None]:
    """Patch the standard library for the length of a test."""
    holder = object()
    patch(holder, lambda: dict(os.environ))
    yield
    unpatch(holder)
