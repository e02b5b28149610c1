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


def cumulative(path: Path) -> Path:
    """Write a counter that begins anew once, and a histogram whose second step has one slow observation of ten."""
    times = [str((NOW - 600 * age) * 10**9) for age in (4, 3, 2, 1)]
    rises = [{"timeUnixNano": at, "asDouble": total} for at, total in zip(times, (10, 14, 3, 5), strict=True)]
    seen = [
        {"timeUnixNano": at, "sum": total, "count": str(count), "bucketCounts": [str(count)], "explicitBounds": []}
        for at, total, count in zip(times[:3], (100, 190, 290), (10, 19, 20), strict=True)
    ]
    form = {"aggregationTemporality": 2}
    metrics = [
        {"name": "compile_failure_total", "sum": {**form, "isMonotonic": True, "dataPoints": rises}},
        {"name": "parse_duration_ms", "histogram": {**form, "dataPoints": seen}},
    ]
    path.write_text(json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}) + "\n")
    return path


def test_counter_and_histogram(tmp_path: Path) -> None:
    """A counter shows what was added, over a new start too; the mean of a histogram is that of its observations."""
    assert report(tmp_path, cumulative(tmp_path / "m.jsonl"), "-o", "x.md").returncode == 0
    shown = (tmp_path / "x.md").read_text()
    assert "Unit: count. Each value is what was added since the sample before." in shown
    assert "| all | 9 | 4 | 2 | -2 | 3 | 2 | 4 |" in shown
    assert "Each value is the mean of what was observed since the sample before; the mean is of all" in shown
    assert "| all | 10 | 100 | 90 | 19 | 10 | 100 |" in shown


def test_figures_for_programs(tmp_path: Path) -> None:
    """With --json the figures and the files are one object on standard output."""
    done = report(tmp_path, cumulative(tmp_path / "m.jsonl"), "-o", "x.md", "--pdf", "x.pdf", "--json")
    shown = json.loads(done.stdout)
    assert (shown["fresh"], shown["newest"], shown["files"]) == (True, NOW - 600, ["x.md", "x.pdf"])
    figures = {each["name"]: each["series"] for each in shown["metrics"]}
    assert figures["compile_failure_total"][0]["added"] == 9
    assert figures["parse_duration_ms"][0]["mean"] == 19
    assert figures["cicd_success_ratio"] == []


@pytest.mark.parametrize(
    ("broken", "remedy"),
    [
        ("jinja2", "jinja2 is not installed: pip install 'telemetry[operations]'"),
        ("matplotlib", "matplotlib is not installed: pip install 'telemetry[operations]'"),
        ("weasyprint", "weasyprint is not installed: pip install 'telemetry[operations]'"),
        ("pango", "apt-get install libpango-1.0-0"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, broken: str, remedy: str) -> None:
    """Without a library the command says what to install, ends with 2, and leaves the old files as they were."""
    (tmp_path / "x.md").write_text("old")
    lacks = f"import sys; sys.modules[{broken!r}] = None"
    if broken == "pango":
        lacks = "import ctypes.util, cffi; cffi.FFI.dlopen = lambda *_: (_ for _ in ()).throw(OSError('no library'))"
    code = f"{lacks}; from telemetry.cli import main; main()"
    options = ["report", str(recorded(tmp_path / "m.jsonl")), "-o", "x.md", "--html", "x.html", "--pdf", "x.pdf"]
    done = subprocess.run(
        [sys.executable, "-c", code, *options, "--at", str(NOW)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert remedy in done.stderr
    assert "Traceback" not in done.stderr
    assert ((tmp_path / "x.md").read_text(), (tmp_path / "x.html").exists()) == ("old", False)


def test_files_are_written_whole(tmp_path: Path) -> None:
    """An old report is replaced, not written over; a link to it stays; nothing else is left in the folder."""
    old = tmp_path / "old.md"
    old.write_text("old")
    with old.open() as reader:
        (tmp_path / "x.md").symlink_to(old)
        source = recorded(tmp_path / "m.jsonl")
        assert report(tmp_path, source, "-o", "x.md").returncode == 0
        assert reader.read() == "old"
    assert (tmp_path / "x.md").is_symlink()
    assert old.read_text().startswith("# ")
    assert {each.name for each in tmp_path.iterdir()} == {"m.jsonl", "old.md", "x.md"}
    assert report(tmp_path, source, "-o", str(tmp_path)).returncode == 2
    assert report(tmp_path, source, "-o", "x.md", "--html", "x.md").returncode == 2
