"""Processes that die in every way lose nothing that had ended, and what was open is named.

A few of the deaths that `python -m tests.soak deaths` repeats a hundred times.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from tests.soak.mortality import die
from tests.soak.outages import BATCH
from tests.soak.peers import Arrived, survive
from tests.soak.verdict import Verdict

_DEATHS = {"kill": 3, "term": 1, "os_exit": 1, "segfault": 2, "exec": 1, "memory": 1, "fork": 1, "pool": 1}
_DEATHS |= {"inside": 1, "terminate": 1, "spawn_executor": 1, "threads": 1, "exit": 1}
"""How often each."""
_DEATHS_OF_PURE = ("kill", "inside", "pool")
_DEATHS_WHILE_SENDING = ("kill", "fork")

Verdicts = Mapping[str, Future[Verdict]]
Arrivals = Mapping[str, Future[Arrived]]


@pytest.fixture(scope="module")
def verdicts(side_by_side: ThreadPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """Have processes die of everything."""

    def begin(death: str) -> Future[Verdict]:
        return side_by_side.submit(die, death, tmp_path_factory.mktemp(death), repetitions=_DEATHS[death])

    return {death: begin(death) for death in _DEATHS}


@pytest.fixture(scope="module")
def pure_verdicts(side_by_side: ThreadPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """Have processes of the pure twin die."""
    pure = partial(die, repetitions=1, variables={"TELEMETRY_PURE": "1"})
    return {death: side_by_side.submit(pure, death, tmp_path_factory.mktemp(death)) for death in _DEATHS_OF_PURE}


@pytest.fixture(scope="module")
def arrivals(side_by_side: ThreadPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Arrivals:
    """Have processes die while they send, and others come after them."""
    ours = partial(survive, "ours", python=Path(sys.executable), between=(0.3, 0.6), delay_ms=50)
    return {death: side_by_side.submit(ours, death, tmp_path_factory.mktemp(death)) for death in _DEATHS_WHILE_SENDING}


@pytest.mark.usefixtures("pure_verdicts", "arrivals")  # so that they are under way meanwhile
@pytest.mark.parametrize("death", _DEATHS)
def test_what_had_ended_is_recovered(death: str, verdicts: Verdicts) -> None:
    """Each span that had ended is recovered once, each open one is named, and the ledgers balance."""
    verdict = verdicts[death].result()
    assert verdict.is_good, verdict
    assert verdict.ended > 1


@pytest.mark.parametrize("death", _DEATHS_OF_PURE)
def test_what_had_ended_is_recovered_of_the_pure_twin(death: str, pure_verdicts: Verdicts) -> None:
    """The pure twin loses nothing either, killed in the middle of writing too."""
    verdict = pure_verdicts[death].result()
    assert verdict.is_good, verdict
    assert verdict.ended > 1


@pytest.mark.parametrize("death", _DEATHS_WHILE_SENDING)
def test_what_had_ended_arrives_in_the_end(death: str, arrivals: Arrivals) -> None:
    """What a process that was sending leaves is sent by the next of its service; at most a batch comes twice."""
    arrived = arrivals[death].result()
    assert arrived.ended > 0
    assert arrived.later == arrived.ended
    assert arrived.repeated <= BATCH
