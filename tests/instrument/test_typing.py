"""Type checkers see a decorated function as the original."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_mypy_sees_the_originals_types(tmp_path: Path) -> None:
    """Each result has the original's type and each wrong call is refused; an ignore that nothing needs fails."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}"),
            *("--follow-imports=silent", Path(__file__).with_name("typing_cases.py")),
        ],
        env={**os.environ, "MYPYPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
