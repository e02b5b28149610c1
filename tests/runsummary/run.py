"""The files of a run, with something for every metric of the pack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TOOL = Path(__file__).parents[2] / "tools" / "run_summary_to_metrics.py"

SUMMARY: Mapping[str, Any] = {
    "run_id": "2026-11-20-a1",
    "env": "staging",
    "tests": {
        "total": 12,
        "passed": 10,
        "failed": 2,
        "by_framework": {"pytest": {"passed": 7, "failure": 2}, "junit": {"passed": 3}},
        "generation_errors": 1,
    },
    "criteria": {"total": 30, "passed": 29},
    "coverage": {"exploration": 0.98, "story_to_test": 1},
    "stories": 9,
    "requirements": {"verified": 20, "incomplete": 2, "blocked": 1},
    "exploration": {
        "pages_visited": 210,
        "loops_broken": 3,
        "urls_skipped": 4,
        "rate_limit_violations": 0,
        "logins": {"success": 2, "failure": 1},
    },
}
CHECKLIST: Mapping[str, Any] = {"criteria_complete": True, "tests_complete": False}
OBSERVABILITY: Mapping[str, Any] = {
    "run_id": "2026-11-20-a1",
    "artifacts": {
        "uploads": {"success": 5},
        "upload_seconds": [0.02, 0.5, 60],
        "upload_retries": 4,
        "size_bytes": {"video": [2048, 1 << 30]},
    },
    "guardrail_blocks": {"delete": 1},
    "workflows": {"retries": {"explore": 2}, "seconds": {"explore": [3.5]}},
    "dead_letters": 0,
    "unredacted_secrets": 0,
}


def write(folder: Path, name: str, content: object) -> Path:
    """Write a file of the run."""
    path = folder / name
    path.write_text(json.dumps(content))
    return path


def convert(summary: Path, output: Path, *options: str | Path, seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Run the tool as a user does."""
    command = [sys.executable, TOOL, summary, "--output", output, *options]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def convert_all(folder: Path, output: Path, seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Convert a whole run: all three files."""
    return convert(
        write(folder, "run_summary.json", SUMMARY),
        output,
        "--checklist",
        write(folder, "checklist.json", CHECKLIST),
        "--observability",
        write(folder, "observability.json", OBSERVABILITY),
        seed=seed,
    )
