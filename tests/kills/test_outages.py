"""A collector that fails costs no span, no memory and no time at exit, and one line of complaint.

Seconds of what `python -m tests.soak outages` does for a minute each.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from tests.soak.outages import OUTAGES, Outcome, suffer
from tests.soak.parts import EXIT_SECONDS, GROWTH_BYTES

_OUTAGES = ("none", "back", "down", "hang", "503", "400", "cut")
_SECONDS = 1.5
_SLACK_SECONDS = 5.0
"""Several children at once take their turns on busy cores; one that waits for its collector takes ten."""
_PATIENT_SECONDS = 30.0
"""The deadline of the one whose collector is well, which needs none."""

Outcomes = Mapping[str, Future[Outcome]]


@pytest.fixture(scope="module")
def outcomes(side_by_side: ThreadPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """Have all outages happen."""

    def begin(outage: str) -> Future[Outcome]:
        folder: Path = tmp_path_factory.mktemp(outage)
        how = partial(suffer, OUTAGES[outage], folder, seconds=_SECONDS, spans_per_second=200, delay_ms=100)
        return side_by_side.submit(how, deadline_seconds=_PATIENT_SECONDS if outage == "none" else EXIT_SECONDS)

    return {outage: begin(outage) for outage in _OUTAGES}


@pytest.mark.parametrize("outage", _OUTAGES)
def test_nothing_is_lost(outage: str, outcomes: Outcomes) -> None:
    """All spans arrive, by the next process at the latest, or are counted as refused; the ledgers balance."""
    outcome = outcomes[outage].result()
    assert outcome.ended > 100
    assert outcome.lost == 0, outcome
    assert outcome.unbalanced == ()


@pytest.mark.parametrize("outage", _OUTAGES)
def test_nothing_comes_twice_but_what_was_not_acknowledged(outage: str, outcomes: Outcomes) -> None:
    """A span comes again only where the collector took it and did not say so."""
    assert outcomes[outage].result().repeated <= OUTAGES[outage].repeats


@pytest.mark.parametrize("outage", _OUTAGES[1:])
def test_the_pipeline_does_not_notice(outage: str, outcomes: Outcomes) -> None:
    """Its memory does not grow with what waits, it ends within its deadline, and says one line, or a last one too."""
    ending = outcomes[outage].result().ending
    assert ending.report.grown_bytes < GROWTH_BYTES
    assert ending.exit_seconds < EXIT_SECONDS + _SLACK_SECONDS
    assert len(ending.lines) <= 2, ending.lines


def test_a_collector_that_is_well_has_all_at_the_exit(outcomes: Outcomes) -> None:
    """Where nothing fails, nothing is left for the next process, and nothing is said."""
    outcome = outcomes["none"].result()
    assert outcome.at_exit == outcome.ended
    assert outcome.ending.lines == ()


def test_what_is_refused_for_good_is_counted(outcomes: Outcomes) -> None:
    """A collector that answers 400 gets no batch again, and the ledger has the number."""
    assert outcomes["400"].result().refused > 0
