"""A program that we run and do not ship: where it is, and how to get it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from telemetry.errors import EngineError

_TIMEOUT_SECONDS: Final = 60


@final
@dataclass(frozen=True, slots=True)
class Program:
    """A program of a Debian package.

    Attributes:
        name: What it is called in PATH.
        package: The Debian package that has it.

    >>> Program("promtool", "prometheus").remedy
    'apt-get install prometheus'
    """

    name: str
    package: str

    @property
    def remedy(self) -> str:
        """The command that installs it."""
        return f"apt-get install {self.package}"

    def path(self) -> str:
        """Find the program.

        Raises:
            EngineError: It is not installed.
        """
        found = shutil.which(self.name)
        if found is None:
            raise EngineError(self.name, f"not installed; it is in Debian's package {self.package}: {self.remedy}")
        return found

    def run(self, *arguments: str, timeout: float = _TIMEOUT_SECONDS) -> str:
        """Run the program to its end, for so many seconds at most, and give what it wrote.

        Raises:
            EngineError: It is not installed, or failed; with what it said.
        """
        try:
            done = subprocess.run(
                [self.path(), *arguments], capture_output=True, text=True, timeout=timeout, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineError(self.name, f"cannot be run: {error}") from error
        if done.returncode:
            raise EngineError(self.name, f"ended with status {done.returncode}: {(done.stdout + done.stderr).strip()}")
        return done.stdout + done.stderr


PROGRAMS: Final[Mapping[str, Program]] = {
    name: Program(name, package)
    for name, package in (
        ("prometheus", "prometheus"),
        ("promtool", "prometheus"),
        ("prometheus-alertmanager", "prometheus-alertmanager"),
        ("amtool", "prometheus-alertmanager"),
        ("victoria-metrics", "victoria-metrics"),
        ("vmalert", "victoria-metrics"),
        ("vmagent", "victoria-metrics"),
        ("prometheus-node-exporter", "prometheus-node-exporter"),
    )
}
"""The programs that the generated files are for, by name."""
