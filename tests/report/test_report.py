"""`telemetry report`, as a user runs it on recorded files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NOW = 1_790_000_000
COMMAND = [sys.executable, "-c", "from telemetry.cli import main; main()", "report"]


def recorded(path: Path, *, newest_s: int = NOW - 60, job: str = "unit") -> Path:
    """Write OTLP JSON lines with a gauge that falls from 1 to 0.9."""
    attributes = [{"key": "ci_job", "value": {"stringValue": job}}]
    points = [
        {
            "timeUnixNano": str((newest_s - 600 * (5 - step)) * 10**9),
            "asDouble": 1 - step / 50,
            "attributes": attributes,
        }
        for step in range(6)
    ]
    metrics = [{"name": "cicd_success_ratio", "gauge": {"dataPoints": points}}]
    path.write_text(json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}) + "\n")
    return path


def report(folder: Path, source: Path, *options: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Run the command at a fixed time."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(NOW), "PYTHONHASHSEED": seed}
    return subprocess.run(
        [*COMMAND, str(source), *options], capture_output=True, text=True, check=False, env=environment, cwd=folder
    )


def test_all_forms(tmp_path: Path) -> None:
    """Markdown goes to the folder of reports by date; HTML has a plot, and PDF is one; equal data give equal bytes."""
    source = recorded(tmp_path / "metrics.jsonl")
    made = []
    for seed in ("1", "2"):
        done = report(tmp_path, source, "--profile", "daily", "--html", "x.html", "--pdf", "x.pdf", seed=seed)
        assert done.returncode == 0, done.stderr
        paths = ("docs/metrics/reports/2026-09-21.md", "x.html", "x.pdf")
        made.append([(tmp_path / each).read_bytes() for each in paths])
    assert made[0] == made[1]
    markdown, html, pdf = made[0]
    assert b"| 1 | 0.9 | -0.1 | 0.95 | 0.9 | 1 |" in markdown
    assert html.count(b"<svg") == 1
    assert pdf.startswith(b"%PDF-")


@pytest.mark.parametrize("age_s", [2 * 3600 + 1, 100 * 24 * 3600])
def test_old_data_fail(tmp_path: Path, age_s: int) -> None:
    """Data older than two hours, or none at all, are said in the report, and the exit code is 1."""
    done = report(tmp_path, recorded(tmp_path / "m.jsonl", newest_s=NOW - age_s), "-o", "x.md")
    assert done.returncode == 1
    assert ("Stale data" if age_s < 10_000 else "No data") in (tmp_path / "x.md").read_text()


def test_labels_are_text(tmp_path: Path) -> None:
    """A label with markup in it is shown as it is, and runs nothing."""
    source = recorded(tmp_path / "m.jsonl", job="<script>|*b*")
    assert report(tmp_path, source, "-o", "x.md", "--html", "x.html").returncode == 0
    html = (tmp_path / "x.html").read_text()
    assert "<script" not in html
    assert "&lt;script&gt;|*b*" in html


def test_bad_usage(tmp_path: Path) -> None:
    """A profile that is not there is bad usage; a source that is not there fails."""
    source = recorded(tmp_path / "m.jsonl")
    assert report(tmp_path, source, "--profile", "hourly").returncode == 2
    assert report(tmp_path, tmp_path / "none").returncode == 1
