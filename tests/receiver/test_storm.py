"""A storm of alerts: each that was sent is kept."""

from __future__ import annotations

import asyncio

from .load import kept, load
from .process import Served


def test_a_thousand_alerts_a_second_are_all_kept(receiver: Served) -> None:
    """Three seconds of a storm: no request is refused, and there is an incident for each alert."""
    found = asyncio.run(load(receiver, rate=1000, seconds=3))
    assert found["refused_requests"] == 0
    assert kept(receiver) == found["alerts"] == 3000
    assert receiver.get("/api/v1/audit/verify")["finding"] is None
