"""Fixtures: the probe as a user runs it, and real servers on 127.0.0.1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROBE = ROOT / "tools" / "telemetry_probe.py"
SPECS = ROOT / "examples" / "specs"


@dataclass(frozen=True)
class Probed:
    """What a run of the probe left: status, text, and the report as JSON."""

    status: int
    stdout: str
    stderr: str
    report: dict[str, Any]

    def span(self, name: str) -> dict[str, Any]:
        """Give the first span of a name."""
        found: dict[str, Any] = next(span for span in self.report["spans"] if span["name"] == name)
        return found

    def values(self, metric: str) -> list[tuple[dict[str, str], Any]]:
        """Give the labels and values of all series of a metric."""
        families = [family for family in self.report["metrics"] if family["name"] == metric]
        return [(series["labels"], series["value"]) for family in families for series in family["series"]]

    @property
    def rules(self) -> set[str]:
        """Give the rules of all findings."""
        return {finding["rule"] for finding in self.report["findings"]}


Probe = Callable[..., Probed]


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    """Run `tools/telemetry_probe.py` in an empty folder, with `--json`."""

    def probe(*arguments: str | Path, timeout: float = 100.0, **variables: str) -> Probed:
        kept = {"TELEMETRY_PURE", "TELEMETRY_JOURNAL"}
        settings = {name for name in os.environ if name.startswith(("OTEL_", "TELEMETRY_"))} - kept
        clean = {name: value for name, value in os.environ.items() if name not in settings}
        path = tmp_path / "report.json"
        path.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, PROBE, *arguments, "--json", path],
            cwd=tmp_path,
            env={**clean, **variables},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        report = json.loads(path.read_text()) if path.exists() else {}
        return Probed(done.returncode, done.stdout, done.stderr, report)

    return probe


@pytest.fixture
def fake_tool(tmp_path: Path) -> Callable[[str, str], str]:
    """Put a shell script in a tool's place; give the PATH that finds it first."""

    def fake(name: str, script: str) -> str:
        folder = tmp_path / "tools"
        folder.mkdir(exist_ok=True)
        tool = folder / name
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)
        return f"{folder}{os.pathsep}{os.environ['PATH']}"

    return fake
