"""A journal's files may be full, gone, flipped or cut: the pipeline goes on, and what is lost is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.soak import damage

import telemetry

_SECONDS = 0.8


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 16 MiB; without the right to mount there is none, and its tests are left out."""
    if not damage.may_mount():
        pytest.skip("only root may mount a disk")
    with damage.small_disk(tmp_path, 16 * damage.SMALL_BYTES) as disk:
        yield disk


def _is_unnoticed(outcome: damage.Damaged) -> bool:
    """Tell whether a child went on: it recorded to the end, said little, and ended at once."""
    return outcome.ended > 100 and len(outcome.ending.lines) <= 2 and outcome.ending.exit_seconds < 2


def test_a_limit_of_file_sizes_is_no_harm(tmp_path: Path) -> None:
    """A process whose files may not grow beyond a limit goes on."""
    largest = damage.SMALL_BYTES
    assert _is_unnoticed(
        damage.go_on(tmp_path, tmp_path / "journal", damage.nothing, seconds=_SECONDS, largest=largest)
    )


def test_a_disk_that_fills_up_is_no_harm(tmp_path: Path, disk: Path) -> None:
    """What has room is kept, what has none is counted, and the ledger balances."""
    outcome = damage.go_on(tmp_path, disk / "journal", damage.fill, seconds=_SECONDS)
    assert _is_unnoticed(outcome), outcome
    assert outcome.unbalanced == ()
    assert outcome.ended - outcome.found <= outcome.counted


def test_a_removed_folder_is_no_harm(tmp_path: Path) -> None:
    """A process whose journal is unlinked goes on in what it has mapped, and sends all of it."""
    outcome = damage.send_on(tmp_path, tmp_path / "journal", damage.remove, seconds=_SECONDS)
    assert _is_unnoticed(outcome), outcome
    assert outcome.found == outcome.ended


def test_flipped_bits_are_no_harm(tmp_path: Path) -> None:
    """Flipping bits of the mapped file, its header too, breaks neither the process that records nor who reads it."""
    outcome = damage.go_on(tmp_path, tmp_path / "journal", damage.flip_bits(_SECONDS / 2, seed=1), seconds=_SECONDS)
    assert _is_unnoticed(outcome), outcome
    assert outcome.strange == 0


@pytest.mark.skipif(telemetry.__hotpath__ == "pure", reason="the records of the pure twin have no checksum")
def test_what_is_damaged_is_not_believed(tmp_path: Path) -> None:
    """Where the header is whole, the spans that no bit was flipped in are found, and none that never was."""
    flip = damage.flip_bits(_SECONDS / 2, seed=2, spare=damage.HEADER_BYTES)
    outcome = damage.go_on(tmp_path, tmp_path / "journal", flip, seconds=_SECONDS)
    assert _is_unnoticed(outcome), outcome
    assert outcome.found > 0
    assert outcome.strange == 0


@pytest.mark.parametrize("seed", range(2))
def test_a_journal_cut_off_is_read_as_far_as_it_goes(seed: int, tmp_path: Path) -> None:
    """What is before the cut is recovered; what was behind it is counted, or the journal is named as unreadable."""
    outcome = damage.truncate(tmp_path, seed)
    assert outcome.found <= outcome.ended
    assert outcome.found + outcome.counted >= outcome.ended or outcome.unreadable == 1, outcome
