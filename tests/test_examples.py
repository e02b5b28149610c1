"""Every example runs as it stands, and shows what its first line promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"

SHOWS = {
    "count_failures": "counted: 3.0",
    "extend_the_registry": "refused: {'label_value': 1}",
    "log_with_ids": '"event":"an old module says hello","trace_id":',
    "measure_latency": "n=2",
    "nest_with_opentelemetry": "ours lies below theirs: True",
    "push_to_a_collector": "['/v1/logs', '/v1/metrics', '/v1/traces']",
    "recover_a_killed_run": "died at plan.compile_graph > compile.execute with c-gcc",
    "run_a_compiler": "output stored under its hash: True",
    "serve_metrics": 'compile_success_total{backend="c-gcc",environment="development",host_region="unknown"} 1.0',
    "stream_results": "running time is a small part of the total: True",
    "trace_a_stage": "└─ spec.parse",
}


def test_every_example_is_listed() -> None:
    """A new example gets a line here that says what it shows."""
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(SHOWS)


@pytest.mark.parametrize("name", sorted(SHOWS))
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    """It exits with 0 in an empty folder, and prints what it is about."""
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert SHOWS[name] in done.stdout + done.stderr
