"""A project on disk: code, tests, a dashboard, rules and notes, which use names of the registry of these tests."""

from __future__ import annotations

import json
from pathlib import Path

CODE = '''"""Builds images; builds_total in a docstring is no use of it."""

import telemetry as t
from telemetry import record_metric as rec
from handles import build_seconds


@rec("builds_total", capture={"team": "team"})
@t.instrument_span("image.build")
def build(team): ...


t.metric("image_queue_depth").labels(squad="red").set(1)
QUERY = 'sum by (team) (rate(image_bytes_sum{team="x"}[5m]))'
LOG.info("image.done", note="builds_total went up")
'''
DASHBOARD = {
    "panels": [
        {"targets": [{"expr": 'sum(rate(builds_total{team="$team"}[$__rate_interval]))'}]},
        {"targets": [{"expr": "histogram_quantile(0.9, sum by (le) (rate(image_build_seconds_bucket[$__range])))"}]},
        {"title": "queue_depth", "targets": [{"expr": 'count({__name__="push_seconds_count"})'}]},
    ],
    "templating": {"list": [{"query": "label_values(pulls_total, environment)", "definition": ""}]},
}
RULES = """groups:
- name: builds
  rules:
  - record: job:builds:rate5m
    expr: |
      sum by (job) (
        rate(builds_total[5m])
      )
  - alert: Deep
    annotations: {summary: "queue_depth is high"}
    expr: image_queue_depth > 3 unless job:builds:rate5m > 1
"""
NOTES = "See queue_depth; xqueue_depth, queue_depths and queue_depth_max are others.\n"


def project(folder: Path) -> Path:
    """Write the project."""
    pages = {
        "app/build.py": CODE,
        "dashboards/build.json": json.dumps(DASHBOARD, indent=1),
        "rules/build.yml": RULES,
        "notes.md": NOTES,
        "tests/test_build.py": 'def test():\n    assert recording.value("image_builds_total") == 1\n',
    }
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def line_of(text: str, words: str) -> int:
    """Give the line of words in a text, from 1."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)
