"""Ask a program for its version, once a process.

The version belongs to the build cache's key, to the manifest and to the evidence.
"""

from __future__ import annotations

import re
import shutil
from functools import lru_cache
from pathlib import Path

from telemetry.pipeline import run_toolchain

_VERSION_SECONDS = 20.0


def version(binary: str) -> str:
    """Return the first line that `binary --version` writes.

    Raises:
        ToolchainError: It is not installed (`toolchain_missing`), or failed.
    """
    path = shutil.which(binary) or binary
    try:
        changed_ns = Path(path).stat().st_mtime_ns
    except OSError:
        changed_ns = 0
    return _version(path, changed_ns)


def major(binary: str) -> int:
    """Return the first number of the version.

    Raises:
        ToolchainError: As for `version`.
    """
    match = re.search(r"(\d+)\.\d+", version(binary))
    return int(match[1]) if match else 0


@lru_cache(maxsize=64)
def _version(path: str, changed_ns: int) -> str:
    """Keep the answer until the program's file changes."""
    run = run_toolchain([path, "--version"], cwd=Path("/"), timeout_seconds=_VERSION_SECONDS)
    return (run.stdout.text() or run.stderr.text()).splitlines()[0].strip()
