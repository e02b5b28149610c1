"""What a child that was not killed says of its work, and how it then ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Self, final


@final
@dataclass(frozen=True, slots=True)
class Report:
    """How a child fared.

    Attributes:
        grown_bytes: How much its own memory grew over the last three quarters of its work.
        losses: What it counted as lost or refused, by reason.
        counts: What it counted itself, by name.
    """

    grown_bytes: int = 0
    losses: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    def written(self) -> str:
        """Write it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, line: str) -> Self:
        """Read it."""
        return cls(**json.loads(line))


@final
@dataclass(frozen=True, slots=True)
class Ending:
    """A child's report, and its end as seen from outside.

    Attributes:
        report: What it said.
        exit_seconds: The time from there to its end.
        lines: What it wrote to its standard error.
    """

    report: Report = Report()
    exit_seconds: float = 0.0
    lines: tuple[str, ...] = ()
