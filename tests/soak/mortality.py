"""Deaths, again and again: how many of the spans that had ended are recovered from the journals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from random import SystemRandom

from tests.soak.execution import kill
from tests.soak.orders import Orders
from tests.soak.recovery import ledgers, recover
from tests.soak.truth import read_truth
from tests.soak.verdict import Verdict, judge

BETWEEN = (0.0, 0.02)
"""The seconds after which a process dies that records as fast as it can: within its first thousands of spans."""
_chance = SystemRandom()


def die(death: str, folder: Path, *, repetitions: int, variables: Mapping[str, str] | None = None) -> Verdict:
    """Have processes die of one thing, one after the other in one journal's folder; then recover all of them.

    Args:
        death: One of `DEATHS`.
        folder: Where all is kept; an empty one.
        repetitions: How many die.
        variables: More of their environment.

    Raises:
        MisfireError: One did not die as it was to die.
    """
    journal = folder / "journal"
    truths = [folder / f"truth-{number}" for number in range(repetitions)]
    for truth in truths:
        orders = Orders("ours", death, str(truth), str(journal), seconds=_chance.uniform(*BETWEEN))
        kill(orders, between=BETWEEN, variables=variables)
    happened = reduce(or_, map(read_truth, truths))
    return judge(happened, recover(journal), ledgers(journal))
