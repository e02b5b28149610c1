"""`telemetry report --payload`: what a webhook would be sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NOW = 1_790_000_000
COMMAND = [sys.executable, "-c", "from telemetry.cli import main; main()", "report"]


def payload(folder: Path, service: str, jobs: list[str], *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command over one series a job."""
    points = [
        {
            "timeUnixNano": str((NOW - age) * 10**9),
            "asDouble": value,
            "attributes": [{"key": "ci_job", "value": {"stringValue": job}}],
        }
        for job in jobs
        for age, value in ((600, 1), (60, 0.9))
    ]
    metrics = [{"name": "cicd_success_ratio", "gauge": {"dataPoints": points}}]
    source = folder / "m.jsonl"
    source.write_text(json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}) + "\n")
    return subprocess.run(
        [*COMMAND, str(source), "--payload", service, "-o", "x.md", *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(NOW)},
        cwd=folder,
    )


def text_of(service: str, printed: str) -> str:
    """Give the long text of a payload."""
    body = json.loads(printed)
    return str(body["blocks"][1]["text"]["text"] if service == "slack" else body["embeds"][0]["description"])


@pytest.mark.parametrize(("service", "limit"), [("slack", 3000), ("discord", 4096)])
def test_fits(tmp_path: Path, service: str, limit: int) -> None:
    """However many series there are, the text is within the limit of the service, and says that more are left out."""
    done = payload(tmp_path, service, [f"<{step}>" + "\U0001f680&" * 70 for step in range(90)])
    assert done.returncode == 0, done.stderr
    text = text_of(service, done.stdout)
    assert limit / 2 < len(text.encode("utf-16-le")) / 2 <= limit
    assert text.endswith("and more, in the report")


@pytest.mark.parametrize(("service", "shown"), [("slack", "&lt;!channel&gt; *b*"), ("discord", r"\<!channel\> \*b\*")])
def test_labels_call_nobody(tmp_path: Path, service: str, shown: str) -> None:
    """A label with a mention or markup in it is text to the service; the figures are there."""
    text = text_of(service, payload(tmp_path, service, ["<!channel> *b*"]).stdout)
    assert shown in text
    assert "<!channel>" not in text
    assert "0.9 (first 1, mean 0.95" in text.replace("\\", "")


def test_one_object(tmp_path: Path) -> None:
    """Two kinds of JSON at once, or a service that is not known, are bad usage; Discord's mentions nobody."""
    assert payload(tmp_path, "slack", ["unit"], "--json").returncode == 2
    assert payload(tmp_path, "pigeon", ["unit"]).returncode == 2
    assert json.loads(payload(tmp_path, "discord", ["unit"]).stdout)["allowed_mentions"] == {"parse": []}
