"""Every panel and every rule that is generated has data, in Prometheus and in VictoriaMetrics.

The data is that of our own SDK: a program that records every metric of all packs, and the reference pipeline behind a
gateway. `SHEETS=docs/sheets make engines` keeps the pictures of the dashboards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep, time

import promql_parser
import pytest
import yaml
from tests.collector import Collector
from tests.engines import needs
from tests.stack.overlay import rule_files, write_prometheus, write_rules
from tests.stack.sink import Sink

from telemetry.operations.engines import (
    QueryApi,
    backfill_prometheus,
    backfill_victoria_metrics,
    free_port,
    prometheus,
    victoria_metrics,
    vmalert,
)
from telemetry.operations.sheets import Answer, ask, draw_sheet, read_dashboard

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "monitoring"
DASHBOARDS = sorted((GENERATED / "dashboards").rglob("*.json"))
STORES = ("prometheus", "victoria-metrics")
EVALUATED_SECONDS = 75
SHEET_BYTES = 150_000

pytestmark = [needs("prometheus", "promtool", "victoria-metrics", "vmalert"), pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Stores:
    """Both stores with the same data, and what evaluates the rules of each."""

    urls: dict[str, str]
    evaluators: dict[str, str]
    end: float


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Record twelve days, give them to both stores, let both scrape on, and evaluate the generated rules on both."""
    folder = tmp_path_factory.mktemp("panels")
    with ExitStack() as stack:
        port = free_port()
        stack.enter_context(sample(folder, port))
        gateway = stack.enter_context(probed_gateway(folder))
        sink = stack.enter_context(Sink())
        rules = write_rules(GENERATED, folder)
        config = write_prometheus(GENERATED, folder, rules, {"telemetry": f"127.0.0.1:{port}", "gateway": gateway})
        backfill_prometheus(folder / "past.om", folder)
        first = stack.enter_context(prometheus(config, folder=folder))
        scraping = (f"-promscrape.config={config}", "-promscrape.config.strictParse=false", "-selfScrapeInterval=0")
        second = stack.enter_context(victoria_metrics(*scraping))
        backfill_victoria_metrics(folder / "past.om", second)
        evaluator = stack.enter_context(vmalert(folder / "rules" / "*.yml", second.url, notifier=sink.url))
        sleep(EVALUATED_SECONDS)
        urls = {"prometheus": first.url, "victoria-metrics": second.url}
        yield Stores(urls, {"prometheus": first.url, "victoria-metrics": evaluator.url}, time())


@contextmanager
def sample(folder: Path, port: int) -> Iterator[None]:
    """Run the program that records every metric; it has written its past when the block begins."""
    with Collector() as collector:
        arguments = [str(folder / "past.om"), str(port), "telemetry", collector.url]
        command = [sys.executable, "-m", "tests.stack.sample", *arguments]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                yield
            finally:
                process.kill()


@contextmanager
def probed_gateway(folder: Path) -> Iterator[str]:
    """Run the reference pipeline once, and the gateway that serves what it left; give the gateway's address."""
    environment = {**os.environ, "TELEMETRY_JOURNAL": str(folder / "journals"), "TELEMETRY_ENVIRONMENT": "staging"}
    tool = [sys.executable, str(ROOT / "tools" / "telemetry_probe.py")]
    subprocess.run(tool, cwd=folder, env=environment, check=True, capture_output=True)
    command = [sys.executable, str(ROOT / "tools" / "telemetry_gateway.py"), "--port", "0", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            yield str(said["url"]).removeprefix("http://").partition("/")[0]
        finally:
            process.terminate()


def is_empty_by_nature(answer: Answer) -> bool:
    """Tell whether a query has no answer while all is well: the banner says only of missing news that it is missing."""
    return answer.query.text.startswith("absent(")


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_panel_has_data(path: Path, store: str, stores: Stores) -> None:
    """Each query of each panel is taken by the store, and answered with series."""
    with QueryApi(stores.urls[store]) as api:
        answers = ask(read_dashboard(path), api, stores.end)
    assert answers
    assert {(each.panel.title, each.query.ref, each.problem) for each in answers if each.problem} == set()
    empty = {(each.panel.title, each.text) for each in answers if not each.series and not is_empty_by_nature(each)}
    assert empty == set()


@pytest.mark.parametrize("store", STORES)
def test_every_rule_has_data(store: str, stores: Stores) -> None:
    """Each recording rule gives series, and so does what each alert compares with its threshold."""
    found = []
    with QueryApi(stores.urls[store]) as api:
        for name, text in rules():
            if not api.instant(text, stores.end):
                found.append((name, text))
    assert found == []


def rules() -> Iterator[tuple[str, str]]:
    """Give the expression of each recording rule, and the side of each alert's that has data while all is well."""
    for path in rule_files(GENERATED):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield rule.get("alert") or rule["record"], measured(rule["expr"]) if "alert" in rule else rule["expr"]


def measured(expression: str) -> str:
    """Leave out comparisons and exceptions around what is measured, and what is counted only when it grew."""
    node = promql_parser.parse(expression)
    while True:
        if isinstance(node, promql_parser.ParenExpr):
            node = node.expr
        elif isinstance(node, promql_parser.BinaryExpr) and str(node.op) in {
            ">",
            "<",
            ">=",
            "<=",
            "==",
            "unless",
            "and",
        }:
            node = node.lhs
        else:
            return str(node.prettify())


@pytest.mark.parametrize("store", STORES)
def test_every_rule_is_healthy(store: str, stores: Stores) -> None:
    """Prometheus and vmalert have loaded every generated rule, and evaluate it without an error."""
    with QueryApi(stores.evaluators[store]) as api:
        loaded = api.rules()
    assert {rule["name"] for rule in loaded} == {name for name, _ in rules()}
    assert [
        (rule["name"], rule["lastError"]) for rule in loaded if rule["health"] != "ok" or rule.get("lastError")
    ] == []


@pytest.mark.parametrize("store", STORES)
def test_the_reference_pipeline_is_seen(store: str, stores: Stores) -> None:
    """What the reference pipeline recorded before it ended is in the store, by way of the gateway."""
    with QueryApi(stores.urls[store]) as api:
        found = api.instant('sum by (backend) (compile_success_total{job="gateway",environment="staging"})', stores.end)
    assert found and all(series.points[0][1] > 0 for series in found)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_dashboard_has_a_sheet(path: Path, stores: Stores, tmp_path: Path) -> None:
    """Each dashboard is drawn, every panel with its data, as a picture that is small enough to keep."""
    folder = Path(os.environ.get("SHEETS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    with QueryApi(stores.urls["victoria-metrics"]) as api:
        dashboard = read_dashboard(path)
        answers = ask(dashboard, api, stores.end)
    draw_sheet(dashboard, answers, folder / f"{dashboard.uid}.png", end=stores.end)
    assert 5_000 < (folder / f"{dashboard.uid}.png").stat().st_size < SHEET_BYTES
