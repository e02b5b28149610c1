"""A pipeline with workers: one trace comes of it, or the probe says so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_PIPELINE = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import telemetry

@telemetry.instrument_span("spec.parse")
def parse(number):
    return number

def main():
    with telemetry.span("plan.compile_graph"), ProcessPoolExecutor(2, get_context("{method}")) as pool:
        list(pool.map({task}, range(4)))
"""


def probe(folder: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    """Run the probe there; give its exit code and its report."""
    done = subprocess.run(
        [Path(sys.executable).with_name("telemetry"), "probe", "--json", "-", *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "TELEMETRY_JOURNAL": str(folder / "journal")},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def rules(report: dict[str, object]) -> set[str]:
    """Give the rules of the findings of a report."""
    return {finding["rule"] for finding in report["findings"]}  # type: ignore[attr-defined]


def test_reference_pipeline_with_workers(tmp_path: Path) -> None:
    """Lowered and compiled in processes of their own, the stages lie below the one root, and metrics add up."""
    status, report = probe(tmp_path, "--workers", "2", "--backend", "python", "--workspace", str(tmp_path / "work"))
    assert (status, rules(report)) == (0, set())
    spans = report["spans"]
    assert isinstance(spans, list)
    assert len({span["trace_id"] for span in spans}) == 1
    assert [span["name"] for span in spans if not span["parent_span_id"]] == ["pipeline.run"]
    assert sorted(span["name"] for span in spans).count("compile.execute") == 2


@pytest.mark.parametrize(
    ("method", "task", "status"),
    [("fork", "telemetry.propagate(parse)", 0), ("spawn", "telemetry.propagate(parse)", 0), ("fork", "parse", 1)],
)
def test_pipeline_of_the_users_own(tmp_path: Path, method: str, task: str, status: int) -> None:
    """A pool whose tasks are propagated passes; one whose tasks are not is found."""
    (tmp_path / "workers.py").write_text(_PIPELINE.format(method=method, task=task))
    found, report = probe(tmp_path, "--target", "workers:main")
    assert (found, rules(report)) == (status, {"trace-root"} if status else set())
