"""Ids that stay: a panel's follows from its dashboard and its title, wherever it stands."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

_BITS: Final = 30


def panel_id(uid: str, title: str) -> int:
    """Give the id of a panel, from 1; links to a panel hold for as long as its title does.

    >>> panel_id("pipeline", "Latency") == panel_id("pipeline", "Latency") != panel_id("pipeline", "Size")
    True
    """
    digest = sha256(f"{uid}/{title}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % (1 << _BITS) + 1
