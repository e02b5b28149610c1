"""What became of an incident: one word for each step of its life."""

from __future__ import annotations

from enum import StrEnum
from typing import final


@final
class Change(StrEnum):
    """A step in the life of an incident."""

    OPENED = "opened"
    ESCALATED = "escalated"
    EASED = "eased"
    REFIRED = "refired"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    LAPSED = "acknowledgement_lapsed"


@final
class State(StrEnum):
    """Where an incident stands."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


TOLD = frozenset({Change.OPENED, Change.ESCALATED, Change.REFIRED, Change.RESOLVED, Change.LAPSED})
"""What is worth a message."""
