"""What a scraper and a collector get to see of telemetry itself, from processes that really run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families as parse_text
from tests.collector import Collector, status

from telemetry import get_logger, metric, span
from telemetry.config import read_settings
from telemetry.runtime import TelemetryDispatcher, install, retire

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@contextmanager
def running(spans: int, folder: Path, *, wait_seconds: float = 10.0, **settings: Any) -> Iterator[TelemetryDispatcher]:
    """Give a runtime with a scrape endpoint, which has recorded some spans and a log line, and tried to send them."""
    given = {"journal": str(folder / "journal"), "prometheus_port": 0, "log_level": "info", **settings}
    runtime = TelemetryDispatcher(read_settings(environ={}, directory=folder, **given), quiet=True)
    before = install(runtime)
    try:
        runtime.start()
        for number in range(spans):
            with span("spec.parse", attributes={"spec.path": str(number)}):
                pass
        get_logger("self").info("pipeline.start", pipeline="p")
        runtime.flush(wait_seconds)
        runtime.vitals.price(wait=True)
        yield runtime
    finally:
        retire(runtime)
        install(before)


def scraped(runtime: TelemetryDispatcher) -> Samples:
    """Scrape, and give the samples by name and labels; labels without a value count as none."""
    url = f"http://127.0.0.1:{runtime.prometheus_port}/metrics"
    families = list(parse_text(httpx.get(url, headers={"accept": "text/plain"}).text))
    return {
        (sample.name, frozenset((name, value) for name, value in sample.labels.items() if value)): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    """Give the one sample of this name that has these labels and no `error_type` but a named one."""
    found = [
        value
        for (other, pairs), value in samples.items()
        if other == name and pairs >= labels.items() and ("error_type" in labels or "error_type" not in dict(pairs))
    ]
    assert len(found) == 1, (name, labels, found)
    return found[0]


def test_a_scrape_shows_what_was_recorded_and_sent(tmp_path: Path) -> None:
    """Started, live, processed and exported spans and log records are counted, and exports were timed."""
    with Collector() as collector, running(40, tmp_path, endpoint=collector.url) as runtime:
        with span("spec.parse"):
            samples = scraped(runtime)
        assert len(collector.spans) == 40
        assert runtime.families() == []
    assert value(samples, "otel_sdk_span_started_total", otel_span_sampling_result="RECORD_AND_SAMPLE") == 41
    assert value(samples, "otel_sdk_span_started_total", otel_span_sampling_result="DROP") == 0
    assert value(samples, "otel_sdk_span_live") == 1
    assert value(samples, "otel_sdk_processor_span_processed_total") == 40
    assert value(samples, "otel_sdk_processor_span_queue_size") == 0
    assert value(samples, "otel_sdk_processor_span_queue_capacity") > 1000
    assert value(samples, "otel_sdk_exporter_span_exported_total", otel_component_type="otlp_http_span_exporter") == 40
    assert value(samples, "otel_sdk_exporter_span_inflight") == 0
    assert value(samples, "otel_sdk_log_created_total") == 1
    assert value(samples, "otel_sdk_exporter_log_exported_total") == 1
    duration = "otel_sdk_exporter_operation_duration_seconds_count"
    assert value(samples, duration, otel_component_type="otlp_http_span_exporter") >= 1
    assert value(samples, "telemetry_stream_lag_ms") == 0
    assert value(samples, "telemetry_queue_bytes") == 0
    assert 0 < value(samples, "telemetry_overhead_ratio") <= 1
    assert value(samples, "telemetry_overhead_seconds_total", part="spans") > 0
    assert value(samples, "telemetry_overhead_seconds_total", part="threads") > 0


def test_otlp_has_the_names_of_the_conventions(tmp_path: Path) -> None:
    """A push has the dotted names, under the attributes of the conventions; our own names stay as they are."""
    with Collector() as collector, running(10, tmp_path, endpoint=collector.url) as runtime:
        runtime.flush()
        metrics = dict(collector.metrics)
    assert metrics["otel.sdk.span.started"].unit == "{span}"
    points = metrics["otel.sdk.exporter.span.exported"].sum.data_points
    attributes = [{each.key: each.value.string_value for each in point.attributes} for point in points]
    assert [each["otel.component.type"] for each in attributes] == ["otlp_http_span_exporter"]
    assert [point.as_double for point in points] == [10.0]
    assert "telemetry_overhead_ratio" in metrics
    assert not [name for name in metrics if name.startswith("otel_sdk")]


def test_an_endpoint_that_is_down_shows_as_queue_and_lag(tmp_path: Path) -> None:
    """What cannot be sent waits: the queue has it, in records and bytes, and the lag is the age of the oldest."""
    with Collector() as collector:
        collector.always(status(503))
        with running(25, tmp_path, endpoint=collector.url, wait_seconds=0.3) as runtime:
            samples = scraped(runtime)
            collector.always(status(200))
    assert value(samples, "otel_sdk_processor_span_queue_size") == 25
    assert 25 * 50 < value(samples, "telemetry_queue_bytes") < 25 * 1000
    assert value(samples, "telemetry_stream_lag_ms") >= 100
    assert value(samples, "otel_sdk_exporter_span_exported_total") == 0


def test_refused_spans_are_counted_with_a_reason(tmp_path: Path) -> None:
    """What an endpoint refuses for good was exported without success, and its time is told apart."""
    with Collector() as collector:
        collector.always(status(400))
        with running(5, tmp_path, endpoint=collector.url) as runtime:
            samples = scraped(runtime)
    assert value(samples, "otel_sdk_exporter_span_exported_total", error_type="rejected") == 5
    duration = "otel_sdk_exporter_operation_duration_seconds_count"
    kind = "otlp_http_span_exporter"
    assert value(samples, duration, error_type="refused", otel_component_type=kind) == 1


def test_spans_that_are_overwritten_are_dropped_by_name(tmp_path: Path) -> None:
    """A journal that nobody reads overwrites its oldest spans; each is counted as `queue_full`."""
    with running(20_000, tmp_path, journal_bytes=1 << 20) as runtime:
        samples = scraped(runtime)
    lost = value(samples, "otel_sdk_processor_span_processed_total", error_type="queue_full")
    waiting = value(samples, "otel_sdk_processor_span_queue_size")
    assert lost > 1000
    assert lost + waiting == 20_000
    assert value(samples, "telemetry_queue_limit_bytes") == 1 << 20
    capacity = value(samples, "otel_sdk_processor_span_queue_capacity")
    assert waiting * 0.9 <= capacity <= waiting * 2.5
    assert "telemetry_stream_lag_ms" not in {name for name, _ in samples}


def test_without_a_journal_or_exporter_there_is_no_queue(tmp_path: Path) -> None:
    """Where nobody is to take records out nothing waits and nothing is lost, so nothing of that is shown."""
    with running(10, tmp_path, journal=False) as runtime:
        names = {name for name, _ in scraped(runtime)}
    assert "otel_sdk_span_started_total" in names
    assert not [name for name in names if name.startswith(("otel_sdk_processor", "otel_sdk_exporter"))]


def test_a_sampled_out_trace_is_dropped(tmp_path: Path) -> None:
    """Spans of traces that are not sampled are created and dropped, which the sampling result says."""
    with running(30, tmp_path, sampler="always_off") as runtime:
        samples = scraped(runtime)
    assert value(samples, "otel_sdk_span_started_total", otel_span_sampling_result="DROP") == 30
    assert value(samples, "otel_sdk_span_started_total", otel_span_sampling_result="RECORD_AND_SAMPLE") == 0


def test_a_setting_leaves_it_out(tmp_path: Path) -> None:
    """Without self-telemetry a page has the application's metrics only."""
    with running(5, tmp_path, self_telemetry=False) as runtime:
        names = {name for name, _ in scraped(runtime)}
    assert names
    assert not [name for name in names if name.startswith(("otel_sdk", "telemetry_"))]


def test_the_component_says_the_protocol(tmp_path: Path) -> None:
    """`otel.component.type` tells an exporter over gRPC from one over HTTP."""
    nowhere: dict[str, Any] = {"endpoint": "http://127.0.0.1:9", "shutdown_timeout_seconds": 0.1}
    with running(1, tmp_path, protocol="grpc", wait_seconds=0.1, **nowhere) as runtime:
        samples = scraped(runtime)
    assert value(samples, "otel_sdk_exporter_span_exported_total", otel_component_type="otlp_grpc_span_exporter") == 0


_PLUGGED = """
import sys, telemetry, httpx
from opentelemetry import metrics
runtime = telemetry.configure("self", prometheus_port=0, journal=False)
meter = metrics.get_meter("theirs", "2.0")
live = meter.create_up_down_counter("otel.sdk.span.live", "{span}")
live.add(3, {"otel.span.sampling_result": "RECORD_ONLY"})
meter.create_gauge("telemetry_overhead_step").set(7)
page = httpx.get(f"http://127.0.0.1:{runtime.prometheus_port}/metrics", headers={"accept": "text/plain"}).text
print(page)
"""


def test_components_that_measure_themselves_share_the_name(tmp_path: Path) -> None:
    """Where a part of OpenTelemetry's SDK has a metric of ours too, there is one family, with the series of both."""
    done = subprocess.run(
        [sys.executable, "-c", _PLUGGED], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("# TYPE otel_sdk_span_live gauge") == 1
    (family,) = [family for family in parse_text(done.stdout) if family.name == "otel_sdk_span_live"]
    found = {sample.labels["otel_scope_name"]: sample.value for sample in family.samples}
    assert found == {"telemetry": 0, "theirs": 3}


def test_what_the_application_records_under_our_name_stands(tmp_path: Path) -> None:
    """A metric of the application's registry that has a name of ours is there once, with the application's value."""
    declared = {"kind": "gauge", "unit": "bytes", "description": "x", "owner": "x", "labels": ["environment"]}
    file = tmp_path / "registry.json"
    file.write_text(json.dumps({"metrics": [{"name": "telemetry_queue_bytes", **declared}]}))
    with running(3, tmp_path, registry=str(file)) as runtime:
        metric("telemetry_queue_bytes").labels().set(-1)
        samples = scraped(runtime)
    assert value(samples, "telemetry_queue_bytes") == -1
    assert value(samples, "telemetry_queue_limit_bytes") > 0


_FORKED = """
import json, os, threading, telemetry
runtime = telemetry.configure("self", journal=False, overhead_budget_percent=5, prometheus_port=0)
runtime.vitals.price(wait=True)
for _ in range(100):
    with telemetry.span("spec.parse"):
        pass
read, write = os.pipe()
if not os.fork():
    with telemetry.span("spec.parse"):
        pass
    families = {family.name: family for family in runtime.vitals.families()}
    started = families["otel_sdk_span_started_total"].series[0].value
    seconds = sum(series.value for series in families["telemetry_overhead_seconds_total"].series)
    names = sorted(thread.name for thread in threading.enumerate())
    os.write(write, json.dumps([started, 0 < seconds < 0.1, names]).encode())
    os._exit(0)
os.wait()
print(os.read(read, 1000).decode())
"""


def test_a_forked_child_measures_itself(tmp_path: Path) -> None:
    """A child counts from nought, costs from its own beginning on, and is held to the budget."""
    done = subprocess.run(
        [sys.executable, "-c", _FORKED], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [1, True, ["MainThread", "telemetry-steward"]]


_BUSY = """
import json, sys, time
from telemetry import instrument_span, record_metric
from telemetry.config import read_settings
from telemetry.runtime import TelemetryDispatcher, install, retire

def work(backend, operator, clause):
    return sum(clause) & 0xFFFF

lower = instrument_span("codegen.lower", capture={"backend.name": "backend", "operator.name": "operator"})(
    record_metric("lowering_duration_seconds", labels={"maturity": "stable"},
                  capture={"backend": "backend", "operator": "operator"})(work))

runtime = TelemetryDispatcher(read_settings(journal=False, overhead_budget_percent=10.0))
budget = runtime.vitals.steward.budget
runtime.vitals.steward.window_seconds = 0.06
install(runtime)
runtime.start()
runtime.vitals.price(wait=True)
seen, results, calls = [], set(), 0
end = time.monotonic() + 30
clause = bytes(range(16))
while budget.rung.step != "spans" and time.monotonic() < end:
    results.add(lower("c-gcc", "add", clause))
    calls += 1
    if budget.rung.step not in seen:
        seen.append(budget.rung.step)
seen = list(dict.fromkeys([*seen, budget.rung.step]))
counted = sum(each.value.count for each in runtime.families()[0].series)
while budget.rung.step != "none" and time.monotonic() < end:
    results.add(work("c-gcc", "add", clause))
retire(runtime)
print(json.dumps([seen, budget.rung.step, sorted(results), counted == calls]))
"""


def test_a_busy_process_is_held_to_its_budget_and_let_go_again(tmp_path: Path) -> None:
    """Under calls that are nearly all recording every step is taken, results stay, and without them all comes back."""
    done = subprocess.run(
        [sys.executable, "-c", _BUSY], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    seen, last, results, is_whole = json.loads(done.stdout)
    assert seen == ["none", "arguments", "sampling", "spans"]
    assert (last, results, is_whole) == ("none", [sum(range(16))], True)
    lines = [line for line in done.stderr.splitlines() if "the budget is 10.0%" in line]
    assert len(lines) == 1, done.stderr
    assert "spans go without the arguments of their calls" in lines[0]
