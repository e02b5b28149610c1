"""The table of the rollout comes out of its recorded history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.variance.conftest import Command, compared
from tests.variance.story import BASE, CHECKPOINTS, FLAG_S, ROLLOUT, written

ORDER = ("p50", "p95", "batch", "cli", "cicd", "cpu", "lag")


def percent(share: float) -> str:
    """Write a share as the table has it."""
    return f"{100 * share:+.1f}"


def verdicts(document: dict[str, Any], at: int = -1) -> list[str]:
    """Give the verdicts of all rows at a checkpoint."""
    return [row["checkpoints"][at]["verdict"] for row in document["regions"][0]["rows"]]


def test_the_figures_of_the_rollout(baseline: Path, recorded: Path, command: Command) -> None:
    """Each row has the values that were put in, through buckets and samples, and their change from the baseline."""
    code, document = compared(command, baseline, recorded)
    rows = document["regions"][0]["rows"]
    assert code == 0 and document["verdict"] == "drifts"
    for row, name in zip(rows, ORDER, strict=True):
        for cell, wanted in zip(row["checkpoints"], ROLLOUT[name], strict=True):
            assert cell["base"] == pytest.approx(BASE[name], rel=1e-4)
            assert cell["value"] == pytest.approx(wanted, rel=1e-4)
            assert cell["change"] == pytest.approx(wanted / BASE[name] - 1, abs=1e-4)


def test_the_overall_figures(baseline: Path, recorded: Path, command: Command) -> None:
    """The overall figure goes +2.3, +2.2, +2.1, +2.0, +1.9 %, falls on in the forecast, and is tolerated throughout."""
    _, document = compared(command, baseline, recorded)
    overall = document["regions"][0]["overall"]
    assert [each["hours"] for each in overall] == list(CHECKPOINTS)
    assert [percent(each["overall"]) for each in overall] == ["+2.3", "+2.2", "+2.1", "+2.0", "+1.9"]
    assert {each["level"] for each in overall} == {""}
    trend = document["regions"][0]["trend"]
    assert trend["low"] < trend["forecast"] < overall[-1]["overall"] and trend["at_hours"] == 60


def test_a_row_may_move_while_its_target_is_met(baseline: Path, recorded: Path, command: Command) -> None:
    """Stream lag, 12 % up and far below its target, drifts, aloud; all other rows are well."""
    _, document = compared(command, baseline, recorded)
    assert verdicts(document, 0) == ["ok"] * 6 + ["drifts"]
    lag = document["regions"][0]["rows"][-1]["checkpoints"]
    assert [each["level"] for each in lag] == ["critical"] * 4 + ["warning"]


@pytest.mark.parametrize(("name", "factor"), [("p95", 1.08), ("batch", 0.95), ("cicd", 0.95), ("lag", 2.0)])
def test_a_missed_target_is_a_breach(
    name: str, factor: float, baseline: Path, tmp_path: Path, command: Command
) -> None:
    """A row past its target, on the side that is worse, fails the check, and no other row does."""
    code, document = compared(command, baseline, written(tmp_path / "worse.parquet", {name: factor}))
    found = verdicts(document)
    assert code == 1 and document["verdict"] == "breach"
    assert [each for each, verdict in zip(ORDER, found, strict=True) if verdict == "breach"] == [name]


def test_the_table_for_people(baseline: Path, recorded: Path, command: Command) -> None:
    """The table has the row names, the changes with their sign, and the verdict."""
    window = ("--window", f"{FLAG_S:.0f}/48h", "--checkpoints", "1h,12h,24h,36h,48h")
    result = command("compare", baseline, "-s", recorded, *window)
    (line,) = (each for each in result.stdout.splitlines() if each.startswith("overall"))
    assert all(each in line for each in ("+2.3 %", "+2.2 %", "+2.1 %", "+2.0 %", "+1.9 %"))
    assert result.stdout.endswith("verdict: drifts\n")


def test_it_is_published(baseline: Path, recorded: Path, tmp_path: Path, command: Command) -> None:
    """The textfile has the last change of each row and the overall figure, under the labels of the contract."""
    place = tmp_path / "variance.prom"
    compared(command, baseline, recorded, "--publish", place)
    values = dict(line.rsplit(" ", 1) for line in place.read_text().splitlines() if not line.startswith("#"))
    labels = 'environment="production",host_region="all",metric_family='
    assert len(values) == 8
    assert float(values[f'telemetry_variance_ratio{{{labels}"overall"}}']) == pytest.approx(0.0186, abs=1e-4)
    assert float(values[f'telemetry_variance_ratio{{{labels}"telemetry_stream_lag_ms:mean"}}']) > 0.05
