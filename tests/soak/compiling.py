"""Kill the probe in the middle of a compile, and ask the journal where it died."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.collector import eventually
from tests.soak.execution import ROOT, MisfireError, environment
from tests.soak.recovery import recover

_GCC = """#!/bin/sh
case "$*" in *-o*) echo $$ > '{mark}.new'; mv '{mark}.new' '{mark}'; exec sleep 60;; esac
exec '{gcc}' "$@"
"""


def kill_a_compile(folder: Path) -> list[Mapping[str, Any]]:
    """Run the probe with a gcc that takes its time; kill it then, and give the spans that recovery names.

    Raises:
        MisfireError: The probe never came to compile.
    """
    mark, journal = folder / "compiling", folder / "journal"
    variables = {
        "PATH": f"{_slow_gcc(folder, mark)}{os.pathsep}{os.environ['PATH']}",
        "TELEMETRY_JOURNAL": str(journal),
    }
    with (folder / "said").open("wb") as said:
        probe = subprocess.Popen(
            [sys.executable, ROOT / "tools" / "telemetry_probe.py", "--backend", "c-gcc"],
            cwd=folder,
            env=environment(**variables),
            stdout=said,
            stderr=said,
        )
    try:
        is_compiling = eventually(mark.exists, within_seconds=30)
    finally:
        probe.send_signal(signal.SIGKILL)
        probe.wait()
    if not is_compiling:
        raise MisfireError(f"the probe did not come to compile:\n{(folder / 'said').read_text()}")
    os.kill(int(mark.read_text()), signal.SIGKILL)
    return list(recover(journal).named.values())


def _slow_gcc(folder: Path, mark: Path) -> Path:
    """Make a gcc that says when it compiles, and sleeps then."""
    tools = folder / "tools"
    tools.mkdir()
    script = tools / "gcc"
    script.write_text(_GCC.format(mark=mark, gcc=shutil.which("gcc")))
    script.chmod(0o755)
    return tools
