"""A run of the pipeline as the outside sees it: scraped by Prometheus, received by OTLP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from tests.engines import needs
from tests.export.servers import OtlpReceiver, Prometheus, eventually

_RUN = """
import sys
from pathlib import Path
import telemetry
from telemetry.probe import Job, backend, measure_readiness, run

specs, folder = Path(sys.argv[1]), Path(sys.argv[2])
runtime = telemetry.configure("acceptance", prometheus_port=0, log_format="json", log_level="debug", run_id="run-1")
print(runtime.prometheus_port, flush=True)
measure_readiness()
for name in ("clamp", "gcd"):
    run(Job(specs / f"{name}.spec", backend("c-gcc"), folder, runtime.run_id))
try:
    run(Job(specs / "missing.spec", backend("c-gcc"), folder, runtime.run_id))
except telemetry.PipelineError:
    pass
run(Job(specs / "blocked" / "absolute.spec", backend("c-gcc"), folder, runtime.run_id))
print("done", flush=True)
sys.stdin.read()
telemetry.shutdown()
"""

ROOT = Path(__file__).parents[2]


@contextmanager
def _running(folder: Path, log: Path, **variables: str) -> Iterator[str]:
    """Run cycles in a process of their own; give its metrics address once they are done, and end it afterwards."""
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, ROOT / "examples" / "specs", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, **variables},
            text=True,
        )
    with process:
        assert process.stdin is not None and process.stdout is not None
        port = process.stdout.readline().strip()
        assert process.stdout.readline() == "done\n", log.read_text()
        yield f"http://127.0.0.1:{port}/metrics"
        process.stdin.close()
        assert process.wait(20) == 0, log.read_text()


@needs("promtool")
def test_a_scrape_is_read_by_the_parsers_and_by_promtool(tmp_path: Path) -> None:
    """Both formats parse, counters and histograms have the run's values, and promtool has nothing to complain of."""
    with _running(tmp_path, tmp_path / "log") as url:
        text = httpx.get(url, headers={"Accept": "text/plain"}).text
        openmetrics = httpx.get(url, headers={"Accept": "application/openmetrics-text; version=1.0.0"}).text
        families = {family.name: family for family in parse_text(text)}
        names = {family.name for family in parse_openmetrics(openmetrics)}  # type: ignore[no-untyped-call]
        ours = "".join(
            f"{line}\n"
            for line in text.splitlines()
            if not line.removeprefix("# HELP ").removeprefix("# TYPE ").startswith(("python_", "process_"))
        )
        complaints = subprocess.run(
            ["promtool", "check", "metrics"], input=ours, capture_output=True, text=True, check=False
        )
    assert {"pipeline_latency_seconds", "compile_success", "verification_block_rate"} <= set(families) & names
    (success,) = [sample.value for sample in families["compile_success"].samples]
    assert success == 3.0
    counts = [sample for sample in families["pipeline_latency_seconds"].samples if sample.name.endswith("_count")]
    assert [sample.value for sample in counts] == [4.0]
    (rate,) = [sample.value for sample in families["verification_block_rate"].samples]
    assert rate == pytest.approx(1 / 3)
    assert complaints.returncode == 0, complaints.stderr
    assert complaints.stderr == ""


@needs("prometheus")
def test_a_real_prometheus_scrapes_the_run(tmp_path: Path) -> None:
    """Prometheus takes the target as up, and answers a query with the run's own numbers."""
    with (
        _running(tmp_path, tmp_path / "log") as url,
        Prometheus(httpx.URL(url).netloc.decode(), tmp_path) as prometheus,
    ):
        assert eventually(lambda: prometheus.target().get("health") == "up", within_seconds=20)
        assert eventually(lambda: prometheus.query("sum(compile_success_total)"), within_seconds=20)
        assert list(prometheus.query("sum(compile_success_total)").values()) == [3.0]
        quantile = "histogram_quantile(0.5, sum by (le) (pipeline_latency_seconds_bucket))"
        assert next(iter(prometheus.query(quantile).values())) > 0


def test_otlp_arrives_with_the_ids_of_the_log_lines(tmp_path: Path) -> None:
    """Spans, metrics and logs arrive by OTLP over HTTP; each log line on stderr has the ids of a received span."""
    with OtlpReceiver() as receiver:
        log = tmp_path / "log"
        with _running(tmp_path, log, TELEMETRY_EXPORTER_ENDPOINT=receiver.url):
            pass
        spans = {(span.trace_id.hex(), span.span_id.hex()): span for span in receiver.spans}
        records = receiver.logs
        metrics = receiver.metrics
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert len(lines) > 20
    assert {(line["trace_id"], line["span_id"]) for line in lines} <= set(spans)
    assert {(record.trace_id.hex(), record.span_id.hex()) for record in records} <= set(spans)
    assert len(records) == len(lines)
    assert {span.name for span in spans.values()} >= {"pipeline.run", "spec.parse", "distribute.package"}
    failed = [span for span in spans.values() if span.name == "spec.parse" and span.status.code == 2]
    assert len(failed) == 1
    assert "lowering_duration_seconds" in metrics
