"""A journal's files may be full, gone, flipped or cut: the pipeline goes on, and what is lost is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from tests.soak import damage
from tests.soak.damage import Damaged

import telemetry

_SECONDS = 0.8
_HAS_CHECKSUMS = telemetry.__hotpath__ == "compiled"

Damages = Mapping[str, Future[Damaged]]


def _fill_disk(folder: Path) -> Damaged:
    with damage.small_disk(folder, 16 * damage.SMALL_BYTES) as disk:
        return damage.go_on(folder, disk / "journal", damage.fill, seconds=_SECONDS)


def _go_on(happen: Callable[[Path], None], folder: Path, *, largest: int = 0) -> Damaged:
    return damage.go_on(folder, folder / "journal", happen, seconds=_SECONDS, largest=largest)


def _remove(folder: Path) -> Damaged:
    return damage.send_on(folder, folder / "journal", damage.remove, seconds=_SECONDS)


_TRIALS: Mapping[str, Callable[[Path], Damaged]] = {
    "limited": partial(_go_on, damage.nothing, largest=damage.FILE_BYTES),
    "removed": _remove,
    "flipped": partial(_go_on, damage.flip_bits(_SECONDS / 2, seed=1)),
    "flipped behind": partial(_go_on, damage.flip_bits(_SECONDS / 2, seed=2, spare=damage.HEADER_BYTES)),
    "cut": partial(damage.truncate, seed=0),
    "cut elsewhere": partial(damage.truncate, seed=1),
}


@pytest.fixture(scope="module")
def damages(side_by_side: ThreadPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Damages:
    """Damage a journal in every way."""
    trials = {**_TRIALS, "full": _fill_disk} if damage.may_mount() else _TRIALS
    return {name: side_by_side.submit(trial, tmp_path_factory.mktemp("damage")) for name, trial in trials.items()}


def _is_unnoticed(outcome: Damaged) -> bool:
    """Tell whether a child went on: it recorded to the end, said little, and ended at once."""
    return outcome.ended > 100 and len(outcome.ending.lines) <= 2 and outcome.ending.exit_seconds < 2


def test_a_limit_of_file_sizes_is_no_harm(damages: Damages) -> None:
    """A process whose files may not grow beyond a limit goes on, and says once that it has no journal."""
    outcome = damages["limited"].result()
    assert _is_unnoticed(outcome), outcome
    assert outcome.counted > 0


@pytest.mark.skipif(not damage.may_mount(), reason="only root may mount a disk")
def test_a_disk_that_fills_up_is_no_harm(damages: Damages) -> None:
    """What has room is kept, what has none is counted, and the ledger balances."""
    outcome = damages["full"].result()
    assert _is_unnoticed(outcome), outcome
    assert outcome.unbalanced == ()
    assert outcome.found + outcome.counted == outcome.ended


def test_a_removed_folder_is_no_harm(damages: Damages) -> None:
    """A process whose journal is unlinked goes on in what it has mapped, and sends all of it."""
    outcome = damages["removed"].result()
    assert _is_unnoticed(outcome), outcome
    assert outcome.found == outcome.ended


def test_flipped_bits_are_no_harm(damages: Damages) -> None:
    """Flipping bits of the mapped file, its header too, breaks neither the process that records nor who reads it."""
    outcome = damages["flipped"].result()
    assert _is_unnoticed(outcome), outcome
    assert outcome.strange == 0 or not _HAS_CHECKSUMS


@pytest.mark.skipif(not _HAS_CHECKSUMS, reason="the records of the pure twin have no checksum")
def test_what_is_damaged_is_not_believed(damages: Damages) -> None:
    """Where the header is whole, the spans that no bit was flipped in are found, and none that never was."""
    outcome = damages["flipped behind"].result()
    assert _is_unnoticed(outcome), outcome
    assert outcome.found > 0
    assert outcome.strange == 0


@pytest.mark.parametrize("place", ["cut", "cut elsewhere"])
def test_a_journal_cut_off_is_read_as_far_as_it_goes(place: str, damages: Damages) -> None:
    """What is before the cut is recovered; what was behind it is counted, or the journal is named as unreadable."""
    outcome = damages[place].result()
    assert outcome.found <= outcome.ended
    assert outcome.found + outcome.counted >= outcome.ended or outcome.unreadable == 1, outcome
