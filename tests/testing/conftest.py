"""A project whose tests a real pytest runs, with the plugin found by its entry point."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from tests.architecture.source import ROOT, SRC

QUICK = ("-p", "no:hypothesispytest", "-p", "no:anyio", "-p", "no:timeout", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Run:
    """What a run of pytest said.

    Attributes:
        status: The exit status.
        text: Everything that it wrote.
    """

    status: int
    text: str


@dataclass(frozen=True)
class Project:
    """A folder with tests, and the metadata of an installed telemetry beside it."""

    folder: Path
    metadata: Path

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        (self.folder / name).write_text(dedent(text))

    def pytest(self, *arguments: str) -> Run:
        """Run pytest in it; warnings are errors, as they are in strict projects."""
        return self.python("-m", "pytest", *QUICK, "-W", "error", "--strict-markers", *arguments)

    def python(self, *arguments: str) -> Run:
        """Run Python in it."""
        path = {"PYTHONPATH": f"{self.metadata}:{SRC}", "COLUMNS": "120"}
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=path, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return Run(done.returncode, done.stdout)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Make an empty project, for which telemetry is installed with the entry point of our pyproject.toml."""
    entry_points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    lines = [f"{name} = {module}" for name, module in entry_points.items()]
    metadata = tmp_path / "installed" / "telemetry-0.0.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: telemetry\nVersion: 0.0.0\n")
    (metadata / "RECORD").write_text("telemetry/__init__.py,,\ntelemetry/pytest_plugin.py,,\n")
    (metadata / "entry_points.txt").write_text("\n".join(("[pytest11]", *lines, "")))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    return Project(folder, metadata.parent)
