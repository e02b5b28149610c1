"""Targets that end the process of the gate: there is a verdict all the same, in each form of the report."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.acceptance.conftest import PROBE, Probe

GONE = """
import atexit, os, signal, sys, threading, time, telemetry

def silently():
    with telemetry.span("spec.parse"):
        pass
    os._exit(0)

@telemetry.instrument_span("spec.parse")
def by_signal():
    os.kill(os.getpid(), signal.SIGKILL)

def by_another_program():
    os.execv("/bin/true", ["true"])

def after_the_verdict():
    atexit.register(os._exit, 0)
    raise ValueError("bad")

def not_at_all():
    with telemetry.span("spec.parse"):
        os.closerange(3, 256)
    if not os.fork():
        os._exit(3)
    os.wait()

def waiting():
    with telemetry.span("spec.parse"):
        print("ready", flush=True)
        time.sleep(600)
"""


@pytest.fixture
def gone(tmp_path: Path) -> Path:
    """A module with pipelines that end their process, and a folder for its journals."""
    (tmp_path / "gone.py").write_text(GONE)
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(0)\n")
    (tmp_path / "vanishes.py").write_text("import os\nos._exit(0)\n")
    return tmp_path


def failures(path: Path) -> list[str]:
    """Give the types of all failures of a JUnit file."""
    return [str(failure.get("type")) for failure in ET.parse(path).getroot().iter("failure")]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("gone:silently", "ended itself with exit status 0"),
        ("gone:by_signal", "was ended by SIGKILL inside spec.parse"),
        ("gone:by_another_program", "ended itself with exit status 0"),
        ("vanishes:main", "ended itself with exit status 0"),
    ],
)
def test_a_target_that_ends_the_process_fails(probe: Probe, gone: Path, target: str, words: str) -> None:
    """Whatever its exit status, there is a finding that names the end: in text, JSON, JUnit and on GitHub."""
    variables = {"GITHUB_ACTIONS": "true", "TELEMETRY_JOURNAL": str(gone / "journal")}
    probed = probe("--target", target, "--junit", "junit.xml", **variables)
    assert probed.status == 1, probed.stderr
    assert probed.rules == {"pipeline-vanished"}
    assert f"[pipeline-vanished] {target}" in probed.stdout and words in probed.stdout
    assert failures(gone / "junit.xml") == ["pipeline-vanished"]
    assert len([line for line in probed.stdout.splitlines() if line.startswith("::error")]) == 1


@pytest.mark.parametrize("target", ["gone:silently", "gone:by_signal"])
def test_what_was_recorded_before_is_shown(probe: Probe, gone: Path, target: str) -> None:
    """The journal of the process has its spans; a journal that is off leaves the finding."""
    kept = probe("--target", target, TELEMETRY_JOURNAL=str(gone / "journal"))
    again = probe("--target", target, TELEMETRY_JOURNAL=str(gone / "journal"))
    for probed in (kept, again):
        assert [span["name"] for span in probed.report["spans"]] == ["spec.parse"]
    off = probe("--target", target, TELEMETRY_JOURNAL="off")
    assert (off.status, off.rules, off.report["spans"]) == (1, {"pipeline-vanished"}, [])


def test_the_place_is_the_function_that_was_open(probe: Probe, gone: Path) -> None:
    """Where an instrumented function was open, GitHub shows the finding at its line."""
    variables = {"GITHUB_ACTIONS": "true", "TELEMETRY_JOURNAL": str(gone / "journal")}
    probed = probe("--target", "gone:by_signal", **variables)
    line = next(number for number, text in enumerate(GONE.splitlines(), 1) if "def by_signal" in text)
    assert any(f"gone.py,line={at}," in probed.stdout for at in (line - 1, line)), probed.stdout


def test_a_verdict_stays_whatever_comes_after_it(probe: Probe, gone: Path) -> None:
    """A target that failed and leaves with status 0 when the interpreter ends has failed."""
    probed = probe("--target", "gone:after_the_verdict", "--junit", "junit.xml")
    assert (probed.status, probed.rules) == (1, {"pipeline-failed", "span-missing"})
    assert set(failures(gone / "junit.xml")) == probed.rules


def test_a_target_may_close_files_and_have_children(probe: Probe, gone: Path) -> None:
    """Neither closed descriptors nor the end of a child are the end of the gate."""
    probed = probe("--target", "gone:not_at_all")
    assert (probed.status, probed.rules) == (0, set()), probed.stdout + probed.stderr


def test_a_module_that_leaves_while_it_is_imported_is_bad_usage(probe: Probe, gone: Path) -> None:
    """`sys.exit(0)` of a module is no passed gate."""
    probed = probe("--target", "leaves:main")
    assert (probed.status, "leaves cannot be imported: SystemExit: 0" in probed.stderr) == (2, True)


@pytest.mark.parametrize(
    ("number", "status", "rule"),
    [(signal.SIGINT, 130, "pipeline-interrupted"), (signal.SIGTERM, 1, "pipeline-vanished")],
)
def test_signals_reach_the_target(gone: Path, number: signal.Signals, status: int, rule: str) -> None:
    """A signal to the command ends the target, and there is a report; nothing of it runs on."""
    command = [sys.executable, str(PROBE), "--target", "gone:waiting", "--junit", "junit.xml"]
    environment = {**os.environ, "TELEMETRY_JOURNAL": str(gone / "journal")}
    with subprocess.Popen(command, cwd=gone, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(number)
        text = running.stdout.read()
    assert running.returncode == status, text
    assert f"[{rule}]" in text
    assert failures(gone / "junit.xml") == [rule]
