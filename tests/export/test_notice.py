"""Our own line on stderr."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys

import pytest

from telemetry.export.notice import Notice
from telemetry.export.occupant import occupant

from .servers import free_port


def test_one_line_an_interval(capsys: pytest.CaptureFixture[str]) -> None:
    """A second line within the interval is not written, one after it is."""
    notice = Notice(interval_seconds=60)
    assert [notice.say("first"), notice.say("second")] == [True, False]
    brief = Notice(interval_seconds=0)
    assert [brief.say("third"), brief.say("fourth")] == [True, True]
    assert capsys.readouterr().err == "first\nthird\nfourth\n"


def test_last_word_is_always_said(capsys: pytest.CaptureFixture[str]) -> None:
    """The last word of a process is written whatever was said before."""
    notice = Notice()
    notice.say("first")
    notice.say_now("last")
    assert capsys.readouterr().err == "first\nlast\n"


def test_it_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A reason that an endpoint gives can neither add lines, nor steer the terminal, nor fill it."""
    Notice().say("reason: a\nb\x1b[2J" + "x" * 5_000)
    written = capsys.readouterr().err
    assert written.startswith("reason: a\\nb\\x1b[2Jxxx")
    assert (written.count("\n"), len(written)) == (1, 1_001)


def test_it_does_not_go_through_logging(caplog: pytest.LogCaptureFixture) -> None:
    """Our line is no log record: the application's records are what we export."""
    caplog.set_level(logging.DEBUG)
    Notice().say("down")
    assert caplog.records == []


@pytest.mark.parametrize("stderr", [None, "closed"])
def test_a_process_without_stderr(monkeypatch: pytest.MonkeyPatch, stderr: str | None) -> None:
    """A daemon that has closed its stderr, or never had one, goes on."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed if stderr else None)
    assert Notice().say("nobody reads this")


def test_occupant_is_named() -> None:
    """Another process that listens on a port is named by number and program, this one as such."""
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        assert occupant(port) == f"process {other.pid} ({os.path.basename(sys.executable)})"
        other.communicate(b"\n")
    assert occupant(free_port()) == "another process"
