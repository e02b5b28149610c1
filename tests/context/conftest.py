"""Fixtures: programs of their own, since which module is imported first is a matter of a process."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.instrument.shop import REGISTRY, _leave_nothing_decorated, recording

__all__ = ("_leave_nothing_decorated", "recording")

ROOT = Path(__file__).parents[2]

_BEFORE = """
from pathlib import Path
REGISTRY = Path({registry!r})
"""

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program text in a fresh interpreter, with warnings as errors; give what it prints."""

    def run(program: str, *, path: Path | None = None, **variables: str) -> str:
        kept = {"TELEMETRY_PURE", "TELEMETRY_JOURNAL"}
        settings = {name for name in os.environ if name.startswith(("OTEL_", "TELEMETRY_"))} - kept
        clean = {name: value for name, value in os.environ.items() if name not in settings}
        places = [str(each) for each in (path, ROOT / "src") if each is not None]
        text = _BEFORE.format(registry=str(REGISTRY)) + textwrap.dedent(program)
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", text],
            cwd=tmp_path,
            env={**clean, "PYTHONPATH": os.pathsep.join(places), **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    return run
