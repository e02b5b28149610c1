"""Too little data is never well, and whatever is wrong with what is given is said."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tests.history.written import write_parquet
from tests.variance.conftest import Command, compared
from tests.variance.story import BEFORE_S, FLAG_S, HOUR, told

from telemetry.operations.variance.baseline import Baseline, Scope, Window
from telemetry.operations.variance.block import Block, figure
from telemetry.operations.variance.chance import interval, trend
from telemetry.operations.variance.comparison import Comparing
from telemetry.operations.variance.row import Row, read_row

LAG = ("--row", "telemetry_stream_lag_ms:mean<400")


def hours(*values: float, first_s: float = 0.0, region: str = "") -> list[Block]:
    """Make a block an hour of a gauge with 60 samples."""
    return [
        Block(first_s + HOUR * at, HOUR, region, 60, 60 * value, {}, [value] * 60) for at, value in enumerate(values)
    ]


def test_a_metric_that_has_gone_is_not_well(baseline: Path, tmp_path: Path, command: Command) -> None:
    """Without samples of one metric there is no verdict but that, unless missing rows are allowed."""
    rows = [row for row in told() if row[0] != "telemetry_stream_lag_ms" or row[2] < FLAG_S]
    source = write_parquet(tmp_path / "less.parquet", rows)
    code, document = compared(command, baseline, source)
    assert (code, document["verdict"]) == (1, "not enough data")
    assert document["regions"][0]["rows"][-1]["checkpoints"][0]["reason"] == "no samples in the window"
    assert document["regions"][0]["overall"][-1]["overall"] is None
    code, document = compared(command, baseline, source, "--allow-missing")
    assert (code, document["verdict"]) == (0, "ok")


def test_half_a_window_is_not_enough(baseline: Path, tmp_path: Path, command: Command) -> None:
    """Samples of only half the hours of a checkpoint are not enough, however many they are."""
    rows = [row for row in told() if not FLAG_S + 36 * HOUR < row[2] < FLAG_S + 42 * HOUR]
    code, document = compared(command, baseline, write_parquet(tmp_path / "less.parquet", rows))
    assert (code, document["verdict"]) == (1, "not enough data")
    assert "of the window, at least 80%" in document["regions"][0]["rows"][-1]["checkpoints"][-1]["reason"]


def test_nothing_at_all_is_allowed_by_nothing(baseline: Path, tmp_path: Path, command: Command) -> None:
    """A window without any samples is no success, even where missing rows are allowed."""
    source = write_parquet(tmp_path / "less.parquet", [row for row in told() if row[2] < FLAG_S])
    code, document = compared(command, baseline, source, "--allow-missing")
    assert (code, document["verdict"]) == (1, "not enough data")


def test_regions_are_told_apart(tmp_path: Path, command: Command) -> None:
    """A region that is worse is found, though all together are well."""
    rows = told(region="north") + told({"lag": 4.0}, region="south")
    source = write_parquet(tmp_path / "two.parquet", [row for row in rows if row[0] == "telemetry_stream_lag_ms"])
    path = tmp_path / "b.json"
    command("capture", "-s", source, "-w", f"{BEFORE_S:.0f}/24h", "-o", path, *LAG)
    code, document = compared(command, path, source, "--row", "telemetry_stream_lag_ms:mean<700")
    found = {each["region"]: each["rows"][0]["checkpoints"][-1]["verdict"] for each in document["regions"]}
    assert code == 1 and found == {"": "drifts", "north": "drifts", "south": "breach"}


def test_hours_are_compared_with_the_same_hours() -> None:
    """A busy morning is held against busy mornings: the night in the baseline does not make it a change."""
    day = [100.0] * 12 + [10.0] * 12
    base = Baseline(Window(0, 48 * HOUR), Scope(), "", {}, {"x": hours(*day, *day)})
    measured = Baseline(Window(48 * HOUR, 60 * HOUR), Scope(), "", {}, {"x": hours(*day[:12], first_s=48 * HOUR)})
    comparing = Comparing(base, [Row("x", "mean", "<", 200)])
    comparing.take(12, measured)
    (cell,) = comparing.finished().checkpoints[0].cells
    assert (cell.base, cell.change, cell.verdict) == (100, 0, "ok")


@pytest.mark.parametrize(
    ("change", "level", "verdict"),
    [
        (0.02, "", "ok"),
        (-0.035, "info", "ok"),
        (0.045, "warning", "ok"),
        (0.055, "warning", "breach"),
        (-0.07, "critical", "breach"),
    ],
)
def test_levels(change: float, level: str, verdict: str) -> None:
    """A row without target is tolerated up to 5 % either way, and is louder from 3, 4 and 6 % on."""
    base = Baseline(Window(0, 24 * HOUR), Scope(), "", {}, {"x": hours(*[100.0] * 24)})
    now = hours(*[100 * (1 + change)] * 24, first_s=24 * HOUR)
    comparing = Comparing(base, [Row("x", "mean")])
    comparing.take(24, Baseline(Window(24 * HOUR, 48 * HOUR), Scope(), "", {}, {"x": now}))
    found = comparing.finished().checkpoints[0]
    assert (found.cells[0].level, found.cells[0].verdict, found.verdict) == (level, verdict, verdict)


def test_intervals_hold_what_they_say() -> None:
    """The 95 % interval has the true change in about 95 of 100 histories, and leaves the global random stream alone."""
    source = random.Random(7)
    before = random.getstate()
    hits = 0
    for case in range(200):
        base, now = ([(1.0, each) for each in hours(*(source.gauss(100, 10) for _ in range(36)))] for _ in range(2))
        ends = interval(
            base,
            [each for _, each in now],
            lambda a, b: (figure(b, "mean") or 0) / (figure(a, "mean") or 1) - 1,
            str(case),
        )
        assert ends is not None
        hits += ends[0] <= 0 <= ends[1]
    assert 176 <= hits <= 198
    assert random.getstate() == before


def test_too_few_hours_have_no_interval() -> None:
    """Two hours do not tell how much hours differ; two points do not tell how good a line is."""
    assert interval([(1.0, each) for each in hours(1, 2)], hours(1, 2), lambda a, b: 0.0, "") is None
    found = trend([(1, 0.1), (2, 0.2)])
    assert found is not None and found.low is None and found.forecast == pytest.approx(0.3)
    assert trend([(1, 0.1)]) is None


def test_another_registry_is_refused(baseline: Path, recorded: Path, command: Command) -> None:
    """A baseline whose metrics had other buckets is refused, with both hashes and what to do."""
    document = json.loads(baseline.read_text())
    document["metrics"]["parse_duration_ms"]["contract"] = "0" * 16
    baseline.write_text(json.dumps(document))
    result = command("compare", baseline, "-s", recorded, "-w", f"{FLAG_S:.0f}/48h")
    assert result.exit_code == 2
    assert "buckets differ of parse_duration_ms; capture it again" in result.stderr


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b'{"format": 2}', b"\xff\xfe"])
def test_no_baseline_is_refused(content: bytes, tmp_path: Path, recorded: Path, command: Command) -> None:
    """A file that is half written, or something else, is refused in one sentence."""
    path = tmp_path / "b.json"
    path.write_bytes(content)
    result = command("compare", path, "-s", recorded, "-w", "24h")
    assert result.exit_code == 2
    assert "is no baseline, or not whole" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ("tomorrow", "is no duration"),
        ("0h", "is no duration"),
        ("2026-11-02T00:00:00Z/2026-11-01T00:00:00Z", "is empty"),
        ("2026-11-02T00:00:00/24h", "names no time zone"),
    ],
)
def test_wrong_windows_are_refused(window: str, said: str, recorded: Path, command: Command) -> None:
    """A window that is none, or empty, is bad usage."""
    result = command("capture", "-s", recorded, "-w", window)
    assert result.exit_code == 2 and said in result.stderr


def test_an_empty_window_is_no_baseline_to_trust(recorded: Path, tmp_path: Path, command: Command) -> None:
    """Capturing where there are no samples fails, and names the metrics."""
    result = command("capture", "-s", recorded, "-w", "2001-01-01T00:00:00Z/24h", "-o", tmp_path / "b.json")
    assert result.exit_code == 1
    assert "telemetry_stream_lag_ms: no samples in the window" in result.stderr


def test_a_clock_that_is_ahead_is_named(recorded: Path, tmp_path: Path, command: Command) -> None:
    """Samples after now are left out, and said, not averaged in."""
    window = f"{BEFORE_S:.0f}/24h"
    result = command(
        "capture", "-s", recorded, "-w", window, "-o", tmp_path / "b.json", "--now", f"{BEFORE_S + 3600:.0f}"
    )
    assert "are from the future, by up to 82800 s" in result.stderr


def test_rows_are_read_as_written() -> None:
    """A row reads back as it is written."""
    for text in ("parse_duration_ms:p95<=90", "x:ratio>=0.95", "y_total:count"):
        assert str(read_row(text)) == text
