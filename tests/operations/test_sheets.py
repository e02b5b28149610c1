"""`telemetry sheet`: dashboards are asked of a store, and drawn without Grafana."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.engines import needs
from tests.operations.conftest import Command

from telemetry.operations.engines import Server, backfill_victoria_metrics, free_port, victoria_metrics

pytestmark = needs("victoria-metrics")

KINDS = {
    "timeseries": "queue_depth",
    "stat": "queue_depth",
    "gauge": "queue_depth",
    "bargauge": "queue_depth",
    "barchart": "queue_depth",
    "piechart": "queue_depth",
    "table": "queue_depth",
    "histogram": "queue_depth",
    "state-timeline": "queue_depth",
    "heatmap": "sum by (le) (rate(wait_seconds_bucket[$__rate_interval]))",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a store with a queue and a histogram over the last half hour."""
    folder, now = tmp_path_factory.mktemp("store"), int(time())
    lines = []
    for step in range(60):
        at = now - 1800 + 30 * step
        lines += [f'queue_depth{{squad="{squad}"}} {level + step % 7} {at}' for squad, level in (("a", 4), ("b", 9))]
        lines += [
            f'wait_seconds_bucket{{le="{le}"}} {step * rise} {at}' for le, rise in (("0.1", 2), ("1", 5), ("+Inf", 6))
        ]
    (folder / "past.om").write_text("\n".join([*lines, "# EOF", ""]))
    with victoria_metrics() as server:
        backfill_victoria_metrics(folder / "past.om", server)
        yield server


def panel(kind: str, number: int, text: str, **more: Any) -> dict[str, Any]:
    """Make a panel of Grafana with one query."""
    return {
        "type": kind,
        "title": f"A {kind}",
        "gridPos": {"x": number % 3 * 8, "y": number // 3 * 6, "w": 8, "h": 6},
        "fieldConfig": {
            "defaults": {"unit": "short", "thresholds": {"steps": [{"color": "green"}, {"value": 9, "color": "red"}]}}
        },
        "targets": [{"refId": "A", "expr": text, "legendFormat": "{{squad}}", "datasource": {"type": "prometheus"}}],
        **more,
    }


def dashboard(folder: Path, panels: list[dict[str, Any]]) -> Path:
    """Write a dashboard with a variable of which all values are chosen."""
    path = folder / "board.json"
    variable = {"name": "squad", "type": "query", "query": "x", "allValue": ".*", "current": {"value": "$__all"}}
    document = {"title": "Queues", "uid": "queues", "time": {"from": "now-30m"}, "panels": panels}
    path.write_text(json.dumps({**document, "templating": {"list": [variable]}}))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_panel_is_drawn(kind: str, store: Server, telemetry_command: Command, tmp_path: Path) -> None:
    """A panel of each kind becomes a picture with colours, or words in a table; without data it has none."""
    inks = []
    for number, text in enumerate((KINDS[kind], "nothing_at_all")):
        path = dashboard(tmp_path, [panel(kind, 0, text)])
        done = telemetry_command("sheet", path, "--url", store.url, "--output", tmp_path / str(number))
        assert done.returncode == 0, done.stderr
        with Image.open(tmp_path / str(number) / "queues.png") as picture:
            pixels = np.asarray(picture.convert("RGB")).astype(int)
        strong = (
            (pixels.max(axis=2) - pixels.min(axis=2) > 60).sum()
            if kind != "table"
            else (pixels.sum(axis=2) < 300).sum()
        )
        inks.append(int(strong))
    assert inks[0] > inks[1] and (kind == "table" or inks[1] == 0)


def test_what_each_query_gave_is_said(store: Server, telemetry_command: Command, tmp_path: Path) -> None:
    """As JSON there is the state of every query, with variables and macros as the store read them."""
    asked = 'avg_over_time(queue_depth{squad=~"$squad"}[$__range])'
    text = {
        "type": "text",
        "title": "Words",
        "gridPos": {"x": 0, "y": 9, "w": 8, "h": 3},
        "options": {"content": "*Hi*"},
    }
    path = dashboard(tmp_path, [panel("stat", 0, asked), panel("stat", 1, "nothing_at_all"), text])
    done = telemetry_command("sheet", path, "--url", store.url, "--json", "--var", "squad=a", "--last", "10m")
    (found,) = json.loads(done.stdout)
    assert [(each["state"], each["series"]) for each in found["queries"]] == [("ok", 1), ("empty", 0)]
    assert found["queries"][0]["query"] == 'avg_over_time(queue_depth{squad=~"a"}[600s])'
    assert found["sheet"] is None


def test_refused_queries_fail(store: Server, telemetry_command: Command, tmp_path: Path) -> None:
    """A query that the store refuses ends the command with 1; the panel and the store's words are named."""
    path = dashboard(tmp_path, [panel("stat", 0, "sum(("), panel("stat", 1, "queue_depth")])
    done = telemetry_command("sheet", path, "--url", store.url, "--output", tmp_path / "out")
    assert done.returncode == 1
    assert "refused: A stat A" in done.stdout and "Queues: 1 ok, 1 refused" in done.stdout
    assert (tmp_path / "out" / "queues.png").exists()


def test_wrong_usage_is_refused(store: Server, telemetry_command: Command, tmp_path: Path) -> None:
    """No store, no dashboard, a wrong range and a wrong variable: each ends the command with 2, and says why."""
    path = dashboard(tmp_path, [panel("stat", 0, "queue_depth")])
    (tmp_path / "other.json").write_text('{"panels": 3}')
    (tmp_path / "empty").mkdir()
    for arguments, problem in (
        ((path, "--url", f"http://127.0.0.1:{free_port()}"), "does not answer"),
        ((tmp_path / "other.json", "--url", store.url), "is no dashboard of Grafana"),
        ((tmp_path / "missing.json", "--url", store.url), "cannot be read: No such file"),
        ((tmp_path / "empty", "--url", store.url), "there is no dashboard in"),
        ((path, "--url", store.url, "--last", "soon"), "--last soon: write a number"),
        ((path, "--url", store.url, "--var", "squad"), "--var squad: write NAME=VALUE"),
        ((path, "--url", store.url, "--output", path), "--output"),
    ):
        done = telemetry_command("sheet", *arguments)
        assert done.returncode == 2 and problem in done.stderr, done.stderr


def test_values_are_written_with_their_unit() -> None:
    """Values are written as Grafana's units ask, in the size that a person reads."""
    from telemetry.operations.sheets.units import shown

    written = {
        ("s", 0.0005): "500 µs",
        ("s", 7200): "2 h",
        ("ms", 58.3): "58.3 ms",
        ("bytes", 3 * 1024**2): "3 MiB",
        ("Bps", 100): "100 B/s",
        ("percentunit", 0.987): "98.7 %",
        ("currencyUSD", 1234): "$1234",
        ("bool_yes_no", 1): "yes",
        ("short", 12_345): "12.3 k",
        ("none", float("inf")): "∞",
        ("suffix: modules/week", 3): "3 modules/week",
        ("s", 0): "0 s",
    }
    assert {key: shown(key[1], key[0]) for key in written} == written
