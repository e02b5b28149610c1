"""The score: parts with weights, each from 0 to 1 of its inputs; what is missing counts as 0.

An input that is lost lowers a score or leaves it, and never raises it. That is why success needs both outcomes, why
response counts tasks within bounds rather than interpolating a quantile, and why CPU and memory count apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final, final

_FULL_UNTIL: Final = 0.75


@final
@dataclass(frozen=True, slots=True)
class Part:
    """A part of the score.

    Attributes:
        weight: How much of the 100 it is.
        inputs: What it is made of.
    """

    name: str
    weight: float
    inputs: tuple[str, ...]

    def share(self, given: Mapping[str, float]) -> float:
        """Give how much of the weight is reached, 0 to 1; 0 where an input is missing or no number."""
        found = [given.get(name, float("nan")) for name in self.inputs]
        if not all(isfinite(each) and each >= 0 for each in found):
            return 0.0
        return min(max(_SHARES[self.name](*found), 0.0), 1.0)


PARTS: Final = (
    Part("success", 40, ("successes", "failures")),
    Part("response", 30, ("within_10_seconds", "within_30_seconds", "tasks")),
    Part("cpu", 10, ("cpu",)),
    Part("memory", 10, ("memory",)),
    Part("network", 10, ("network",)),
)
"""Success 40, response time 30, resources 20 (half CPU, half memory), network 10."""


@final
@dataclass(frozen=True, slots=True)
class Health:
    """A score and how it came about.

    Attributes:
        score: From 0, critical, to 100, healthy.
        points: What each part gives.
        missing: The inputs that were not there.
    """

    score: float
    points: Mapping[str, float]
    missing: tuple[str, ...]


def health(given: Mapping[str, float]) -> Health:
    """Work out the health of an agent.

    Args:
        given: By name of input: `successes`, `failures` and `tasks` of the last 15 minutes, those that were answered
            `within_10_seconds` and `within_30_seconds`; `cpu` and `memory` as shares; `network`, which is 0 or 1.

    >>> health({"successes": 9, "failures": 1, "network": 1}).score
    46.0
    """
    points = {part.name: part.weight * part.share(given) for part in PARTS}
    missing = tuple(name for part in PARTS for name in part.inputs if name not in given)
    return Health(round(sum(points.values()), 6), points, missing)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


_SHARES: Final[Mapping[str, Callable[..., float]]] = {
    "success": lambda successes, failures: _ratio(successes, successes + failures),
    "response": lambda good, fair, tasks: _ratio((good + fair) / 2, tasks),
    "cpu": lambda used: (1 - used) / (1 - _FULL_UNTIL),
    "memory": lambda used: (1 - used) / (1 - _FULL_UNTIL),
    "network": lambda up: up,
}
