"""Processes that die in every way lose nothing that had ended, and what was open is named.

Few repetitions of what `python -m tests.soak deaths` does a hundred times.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.soak.deaths import DEATHS
from tests.soak.mortality import die
from tests.soak.outages import BATCH
from tests.soak.peers import survive


@pytest.mark.parametrize("death", DEATHS)
def test_what_had_ended_is_recovered(death: str, tmp_path: Path) -> None:
    """Each span that had ended is recovered once, each open one is named, and the ledgers balance."""
    repetitions = 1 if DEATHS[death].starts_anew else 3
    verdict = die(death, tmp_path, repetitions=repetitions)
    assert verdict.is_good, verdict
    assert verdict.ended > repetitions


@pytest.mark.usefixtures("pure")
@pytest.mark.parametrize("death", ["kill", "inside", "pool"])
def test_what_had_ended_is_recovered_of_the_pure_twin(death: str, tmp_path: Path) -> None:
    """The pure twin loses nothing either, killed in the middle of writing too."""
    verdict = die(death, tmp_path, repetitions=2)
    assert verdict.is_good, verdict
    assert verdict.ended > 2


@pytest.mark.parametrize("death", ["kill", "fork"])
def test_what_had_ended_arrives_in_the_end(death: str, tmp_path: Path) -> None:
    """What a process that was sending leaves is sent by the next of its service; at most a batch comes twice."""
    arrived = survive("ours", death, tmp_path, python=Path(sys.executable), between=(0.2, 0.5), delay_ms=50)
    assert arrived.at_death > 0
    assert arrived.later == arrived.ended
    assert arrived.repeated <= BATCH
