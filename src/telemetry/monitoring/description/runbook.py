"""What somebody does whom an alert has woken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from telemetry.contracts import Entry

from .record import single


@final
@dataclass(frozen=True, slots=True)
class Runbook:
    """What to do about an alert.

    Attributes:
        checklist: Steps, in their order.
        queries: What tells whether it is so, and whether it is over: PromQL by a title.
        rollback: When to go back to the version before.
        message: What to tell those who wait.
    """

    checklist: tuple[str, ...]
    queries: Mapping[str, str]
    rollback: str
    message: str


def read_runbook(entry: Entry) -> Runbook | None:
    """Read the key `runbook`; None where there is none."""
    if not entry.has("runbook"):
        entry.entry("runbook")
        return None
    with entry.entry("runbook") as inner:
        return Runbook(
            checklist=inner.texts("checklist", required=True, least=1),
            queries=single(inner, "queries"),
            rollback=inner.text("rollback"),
            message=inner.text("message"),
        )
