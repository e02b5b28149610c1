"""A build is the same with telemetry on and off, and the host's state is as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

_BUILD = """
import json, logging, os, random, signal, sys, warnings
from pathlib import Path

def state():
    signals = {number: str(signal.getsignal(number)) for number in signal.valid_signals()}
    return {
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "signals": signals,
        "warnings": [str(entry) for entry in warnings.filters],
        "handlers": [str(handler) for handler in logging.getLogger().handlers],
        "level": logging.getLogger().level,
        "interpreter": [sys.getswitchinterval(), sys.getrecursionlimit()],
    }

def changes(before):
    return {name: [before[name], now] for name, now in state().items() if now != before[name]}

random.seed(7)
expected = [random.Random(7).random() for _ in range(1)]
before = state()
import telemetry
from telemetry.probe import Job, backend, run

if sys.argv[3] == "on":
    telemetry.configure("build", prometheus_port=0, console=True, endpoint="http://127.0.0.1:9", run_id="r")
outcome = run(Job(Path(sys.argv[1]), backend(sys.argv[4]), Path(sys.argv[2]), "r"))
during = changes(before)
telemetry.shutdown()
print(json.dumps({
    "sha256": outcome.package.sha256,
    "random": [random.random()] == expected,
    "during": during,
    "after": changes(before),
}))
"""


def _build(folder: Path, telemetry: str, backend: str) -> dict[str, Any]:
    folder.mkdir()
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    key = folder.parent / "signing_key.pem"
    if key.exists():
        (keys / key.name).write_bytes(key.read_bytes())
        (keys / key.name).chmod(0o600)
    spec = ROOT / "examples" / "specs" / "checked_division.spec"
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, spec, folder, telemetry, backend],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    assert done.returncode == 0, done.stderr
    key.write_bytes((keys / key.name).read_bytes())
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_package_is_byte_identical_with_telemetry_on_and_off(tmp_path: Path) -> None:
    """Built in two folders with one key, with every way out open or with telemetry off, packages are equal."""
    for backend in ("c-gcc", "python"):
        off = _build(tmp_path / f"off-{backend}", "off", backend)
        on = _build(tmp_path / f"on-{backend}", "on", backend)
        assert on["sha256"] == off["sha256"], backend


def test_the_hosts_state_is_untouched(tmp_path: Path) -> None:
    """The random stream, working directory, environment, signal handlers, warning filters and logging are as before."""
    on = _build(tmp_path / "on", "on", "c-gcc")
    assert on["random"], "the global random stream was advanced"
    assert on["during"] == {}
    assert on["after"] == {}
