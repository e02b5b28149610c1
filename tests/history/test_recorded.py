"""Journals and bundles tell what processes counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.bundle.bundles import packed, written

from telemetry.contracts import load_registry
from telemetry.operations.history import HistoryError, Query, Reading, open_history

FOREVER = (0.0, 4e9)


def journal_folder(tmp_path: Path) -> Path:
    """Write the journal of a process that died, in a folder."""
    folder = tmp_path / "journals"
    folder.mkdir(mode=0o700)
    written(folder / "4711-99-3e8.journal").close()
    return folder


def last(reading: Reading) -> tuple[float, float]:
    """Give sum and count of the last sample of the only series."""
    (series,) = reading.series
    return series.samples[-1].value, series.samples[-1].count


def test_a_journal_has_what_its_process_counted(tmp_path: Path) -> None:
    """The histogram of a journal comes back with sum and count, and begins with 0."""
    history = open_history(str(journal_folder(tmp_path)), load_registry())
    reading = history.read(Query("pipeline_latency_seconds", "histogram", *FOREVER))
    assert last(reading) == pytest.approx((30.3, 3))
    assert reading.series[0].samples[0].count == 0


def test_a_bundle_has_it_too(tmp_path: Path) -> None:
    """The same comes out of a bundle of the journal."""
    path = tmp_path / "x.bundle"
    packed(path, journal_folder(tmp_path), Ed25519PrivateKey.generate())
    history = open_history(str(path), load_registry())
    assert last(history.read(Query("pipeline_latency_seconds", "histogram", *FOREVER))) == pytest.approx((30.3, 3))


def test_a_cut_bundle_says_so(tmp_path: Path) -> None:
    """A bundle of which a part is missing is refused by its name."""
    path = tmp_path / "x.bundle"
    packed(path, journal_folder(tmp_path), Ed25519PrivateKey.generate())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(HistoryError, match=r"x\.bundle"):
        open_history(str(path), load_registry()).read(Query("pipeline_latency_seconds", "histogram", *FOREVER))


def test_a_damaged_journal_is_said(tmp_path: Path) -> None:
    """A journal that cannot be read is named, and the others count."""
    folder = journal_folder(tmp_path)
    (folder / "1-2-3.journal").write_bytes(b"\0" * 100)
    reading = open_history(str(folder), load_registry()).read(Query("pipeline_latency_seconds", "histogram", *FOREVER))
    assert last(reading)[1] == 3
    assert any("1-2-3.journal" in problem for problem in reading.problems)
