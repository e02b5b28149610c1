"""What a child is told: which library to record with, how to die, and where to say what it did."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self, final


@final
@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of one child.

    Attributes:
        recorder: One of `RECORDERS`.
        death: One of `DEATHS`.
        truth: The file that it says everything to.
        journal: The journal's folder; empty for none.
        endpoint: Where to send; empty for nowhere.
        seconds: How long it records before it does itself what it dies of.
        spans: How many spans a process records at most; by default as many as its ring (32 MiB) holds.
        spans_per_second: At most so many; 0 is as fast as it can.
        rounds: How many processes it starts and kills, where it does.
    """

    recorder: str
    death: str
    truth: str
    journal: str = ""
    endpoint: str = ""
    seconds: float = 0.02
    spans: int = 100_000
    spans_per_second: float = 0.0
    rounds: int = 8

    def written(self) -> str:
        """Write the orders as one argument of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, argument: str) -> Self:
        """Read them."""
        return cls(**json.loads(argument))
