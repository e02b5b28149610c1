"""Written to files, a bundle is what promtool, Prometheus and the OpenTelemetry Collector read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.bundle.bundles import DEATH_NS, INSTANCE, packed, written
from tests.journal.written import SECOND, START_NS

from telemetry.contracts import load_registry
from telemetry.export.replay import ProcessRecords, backfill_text, json_lines, processes, requests
from telemetry.journal.bundle import Bundle
from telemetry.metrics import ExecutionMetrics

PROMTOOL = shutil.which("promtool")
START, DEATH = START_NS // 10**6, DEATH_NS // 10**6
TYPES: dict[str, Any] = {
    "resourceSpans": ExportTraceServiceRequest,
    "resourceLogs": ExportLogsServiceRequest,
    "resourceMetrics": ExportMetricsServiceRequest,
}
OWN = f'instance="{INSTANCE}",job="specc"'


@pytest.fixture
def bundle(tmp_path: Path, journals: Path) -> Path:
    """A bundle of two processes that died, which recorded the same metrics."""
    written(journals / "12-5-7d0.journal", key=2000, instance="aa" * 16, first=1000).close()
    packed(tmp_path / "b.tar.gz", journals)
    return tmp_path / "b.tar.gz"


def text(bundle: Path) -> str:
    """Give the metrics of a bundle as OpenMetrics."""
    with Bundle.open(bundle) as opened:
        return b"".join(backfill_text(processes(opened))).decode()


def lines(bundle: Path) -> list[bytes]:
    """Give a bundle as lines of OTLP JSON."""
    with Bundle.open(bundle) as opened:
        return list(json_lines(requests(opened)))


def unhexed(value: Any) -> Any:
    """Write ids as the mapping of protobuf has them: in base64, where OTLP has hex."""
    if isinstance(value, dict):
        ids = ("traceId", "spanId", "parentSpanId")
        return {
            key: b64encode(bytes.fromhex(each)).decode() if key in ids else unhexed(each) for key, each in value.items()
        }
    return [unhexed(each) for each in value] if isinstance(value, list) else value


def test_json_lines_are_the_requests(bundle: Path) -> None:
    """Each line read back by the official types, with ids turned from hex, is the request that would be sent."""
    with Bundle.open(bundle) as opened:
        sent = list(requests(opened))
    written_lines = lines(bundle)
    assert len(written_lines) == len(sent) > 4
    for line, request in zip(written_lines, sent, strict=True):
        assert line.endswith(b"}\n")
        document = json.loads(line)
        (kind,) = document
        read = ParseDict(unhexed(document), TYPES[kind]())
        assert read == TYPES[kind].FromString(request.body)


def test_json_lines_follow_the_mapping_of_otlp(bundle: Path) -> None:
    """Ids are lower-case hex, 64-bit integers text, enumerations numbers, names lowerCamelCase."""
    documents = [json.loads(line) for line in lines(bundle)]
    span = next(each for each in documents if "resourceSpans" in each)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert span["traceId"] == "0123456789abcdef0123456789abcdef"
    assert re.fullmatch("[0-9a-f]{16}", span["spanId"])
    assert span["startTimeUnixNano"] == str(int(span["startTimeUnixNano"]))
    assert span["kind"] == 1
    log = next(each for each in documents if "resourceLogs" in each)["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
    assert (log["severityNumber"], log["body"]) == (9, {"stringValue": "compile.start"})
    metrics = next(each for each in documents if "resourceMetrics" in each)["resourceMetrics"][0]["scopeMetrics"][0]
    counter = next(each for each in metrics["metrics"] if each["name"] == "compile_success_total")
    assert counter["sum"]["aggregationTemporality"] == 2
    assert counter["sum"]["dataPoints"][0]["timeUnixNano"] == str(DEATH_NS)


def test_the_text_has_the_times_of_the_process(bundle: Path) -> None:
    """Counters begin at zero where the process began and end at its last sign of life; a gauge has its last value."""
    found = text(bundle).splitlines()
    counter = [line for line in found if line.startswith("compile_success_total") and INSTANCE in line]
    labels = f'{{backend="c-gcc",environment="staging",host_region="here",{OWN}}}'
    assert counter == [
        f"compile_success_total{labels} 0.0 {START // 1000}.000",
        f"compile_success_total{labels} 7.0 {DEATH // 1000}.000",
    ]
    gauge = [line for line in found if line.startswith("backend_missing_binaries") and INSTANCE in line]
    assert [line.split()[1:] for line in gauge] == [["2.0", f"{DEATH // 1000}.000"]]
    assert found[-1] == "# EOF"


def test_each_family_stands_once(bundle: Path) -> None:
    """All processes of a metric stand below one header, each under its own instance."""
    found = text(bundle)
    heads = re.findall(r"# TYPE (\S+) \S+", found)
    assert len(heads) == len(set(heads)) == 4
    assert found.count('compile_success_total{backend="c-gcc"') == 4
    assert found.count(f'instance="{"aa" * 16}"') == found.count(f'instance="{INSTANCE}"')


def test_the_official_parser_reads_the_text(bundle: Path) -> None:
    """prometheus_client's parser of OpenMetrics, which is strict, reads the samples with their timestamps."""
    # It drops all but the first bucket of a histogram's second point as duplicates (prometheus_client 0.26).
    plain = "".join(line for line in text(bundle).splitlines(keepends=True) if "pipeline_latency" not in line)
    families = {family.name: family for family in text_string_to_metric_families(plain)}  # type: ignore[no-untyped-call]
    samples = families["compile_success"].samples
    assert {(sample.value, float(sample.timestamp)) for sample in samples} == {
        (0.0, START_NS / SECOND),
        (7.0, DEATH_NS / SECOND),
    }
    assert families["offline_bundle_size_bytes"].unit == "bytes"


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_promtool_makes_blocks(tmp_path: Path, bundle: Path) -> None:
    """The real promtool makes blocks of the text, and reads every sample of them back, value by value."""
    (tmp_path / "metrics.om").write_text(text(bundle))
    data = tmp_path / "data"
    made = [str(PROMTOOL), "tsdb", "create-blocks-from", "openmetrics", str(tmp_path / "metrics.om"), str(data)]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    (data / "wal").mkdir()  # promtool opens the whole database, of which blocks are a part
    dumped = subprocess.run([str(PROMTOOL), "tsdb", "dump", str(data)], check=True, capture_output=True, timeout=60)
    samples = {}
    for line in dumped.stdout.decode().splitlines():
        labels, value, time = line.rsplit(" ", 2)
        parts = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        key = (parts["__name__"], parts["instance"], parts.get("le", parts.get("quantile", "")), int(time))
        assert key not in samples
        samples[key] = float(value)
    assert samples["compile_success_total", INSTANCE, "", START] == 0.0
    assert samples["compile_success_total", INSTANCE, "", DEATH] == 7.0
    assert samples["compile_success_total", "aa" * 16, "", DEATH] == 7.0
    assert samples["pipeline_latency_seconds_count", INSTANCE, "", DEATH] == 3.0
    assert samples["pipeline_latency_seconds_bucket", INSTANCE, "+Inf", DEATH] == 3.0
    assert samples["pipeline_latency_seconds_bucket", INSTANCE, "0.1", DEATH] == 1.0
    assert samples["offline_bundle_size_bytes_sum", INSTANCE, "", DEATH] == 4096.0
    assert samples["backend_missing_binaries", INSTANCE, "", DEATH] == 2.0
    assert len(samples) == sum(not line.startswith("#") for line in text(bundle).splitlines())


def test_a_label_of_the_same_name_survives(tmp_path: Path) -> None:
    """A metric that has a label `job` of its own keeps it as `exported_job`, as Prometheus would."""
    own = tmp_path / "own.json"
    metric = {"name": "solver_runs_total", "kind": "counter", "unit": "count", "labels": ["job", "environment"]}
    about = {"description": "Runs.", "owner": "a"}
    own.write_text(json.dumps({"name": "own", "extends": ["pipeline"], "metrics": [{**metric, **about}]}))
    registry = load_registry(own)
    metrics = ExecutionMetrics(registry, ambient={"environment": "staging"}, limit=5)
    metrics.record("solver_runs_total", 3, job="mine")
    contents = SimpleNamespace(
        attributes={"service.name": "specc", "service.namespace": "acme", "service.instance.id": "i"},
        pages=[bytes(page) for page in metrics.memory()],
        seen_ns=DEATH_NS,
    )
    found = b"".join(backfill_text([ProcessRecords(contents, registry)])).decode()
    labels = 'environment="staging",exported_job="mine",instance="i",job="acme/specc"'
    assert f"solver_runs_total{{{labels}}} 3.0 {DEATH // 1000}.000\n" in found
