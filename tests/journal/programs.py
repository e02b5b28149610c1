"""Small programs that record into a journal for real, in processes of their own, and end or die as they are told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_RING_BYTES = str(2 << 20)
_HEAD = """
import os, signal, sys, telemetry
runtime = telemetry.configure(journal=sys.argv[1], service_name="specc", environment="development")
"""

NESTED = """
def work():
    with telemetry.span("pipeline.run"):
        for _ in range(int(sys.argv[2])):
            with telemetry.span("spec.parse"):
                pass
        with telemetry.span("compile.execute"):
            {end}
work()
"""
"""Ends so many spans, and then does something with two open ones."""

DECORATED = """
@telemetry.instrument_span("spec.parse")
def parse(text):
    {end}
parse("x")
"""

HOLDING = """
from telemetry.journal import Folder
assert Folder.open(sys.argv[1]).hold(int(sys.argv[2]))
{end}
"""
"""Holds a key of the folder, as one who ships does."""


def run(program: str, folder: Path, *arguments: str, end: str = "os._exit(7)") -> subprocess.CompletedProcess[str]:
    """Run a program to its end, whatever that is."""
    text = _HEAD + program.replace("{end}", end)
    command = [sys.executable, "-c", text, str(folder), *arguments]
    environment = {**os.environ, "TELEMETRY_JOURNAL_BYTES": _RING_BYTES}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def start(program: str, folder: Path, *arguments: str, end: str) -> subprocess.Popen[str]:
    """Start a program that goes on until it is killed; it has written a line once it has got to its end."""
    text = _HEAD + program.replace("{end}", f"print('there', flush=True); {end}")
    command = [sys.executable, "-c", text, str(folder), *arguments]
    environment = {**os.environ, "TELEMETRY_JOURNAL_BYTES": _RING_BYTES}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    return process


def stop(process: subprocess.Popen[str]) -> None:
    """Kill a program and forget it."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
