"""Log records in the ring: the bytes are those of OpenTelemetry's encoder, and each is counted."""

from __future__ import annotations

from random import Random
from threading import Thread

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.sdk.resources import Resource as SdkResource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from tests.hotpath.spans import ODD, Spans

from telemetry._hotpath import extent, protobuf
from telemetry.export.translation import as_log
from telemetry.export.unpacking import log_records
from telemetry.journal import OwnMemory, Reader
from telemetry.signals import LogRecord, Severity

from .recorder import Recorder
from .records import LOG


def some_record(random: Random) -> LogRecord:
    """Make a log record of anything: names that become the same on the wire too."""
    values = Spans(random, ODD, widest=100, linked=False)
    severities: tuple[Severity, ...] = ("debug", "info", "warning", "error", "critical")
    return LogRecord(
        time_ns=random.choice((1, random.getrandbits(64) or 1)),
        severity=random.choice(severities),
        event=values.text(),
        fields={values.text(): values.value() for _ in range(random.randrange(5))},
        logger=values.text(),
        trace_id=random.choice((0, random.getrandbits(128))),
        span_id=random.choice((0, random.getrandbits(64))),
        trace_flags=random.choice((0, 1, 255)),
    )


@given(st.integers(0, 1 << 32))
@settings(deadline=None)
def test_log_records_are_the_bytes_of_the_official_encoder(seed: int) -> None:
    """Whatever is in a log record, its bytes are those that OpenTelemetry's encoder makes: here of 3000."""
    random = Random(seed)
    for _ in range(30):
        record = some_record(random)
        request = encode_logs([as_log(record, SdkResource({}), InstrumentationScope("telemetry"))])
        (official,) = request.resource_logs[0].scope_logs[0].log_records
        assert protobuf.log_record(record) == protobuf.message(0x12, official.SerializeToString()), record


def test_a_log_record_is_read_back() -> None:
    """What was encoded comes back; the logger is the scope's to say."""
    (found,) = log_records(protobuf.log_record(LOG))
    assert found == LogRecord(LOG.time_ns, "warning", LOG.event, LOG.fields, "", LOG.trace_id, LOG.span_id, 1)


def test_each_record_is_counted() -> None:
    """The journal knows how many log records were written, by however many threads, and finds as many."""
    recorder = Recorder()
    threads = [Thread(target=recorder.logs, args=(500,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.counted("logs_written", "logs_overwritten") == [2_000, 0]
    assert Reader(OwnMemory(recorder.region)).pending() == (0, 2_000)


def test_the_logger_is_the_scope() -> None:
    """Each logger is a scope of its own, noted once; a line without a logger is ours."""
    recorder = Recorder()
    for logger in ("a.b", "c", "a.b", ""):
        recorder.logs(record=LogRecord(1, "info", "event", logger=logger))
    reader = Reader(OwnMemory(recorder.region))
    chunks = reader.batch(0, claim=False).chunks
    assert {chunk.kind for chunk in chunks} == {extent.LOG}
    numbers = [chunk.scope for chunk in chunks]
    assert numbers[0] == numbers[2] != numbers[1]
    assert numbers[3] == 0
    assert reader.scope(numbers[1]) == protobuf.message(0x0A, b"\x0a\x01c")
