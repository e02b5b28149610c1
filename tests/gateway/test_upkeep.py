"""Where no gateway runs, the processes of a service fold their dead themselves, now and then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from telemetry.journal import DEAD_NAME, Folder, read_dead

_LEAVES_MANY = """
import os, telemetry
runtime = telemetry.configure("specc")
for _ in range(40):
    if not (child := os.fork()):
        with telemetry.span("spec.parse"):
            pass
        os._exit(0)
    os.waitpid(child, 0)
"""
_COMES_LATER = """
import sys, threading, telemetry
telemetry.configure("specc")
began = "telemetry.export.gateway.fold" in sys.modules
for thread in threading.enumerate():
    if thread.name == "telemetry-fold":
        thread.join()
print(began)
"""


def run(program: str, journal: Path) -> str:
    """Run a program that keeps its journal there; give what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"TELEMETRY_JOURNAL": str(journal)},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_many_dead_are_folded_once(tmp_path: Path) -> None:
    """The next process folds many dead; the one after it finds nothing new to do, although their records are there."""
    journal = tmp_path / "journal"
    run(_LEAVES_MANY, journal)
    (journal / DEAD_NAME).unlink(missing_ok=True)  # the parent has begun with it, once there were 32

    assert run(_COMES_LATER, journal) == "True"
    assert len(read_dead(Folder.open(journal)).folded) > 32
    assert run(_COMES_LATER, journal) == "False"
    assert len(Folder.open(journal).journals()) > 32


_BURST = """
import os, telemetry
from pathlib import Path
telemetry.configure("specc")
journal, most = Path(os.environ["TELEMETRY_JOURNAL"]), 0
for _ in range(300):
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)
    most = max(most, len(os.listdir(journal)))
print(most)
"""


def test_a_burst_of_children_does_not_pile_up(tmp_path: Path) -> None:
    """A process that forks without a pause leaves some hundred files at its worst: its forks wait for the fold."""
    assert int(run(_BURST, tmp_path / "journal")) < 250
