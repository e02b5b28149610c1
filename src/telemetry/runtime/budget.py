"""The overhead budget: how far to do with less, from how much telemetry costs.

It measures and changes nothing itself: `steward` measures, and `thrift` makes the runtime do what the rung says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, final

Step = Literal["none", "arguments", "sampling", "spans"]
"""What is left out: nothing; attributes that are captured from arguments; a part of the traces; all spans."""

STEPS: Final[tuple[Step, ...]] = ("none", "arguments", "sampling", "spans")

_HALVINGS: Final = 6
_EASE: Final = 0.5
"""The part of the budget that recording has to come down to before more is recorded again."""
_PATIENCE: Final = 3
_MOST_PATIENCE: Final = 96


@final
@dataclass(frozen=True, slots=True)
class Rung:
    """One state of doing with less; each one leaves out what those before it do.

    Attributes:
        step: The last thing that is left out.
        share: The part of the new traces that is kept.
    """

    step: Step
    share: float

    @property
    def number(self) -> int:
        """The number of the step, 0 to 3."""
        return STEPS.index(self.step)


LADDER: Final = (
    Rung("none", 1.0),
    Rung("arguments", 1.0),
    *(Rung("sampling", 0.5**halving) for halving in range(1, _HALVINGS + 1)),
    Rung("spans", 0.0),
)
"""All rungs, from everything to metrics only."""


@final
class Budget:
    """Goes up the ladder by a rung for each window that costs too much, and down after some that cost little.

    A rung that turns out too dear as soon as it is taken back makes the next try wait twice as long, up to 96 windows:
    what spans would cost cannot be measured while there are none.

    >>> budget = Budget(0.05)
    >>> budget.judge(0.08), budget.rung.step
    (True, 'arguments')

    Attributes:
        limit: The part of the CPU time that telemetry may take.
        rung: Where it stands.
    """

    __slots__ = ("_calm", "_patience", "_place", "_tried", "limit")

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._place = 0
        self._calm = 0
        self._tried = False
        self._patience = _PATIENCE

    @property
    def rung(self) -> Rung:
        """Where it stands."""
        return LADDER[self._place]

    def judge(self, ratio: float) -> bool:
        """Take in what a window cost, 0 to 1 of its CPU time; tell whether the rung is another one now."""
        if ratio > self.limit:
            return self._climb()
        self._calm = self._calm + 1 if ratio <= self.limit * _EASE else 0
        if self._calm < self._patience:
            return False
        return self._descend()

    def _climb(self) -> bool:
        if self._tried:
            self._patience = min(2 * self._patience, _MOST_PATIENCE)
        self._calm, self._tried = 0, False
        self._place, before = min(self._place + 1, len(LADDER) - 1), self._place
        return self._place != before

    def _descend(self) -> bool:
        if self._tried:  # the rung before was no mistake
            self._patience = max(self._patience // 2, _PATIENCE)
        self._calm, self._tried = 0, self._place > 0
        self._place, before = max(self._place - 1, 0), self._place
        return self._place != before
