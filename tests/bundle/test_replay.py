"""Replayed, a bundle arrives as it was recorded: same ids, times, resources; twice changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from tests.bundle.bundles import DEATH_NS, INSTANCE, LOGS, RESOURCE, SPANS, no_secret, packed, written
from tests.collector import CUT_REQUEST, Collector, at_most, partial, status
from tests.journal.written import START_NS, TRACE, Journal, record

from telemetry._hotpath import extent, protobuf
from telemetry.contracts import load_registry
from telemetry.export.otlp import OtlpExporter
from telemetry.export.replay import Outcome, ProcessRecords, Progress, Replay, ReplayRecord, left_out, requests
from telemetry.export.replay.request import metric_requests
from telemetry.journal import Dead, Folder, open_journal, write_dead
from telemetry.journal.bundle import Bundle, Redaction, Selection, pack
from telemetry.metrics import ExecutionMetrics, MergedPages, Rule, parts_of
from telemetry.signals import Resource


@pytest.fixture
def bundle(tmp_path: Path, journals: Path) -> Path:
    """A bundle of one process that died."""
    packed(tmp_path / "b.tar.gz", journals)
    return tmp_path / "b.tar.gz"


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that counts."""
    with Collector() as collector:
        yield collector


def replayed(bundle: Path, collector: Collector, *, again: bool = False, patience_seconds: float = 10.0) -> Outcome:
    """Replay a bundle as the command does."""
    exporter = OtlpExporter(collector.url, Resource({}), timeout_seconds=5)
    try:
        with Bundle.open(bundle) as opened:
            replay = Replay(opened, exporter.request, exporter.target, ReplayRecord(bundle), patience_seconds)
            return replay.run(again=again)
    finally:
        exporter.close()


def state_of(collector: Collector) -> dict[str, Any]:
    """Give the last state of every metric as text, by name."""
    return {name: str(metric) for name, metric in collector.metrics.items()}


def test_everything_arrives_as_it_was(bundle: Path, collector: Collector) -> None:
    """Each span and log record arrives once, with its id, times, resource and scope; the open span closed."""
    outcome = replayed(bundle, collector)
    assert (outcome.problem, outcome.progress.is_done) == ("", True)
    assert (outcome.progress.spans, outcome.progress.logs) == (SPANS + 1, LOGS)
    ids = {f"{number:016x}" for number in (*range(1, SPANS + 1), 501)}
    assert collector.spans == Counter(ids)
    span = collector.intake.span[f"{1:016x}"]
    assert (span.trace_id.hex(), span.start_time_unix_nano) == (f"{TRACE:032x}", START_NS + 1000)
    assert [each.body.string_value for each in collector.logs] == ["compile.start"] * LOGS
    arrival = next(each for each in collector.arrivals if each.signal == "traces")
    resource = {pair.key: pair.value.string_value for pair in arrival.message.resource_spans[0].resource.attributes}
    assert resource["service.instance.id"] == INSTANCE
    assert arrival.message.resource_spans[0].scope_spans[0].scope.name == "telemetry"


def test_the_open_span_arrives_closed(bundle: Path, collector: Collector) -> None:
    """What was open at the death ends at the last sign of life, as an error that says that the process died."""
    replayed(bundle, collector)
    span = collector.intake.span[f"{501:016x}"]
    attributes = {pair.key: pair.value for pair in span.attributes}
    assert span.name == "compile.execute"
    assert span.status.code == 2
    assert span.end_time_unix_nano >= span.start_time_unix_nano > 0
    assert attributes["telemetry.recovered"].bool_value
    assert attributes["error.type"].string_value == "process_died"


def test_metrics_have_the_times_of_the_process(bundle: Path, collector: Collector) -> None:
    """Each point has the start of its series and the last sign of life, not the time of the replay."""
    replayed(bundle, collector)
    (point,) = collector.metrics["compile_success_total"].sum.data_points
    assert (point.start_time_unix_nano, point.time_unix_nano) == (START_NS, DEATH_NS)
    assert (point.as_double, collector.metrics["compile_success_total"].sum.aggregation_temporality) == (7.0, 2)
    (histogram,) = collector.metrics["pipeline_latency_seconds"].histogram.data_points
    assert (histogram.count, histogram.time_unix_nano) == (3, DEATH_NS)
    (gauge,) = collector.metrics["backend_missing_binaries"].gauge.data_points
    assert (gauge.as_double, gauge.time_unix_nano) == (2.0, DEATH_NS)
    (summary,) = collector.metrics["offline_bundle_size_bytes"].summary.data_points
    assert (summary.count, summary.sum) == (1, 4096.0)


def test_a_second_replay_sends_nothing(bundle: Path, collector: Collector) -> None:
    """The record beside the bundle keeps a second replay to the same endpoint from sending anything."""
    replayed(bundle, collector)
    before = len(collector.arrivals)
    outcome = replayed(bundle, collector)
    assert (outcome.sent, outcome.progress.is_done, outcome.progress.spans) == (0, True, SPANS + 1)
    assert len(collector.arrivals) == before


def test_again_sends_the_same_bytes(bundle: Path, collector: Collector) -> None:
    """`--again` sends everything once more, byte for byte: the same ids and the same points at the same times."""
    replayed(bundle, collector)
    first, state = list(collector.arrivals), state_of(collector)
    replayed(bundle, collector, again=True)
    second = collector.arrivals[len(first) :]
    assert [each.message for each in second] == [each.message for each in first]
    assert state_of(collector) == state
    assert set(collector.spans.values()) == {2}


def test_another_endpoint_has_a_record_of_its_own(bundle: Path, collector: Collector) -> None:
    """What one endpoint has says nothing of another."""
    replayed(bundle, collector)
    with Collector() as other:
        assert replayed(bundle, other).sent > 0
        assert other.spans == collector.spans


def test_an_interrupted_replay_goes_on(bundle: Path, collector: Collector) -> None:
    """Where the endpoint stops answering, the replay stops; the next one begins there, and no span arrives twice."""
    collector.always(status(503))
    assert "503" in replayed(bundle, collector, patience_seconds=0).problem
    collector.always(status(200))
    collector.fail_next(partial(0), status(500))
    outcome = replayed(bundle, collector, patience_seconds=0)
    assert (outcome.sent, outcome.progress.is_done) == (1, False)
    collector.always(partial(0))
    outcome = replayed(bundle, collector)
    assert outcome.progress.is_done
    assert set(collector.spans.values()) == {1}
    assert len(collector.spans) == SPANS + 1
    assert len(collector.logs) == LOGS


def test_a_busy_endpoint_is_asked_again(bundle: Path, collector: Collector) -> None:
    """429 and 503 are tried again, after as long as the endpoint asks for; so is a connection that was cut."""
    collector.fail_next(status(429, retry_after="1"), status(503), CUT_REQUEST)
    outcome = replayed(bundle, collector)
    assert outcome.progress.is_done
    one, two = (each for each in collector.arrivals if not each.taken)
    assert two.at - one.at >= 1.0
    assert set(collector.spans.values()) == {1}


def test_a_refusal_stops_the_replay(bundle: Path, collector: Collector) -> None:
    """400 is for good: nothing of the request is skipped in silence, and the reason is told."""
    collector.fail_next(status(400, message="no such tenant"))
    outcome = replayed(bundle, collector)
    assert outcome.sent == 0
    assert "400" in outcome.problem
    assert "no such tenant" in outcome.problem


def test_what_is_rejected_is_counted(bundle: Path, collector: Collector) -> None:
    """Partial success counts as taken, and the rejected records are in the record."""
    collector.fail_next(partial(2))
    assert replayed(bundle, collector).progress.rejected == 2


def test_a_request_that_is_too_large_goes_in_halves(bundle: Path, collector: Collector) -> None:
    """An endpoint that takes small requests only gets everything all the same, each span once."""
    collector.always(at_most(900))
    outcome = replayed(bundle, collector)
    assert outcome.progress.is_done or "413" in outcome.problem  # a histogram alone may have more
    assert set(collector.spans.values()) == {1}
    assert len(collector.spans) == SPANS + 1
    assert max(each.body_bytes for each in collector.arrivals if each.taken) <= 900


def test_requests_are_bounded(tmp_path: Path) -> None:
    """However much a process recorded, no request has more than 512 records or 512 KiB."""
    folder = tmp_path / "journals"
    folder.mkdir(mode=0o700)
    journal = Journal(folder / "1-1-3e8.journal", segment=256 * 1024, segments=8)
    journal.note(extent.NOTE_RESOURCE, RESOURCE)
    for number in range(1, 4001):
        journal.span(replace(record(number), attributes={"text": "x" * 300}))
    journal.close()
    packed(tmp_path / "b.tar.gz", folder)
    with Bundle.open(tmp_path / "b.tar.gz") as opened:
        made = list(requests(opened))
    assert sum(request.records for request in made) == 4000
    assert max(len(request.body) for request in made) <= 512 * 1024
    assert max(request.records for request in made) <= 512


def test_metrics_are_divided(tmp_path: Path) -> None:
    """Many series become several requests of the same metrics, each series in one of them."""
    registry = replace(load_registry(), cardinality={"default": 900})
    metrics = ExecutionMetrics(registry, ambient={"environment": "staging", "host_region": "x"}, limit=900)
    for number in range(450):
        metrics.record("pipeline_latency_seconds", 0.5, backend=f"b{number}")
        metrics.record("compile_success_total", 1, backend=f"b{number}")

    contents = SimpleNamespace(
        resource=b"",
        attributes={},
        scope=protobuf.message(0x0A, b""),
        pages=[bytes(page) for page in metrics.memory()],
        seen_ns=DEATH_NS,
    )
    made = list(metric_requests(ProcessRecords(contents, registry)))
    assert len(made) > 2
    seen: Counter[tuple[str, str]] = Counter()
    for request in made:
        assert len(request.body) <= 512 * 1024
        message = ExportMetricsServiceRequest.FromString(request.body)
        for metric in message.resource_metrics[0].scope_metrics[0].metrics:
            points = getattr(metric, metric.WhichOneof("data")).data_points
            seen.update((metric.name, point.attributes[0].value.string_value) for point in points)
    assert len(seen) == 900
    assert set(seen.values()) == {1}


def test_the_record_is_of_one_bundle(tmp_path: Path, bundle: Path, journals: Path, collector: Collector) -> None:
    """Packed anew with more in it, a bundle of the same name is another one, and is sent."""
    replayed(bundle, collector)
    written(journals / "12-5-7d0.journal", key=2000, instance="aa" * 16, first=1000).close()
    packed(bundle, journals)
    assert replayed(bundle, collector).progress.spans == 2 * (SPANS + 1)


def test_a_damaged_record_counts_for_nothing(bundle: Path, collector: Collector) -> None:
    """A record that cannot be read, or says nonsense, is as if it were not there; endpoints do not get it as fact."""
    record = ReplayRecord(bundle)
    wrong = {"bundle": "abc", "spans": "1"}
    texts = ("", "[]", '{"endpoints": 3}', '{"endpoints": {"http://x": {"more": 1}}}')
    for text in (*texts, json.dumps({"endpoints": {"http://x": wrong}})):
        record.path.write_text(text)
        assert record.progress("http://x", "abc") == Progress("abc")
    replayed(bundle, collector)
    assert json.loads(record.path.read_text())["endpoints"][collector.url]["is_done"] is True


def test_metrics_folded_into_the_dead_are_sent_once(tmp_path: Path, journals: Path, collector: Collector) -> None:
    """A process whose metrics stand in the totals of the dead brings its spans only: its metrics are in those."""
    (path,) = journals.glob("*.journal")
    merged = MergedPages(Rule(load_registry()))
    with open_journal(path, only_read=True) as reader:
        merged.merge([(part, False) for part in parts_of(reader.snapshots())], DEATH_NS)
    write_dead(Folder.open(journals), Dead().with_metrics(merged.snapshots(), frozenset({1000})))
    manifest = packed(tmp_path / "b.tar.gz", journals)
    told = {process.folder[-4:]: (process.state, process.is_folded) for process in manifest.processes}
    assert told == {"-3e8": ("died", True), "dead": ("ended", False)}
    replayed(tmp_path / "b.tar.gz", collector)
    assert sum(each.signal == "metrics" for each in collector.arrivals) == 1
    assert len(collector.spans) == SPANS + 1


def test_metrics_without_a_contract_are_named(tmp_path: Path, journals: Path) -> None:
    """Packed with a registry that lacks them, metrics are left out of a replay, and the reason is told."""
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"name": "own", "extends": []}))
    selection = Selection(load_registry(own), Redaction(no_secret, str), 0, [Folder.open(journals)])
    pack(selection, tmp_path / "b.tar.gz")
    with Bundle.open(tmp_path / "b.tar.gz") as opened:
        assert left_out(opened)["compile_success_total"] == "no contract has this name"
        assert {request.signal for request in requests(opened)} == {"traces", "logs"}
