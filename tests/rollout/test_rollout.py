"""A rollout goes through its stages, back on a breach, and on after any crash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.variance.story import FLAG_S, HOUR, written
from typer.testing import CliRunner

from telemetry.cli.rollout import app
from telemetry.errors import ConfigurationError
from telemetry.operations.rollout import Plan, Rollout, RolloutFolder, State, disk, read_flags

MINUTE = 60


class Verdicts:
    """A judge that says what it is told to."""

    def __init__(self, *said: str) -> None:
        self.said = list(said)

    def capture(self, start_s: float, end_s: float) -> None:
        """Measure nothing."""

    def verdict(self, start_s: float, end_s: float, now_s: float) -> str:
        """Give the next verdict; the last one again and again."""
        return self.said.pop(0) if len(self.said) > 1 else self.said[0]


def plan(folder: Path) -> Plan:
    """Plan to set a flag from 10 to 100 percent."""
    return Plan("telemetry_parser_cli", 100, 10, str(folder / "flags.json"), "nowhere")


def through(folder: Path, *verdicts: str, until_s: float = 50 * HOUR) -> State:
    """Step every ten minutes for 50 hours, each time as a new process would."""
    judge = Verdicts(*verdicts)
    Rollout(folder).start(plan(folder), 0)
    for now_s in range(0, int(until_s) + 1, 10 * MINUTE):
        state = Rollout(folder, judge).step(now_s)
    return state


def test_it_goes_through_all_stages(tmp_path: Path) -> None:
    """48 h after the flag was set it is finished, and the log has each stage once."""
    state = through(tmp_path, "ok", "drifts", "ok")
    logged = [json.loads(line) for line in (tmp_path / "rollout.log.jsonl").read_text().splitlines()]
    assert [each["phase"] for each in logged] == ["baseline", "observation", "24 h", "48 h", "finished"]
    assert [each["at_s"] for each in logged] == [0, 600, 600 + HOUR, 600 + 24 * HOUR, 600 + 48 * HOUR]
    assert state.is_over and read_flags(tmp_path / "flags.json") == {"telemetry_parser_cli": "100%"}


@pytest.mark.parametrize("before", [(), ("ok",), ("ok", "ok")])
@pytest.mark.parametrize("bad", ["breach", "not enough data"])
def test_it_goes_back(before: tuple[str, ...], bad: str, tmp_path: Path) -> None:
    """A breach at any check, or no data for an hour, sets the flag to what it was before."""
    assert through(tmp_path, *before, bad).phase == "rolled back"
    assert read_flags(tmp_path / "flags.json") == {"telemetry_parser_cli": "10%"}


@pytest.mark.parametrize("crash", range(24))
def test_a_crash_at_any_write_changes_nothing(crash: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever write a crash comes before, the next step goes on, with the same log and the same flag."""
    whole, writes = disk.write_whole, 0

    def dying(path: Path, document: object) -> None:
        nonlocal writes
        writes += 1
        if writes == crash // 2 + 1 and crash % 2 == 0:
            raise KeyboardInterrupt
        whole(path, document)
        if writes == crash // 2 + 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(disk, "write_whole", dying)
    judge = Verdicts("ok")
    for now_s in (0, 0, *range(600, 49 * HOUR, 10 * MINUTE)):
        try:
            Rollout(tmp_path).start(plan(tmp_path), now_s)
            Rollout(tmp_path, judge).step(now_s)
        except KeyboardInterrupt:
            continue
    logged = [json.loads(line) for line in (tmp_path / "rollout.log.jsonl").read_text().splitlines()]
    assert [each["phase"] for each in logged] == ["baseline", "observation", "24 h", "48 h", "finished"]
    assert read_flags(tmp_path / "flags.json") == {"telemetry_parser_cli": "100%"}


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    """While one process works on a rollout, another is told so."""
    Rollout(tmp_path).start(plan(tmp_path), 0)
    with RolloutFolder(tmp_path).locked(), pytest.raises(ConfigurationError, match="another process"):
        Rollout(tmp_path, Verdicts("ok")).step(600)


def test_abort_sets_the_flag_back(tmp_path: Path) -> None:
    """Aborted, it stays so."""
    through(tmp_path, "ok", until_s=HOUR)
    assert Rollout(tmp_path).abort(2 * HOUR).phase == "aborted"
    assert Rollout(tmp_path, Verdicts("ok")).step(60 * HOUR).phase == "aborted"
    assert read_flags(tmp_path / "flags.json") == {"telemetry_parser_cli": "10%"}


@pytest.mark.parametrize(("changes", "code", "phase"), [({}, 0, "finished"), ({"p95": 1.08}, 1, "rolled back")])
def test_the_command_over_recorded_history(changes: dict[str, float], code: int, phase: str, tmp_path: Path) -> None:
    """48 hours of recorded history finish a rollout, and one that is slow rolls it back."""
    source = written(tmp_path / "x.parquet", changes)
    folder, begun = tmp_path / "rollout", FLAG_S - 600

    def call(*arguments: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        return result.exit_code, result.output

    flags = ("--flag", "telemetry_parser_cli=100", "--flags-file", tmp_path / "flags.json")
    assert call("start", folder, *flags, "-s", source, "--now", begun)[0] == 0
    for hours in (0, 1, 24, 48):
        call("step", folder, "--now", FLAG_S + HOUR * hours)
    found, said = call("status", folder)
    assert found == code and phase in said
