"""The score has its weights, and lost data never makes it better."""

from __future__ import annotations

from math import nan

from hypothesis import given
from hypothesis import strategies as st

from telemetry.operations.health import PARTS, health

INPUTS = [name for part in PARTS for name in part.inputs]
BEST = dict.fromkeys(INPUTS, 10.0) | {"failures": 0.0, "cpu": 0.5, "memory": 0.75, "network": 1.0}
NUMBERS = st.floats(0, 1e6) | st.floats(0, 1) | st.just(nan)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(INPUTS, NUMBERS)), st.sets(st.sampled_from(INPUTS)))
def test_lost_data_never_raises_the_score(found: dict[str, float], lost: set[str]) -> None:
    """Whatever is taken away, the score is at most what it was, and within 0 and 100."""
    left = {name: value for name, value in found.items() if name not in lost}
    assert 0 <= health(left).score <= health(found).score <= 100


def test_the_best_and_the_worst() -> None:
    """An agent that does all well has 100, one of which nothing is known 0, with all inputs named as missing."""
    assert health(BEST).score == 100
    assert health({}).score == 0 and health({}).missing == tuple(INPUTS)


def test_the_weights() -> None:
    """Success, response, resources and network weigh 40, 30, 20 and 10."""
    points = health(BEST).points
    assert (points["success"], points["response"], points["cpu"] + points["memory"], points["network"]) == (
        40,
        30,
        20,
        10,
    )
    assert health({**BEST, "failures": 10}).score == 80
