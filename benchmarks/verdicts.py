"""The rule that judges a measurement by its bound: it passes, it fails, or there is not enough data to tell.

`docs/benchmarks.md` explains the rule.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from . import harness, latency
from .budgets import Budget
from .rows import ROWS
from .suite import Result

State = Literal["pass", "fail", "not enough data"]

# Two equal things that differ by more than this tell of a machine that cannot say on which side of a near bound it is.
NOISE_CAP = 0.20
# The share of the machine that others may keep busy. Processor time stands much of it; a latency, taken by the wall,
# shows every turn that somebody else gets.
CROWDED = 0.80
CROWDED_LATENCY = 0.25


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a budget said about one run.

    Attributes:
        budget: The budget.
        twin: Whose bound was held against the run.
        measured: The ratio of the best rounds.
        noise: What two equal things may differ by in this run, as a share.
        state: Which of the three it is.
        why: What kept the run from telling, where it could not.
        crowded: Whether others used too much of the machine.
    """

    budget: Budget
    twin: str
    measured: float
    noise: float
    state: State
    why: str = ""
    crowded: bool = False

    @property
    def weight(self) -> int:
        """How much an attempt says: a pass settles it, and what a crowded machine gave settles nothing."""
        return 2 if self.state == "pass" else int(not self.crowded)

    def __str__(self) -> str:
        budget, bound = self.budget, self.budget.bounds[self.twin]
        noise = f"noise {self.noise:.1%}"
        if budget.cheaper:
            return (
                f"{budget.case}: {self.measured:.1f} x cheaper than {budget.relative_to}, at least {bound:g} ({noise})"
            )
        if budget.relative_to == "bytes":
            return f"{budget.case}: {self.measured:.0f} bytes, at most {bound:g}"
        unit = "FLOOR" if budget.relative_to == "floor" else budget.relative_to
        return f"{budget.case}: {self.measured:.2f} x {unit}, at most {bound:g} ({noise})"


def judge(result: Result, budgets: Sequence[Budget]) -> tuple[Verdict, ...]:
    """Hold a result against the budgets of its row; budgets whose cases were not run say nothing."""
    return tuple(
        _verdict(budget, measured, result)
        for budget in budgets
        if budget.row == result.row and (measured := budget.measure(result)) is not None
    )


def unjudged(result: Result, budgets: Sequence[Budget]) -> tuple[tuple[str, str], ...]:
    """Give the bounds that say nothing: what they compare, and what one of their cases lacks."""
    found = []
    for budget in budgets:
        lacking = [name for name in (budget.case, budget.relative_to) if name in result.missing]
        if lacking:
            found.append((f"{budget.case} against {budget.relative_to}", result.missing[lacking[0]]))
    return tuple(found)


def noise_of(budget: Budget, result: Result) -> float:
    """Give what equal things differed by: the two floors, and the odd and even rounds of the cases concerned."""
    cases = (result.find(budget.case), result.find(budget.relative_to))
    return max(result.noise, *(case.noise for case in cases if case is not None))


def _verdict(budget: Budget, measured: float, result: Result) -> Verdict:
    noise, cores = noise_of(budget, result), os.cpu_count() or 1
    if result.foreign_cores > _bearable(budget) * cores:
        why = f"others kept {result.foreign_cores:.1f} of {cores} cores busy"
        return Verdict(budget, result.twin, measured, noise, "not enough data", why, crowded=True)
    state, why = _state(budget, result.twin, measured, noise)
    return Verdict(budget, result.twin, measured, noise, state, why)


def _bearable(budget: Budget) -> float:
    measure = ROWS[budget.row].measure
    if measure is harness.measure:
        return CROWDED
    return CROWDED_LATENCY if measure is latency.measure else math.inf


def _state(budget: Budget, twin: str, measured: float, noise: float) -> tuple[State, str]:
    at_best, at_worst = sorted((measured / (1 + noise), measured * (1 + noise)), reverse=budget.cheaper)
    if not budget.keeps(at_best, twin):
        return "fail", ""
    if budget.keeps(at_worst, twin):
        return "pass", ""
    if noise > NOISE_CAP:
        return "not enough data", "equal things differed by too much"
    if budget.keeps(measured, twin):
        return "pass", ""
    return "not enough data", "beyond the bound by less than the noise"


def merge(earlier: Sequence[Verdict], later: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Keep, for each budget, the attempt that did better: what is too slow is too slow each time."""
    return tuple(_better(first, second) for first, second in zip(earlier, later, strict=True))


def _better(first: Verdict, second: Verdict) -> Verdict:
    if first.weight != second.weight:
        return max(first, second, key=lambda verdict: verdict.weight)
    return first if first.budget.better(first.measured, second.measured) == first.measured else second
