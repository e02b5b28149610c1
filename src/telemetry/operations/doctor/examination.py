"""Examine engines side by side, each within its deadline."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from .check import Check, FailedCheckError, Patient, Target
from .engines import EXAMINATIONS


def examine(targets: Sequence[Target]) -> list[Check]:
    """Examine each engine; the steps after one that failed are left out, unless they are about another signal.

    Every engine has 10 seconds, and whatever it answers nothing is raised.
    """
    with ThreadPoolExecutor(max_workers=len(targets) or 1) as pool:
        found = pool.map(lambda each: _examined(each, targets), targets)
        return [check for checks in found for check in checks]


def _examined(target: Target, targets: Sequence[Target]) -> list[Check]:
    checks: list[Check] = []
    others = [each for each in targets if each != target]
    for name, step in EXAMINATIONS[target.engine](Patient(target), others):
        began = monotonic()
        problem = remedy = ""
        try:
            step()
        except FailedCheckError as failed:
            problem, remedy = str(failed), failed.remedy
        except Exception as error:  # noqa: BLE001 -- an answer of another shape is a finding, not an end
            problem = f"its answer cannot be understood: {type(error).__name__}: {error}"[:200]
            remedy = "correct the address: another program, or another version, answers there"
        checks.append(Check(f"{target.engine} {name}", target.shown, problem, remedy, round(monotonic() - began, 3)))
        if problem and "does not answer" in problem:
            break
    return checks
