"""`telemetry doctor`, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

COMMAND = [sys.executable, "-c", "from telemetry.cli import main; main()", "doctor"]


def doctor(*options: str, pure: str = "") -> str:
    """Run the command, which has to succeed, and give what it writes."""
    environment = {**os.environ, "TELEMETRY_PURE": pure}
    return subprocess.run([*COMMAND, *options], check=True, capture_output=True, text=True, env=environment).stdout


def test_it_says_what_is_in_use() -> None:
    """A line each for this package, the interpreter, the hot path and the libraries, with their versions aligned."""
    lines = dict(line.split(maxsplit=1) for line in doctor().splitlines() if not line.startswith("hot path"))
    assert set(lines) >= {"telemetry", "python", "opentelemetry-sdk", "prometheus-client", "structlog", "wrapt"}
    assert lines["python"].startswith(f"CPython {sys.version_info.major}.{sys.version_info.minor}.")
    assert len({line.index(line.split("  ")[-1].strip()) for line in doctor().splitlines()}) == 1


def test_json_is_one_object() -> None:
    """`--json` has the same, for programs."""
    found = json.loads(doctor("--json", pure="1"))
    assert list(found)[:3] == ["telemetry", "python", "hot path"]
    assert found["hot path"] == "pure (TELEMETRY_PURE forbids the compiled twin)"


@pytest.mark.skipif(find_spec("telemetry._hotpath.compiled") is None, reason="the hot path was not built")
def test_the_compiled_twin_is_named() -> None:
    """Where it was built and nothing forbids it, it is in use."""
    assert json.loads(doctor("--json"))["hot path"] == "compiled"
