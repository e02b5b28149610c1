"""Fixtures: which twin of the hot path the children use."""

from __future__ import annotations

import pytest


@pytest.fixture
def pure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have children use the pure twin."""
    monkeypatch.setenv("TELEMETRY_PURE", "1")
