"""Fixtures: Python programs of their own, since a runtime belongs to its process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def said(self) -> Any:
        """The JSON that it printed."""
        return json.loads(self.stdout)


Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program text in a fresh interpreter, in an empty folder, with nothing set but what is given."""

    def run(program: str, *, timeout: float = 30.0, **variables: str) -> Ended:
        kept = {"TELEMETRY_PURE", "TELEMETRY_JOURNAL"}
        settings = {name for name in os.environ if name.startswith(("OTEL_", "TELEMETRY_"))} - kept
        clean = {name: value for name, value in os.environ.items() if name not in settings}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
            cwd=tmp_path,
            env={**clean, **variables},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run
