"""When to try again, and when to tell people: the parts that know times and nothing else."""

from __future__ import annotations

import random
from threading import Thread
from time import monotonic, sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.export import outage
from telemetry.export.alarm import Alarm
from telemetry.export.backoff import Backoff
from telemetry.export.outage import Outage


@given(st.floats(0.01, 10), st.floats(1, 20), st.integers(1, 12))
def test_pauses_double_up_to_a_bound(first: float, factor: float, failures: int) -> None:
    """Each pause lies between half of its full length and that length, which doubles up to the longest."""
    longest = first * factor
    backoff = Backoff(first, longest)
    for number in range(failures):
        backoff.fail()
        full = min(first * 2**number, longest)
        assert full / 2 - 0.05 <= backoff.left() <= full
    backoff.succeed()
    assert (backoff.left(), backoff.is_failing) == (0.0, False)
    backoff.fail()
    assert backoff.left() <= first


def test_a_hurry_cuts_our_own_pause_and_not_the_endpoint_s() -> None:
    """Who cannot wait skips our back-off; a time that the endpoint set stands."""
    backoff = Backoff(8.0, 30.0)
    backoff.fail()
    assert backoff.left() > 3
    assert backoff.left(hurried=True) == 0.0
    backoff.fail(after_seconds=5)
    assert 4.5 < backoff.left(hurried=True) <= 5
    assert backoff.left() > 7


def test_chance_is_not_the_application_s() -> None:
    """The generator that an application has seeded is left where it is, and pauses differ all the same."""
    random.seed(3)
    before = random.getstate()
    pauses = set()
    for _ in range(20):
        backoff = Backoff(100.0, 100.0)
        backoff.fail()
        pauses.add(round(backoff.left(), 2))
    assert random.getstate() == before
    assert len(pauses) > 15


def test_an_alarm_wakes_a_sleeper_once() -> None:
    """A ring ends a sleep, now or the next one; two rings before a sleep are one."""
    alarm = Alarm()
    alarm.ring()
    alarm.ring()
    began = monotonic()
    alarm.sleep(5)
    alarm.sleep(0.05)
    assert 0.04 < monotonic() - began < 1
    thread = Thread(target=alarm.sleep, args=(5,))
    thread.start()
    sleep(0.05)
    alarm.ring()
    thread.join(1)
    assert not thread.is_alive()
    alarm.sleep(-1)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Outage:
    """Lines that need no patience, so that a test need not have any."""
    monkeypatch.setattr(outage, "_PATIENCE_SECONDS", 0.05)
    return Outage("http://collector:4318", lambda: "5 spans wait")


def test_one_line_down_and_one_line_back(lines: Outage, capsys: pytest.CaptureFixture[str]) -> None:
    """However often it fails, an outage that lasts is one line, and its end is one."""
    for _ in range(10):
        lines.fail("refused")
        sleep(0.01)
    lines.succeed()
    lines.succeed()
    down, back = capsys.readouterr().err.splitlines()
    assert down == "telemetry: cannot export to http://collector:4318: refused; 5 spans wait"
    assert back == "telemetry: exports to http://collector:4318 again, after 0 s; 5 spans wait"


def test_a_short_trouble_is_nobody_s(lines: Outage, capsys: pytest.CaptureFixture[str]) -> None:
    """What is over before anybody could do something about it is not said, neither its beginning nor its end."""
    for _ in range(5):
        lines.fail("refused")
        lines.succeed()
    assert capsys.readouterr().err == ""


def test_an_endpoint_that_comes_and_goes_is_two_lines_a_minute(
    lines: Outage, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second outage within the minute of the first one's end is not said again."""
    for _ in range(3):
        lines.fail("refused")
        sleep(0.06)
        lines.fail("refused")
        lines.succeed()
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_refusals_are_one_line_a_minute(lines: Outage, capsys: pytest.CaptureFixture[str]) -> None:
    """What the endpoint refuses is said once a minute, whatever else is said."""
    for _ in range(10):
        lines.refuse("HTTP 400")
    assert capsys.readouterr().err == "telemetry: http://collector:4318 refuses what it gets: HTTP 400; 5 spans wait\n"


def test_the_last_word_is_always_said(lines: Outage, capsys: pytest.CaptureFixture[str]) -> None:
    """What has not left at the end is said, whatever was said before."""
    lines.refuse("HTTP 400")
    lines.end("", 1.0)
    assert capsys.readouterr().err.splitlines()[1] == (
        "telemetry: not everything went to http://collector:4318 within 1 s; 5 spans wait"
    )
