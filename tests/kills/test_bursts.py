"""Much at once: every span is accounted for, and the metrics are exact."""

from __future__ import annotations

from pathlib import Path

from tests.soak.bursts import burst, crowd, overrun


def test_a_burst_arrives_whole(tmp_path: Path) -> None:
    """20 000 spans in a fraction of a second all arrive, each once."""
    outcome = burst(tmp_path, 20_000)
    assert outcome.ended >= 20_000
    assert outcome.later == outcome.ended
    assert outcome.repeated == 0
    assert outcome.unbalanced == ()


def test_what_is_overwritten_is_counted(tmp_path: Path) -> None:
    """Of more spans than the ring holds, each is either there or counted as overwritten."""
    outcome = overrun(tmp_path, 30_000)
    assert outcome.overwritten > 0
    assert outcome.is_exact, outcome


def test_a_crowd_is_counted_exactly(tmp_path: Path) -> None:
    """Four processes of eight threads: the ledgers have every span, and the gateway every observation."""
    outcome = crowd(tmp_path, 2.0)
    assert outcome.recorded > 1000
    assert outcome.is_exact, outcome
