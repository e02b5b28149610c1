"""Both couriers bring the same: the one that gives bytes, and the one for exporters that take the SDK's types only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from telemetry.contracts import load_registry
from telemetry.export.courier import ByteCourier, Courier, TypeCourier
from telemetry.export.otlp import SIGNAL_PATHS
from telemetry.export.post import exporters, lines
from telemetry.export.request import records_request
from telemetry.export.silence import Silence
from telemetry.export.wire import courier
from telemetry.journal import Again, Refused, Taken
from telemetry.metrics import ExecutionMetrics
from telemetry.metrics.wanted import Wanted
from telemetry.signals import Family, FamilySource, Scope, Series, SpanRecord

from .families import COUNTER, HISTOGRAM, SUMMARY, Fixed
from .records import LOG, ORIGIN, RESOURCE, SPAN, chunks, log_chunks
from .servers import OtlpReceiver, attributes

SCOPE = Scope("telemetry", "0.1.0")
GUEST = Scope("httpx", "1.0", "https://example.org/schema", {"team": "io"})


class Public:
    """An exporter of another release: it has what is documented, and nothing else."""

    def __init__(self, exporter: Any) -> None:
        self.export = exporter.export


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    """A running OTLP receiver."""
    with OtlpReceiver() as running:
        yield running


def couriers(receiver: OtlpReceiver) -> tuple[Courier, Courier]:
    """Make one courier of each kind, as they are chosen for exporters that have a client, and that have none."""
    made = exporters({signal: receiver.url + path for signal, path in SIGNAL_PATHS.items()}, 1.0)
    public = {signal: Public(exporter) for signal, exporter in made.items()}
    fast = courier(made, lines(made), RESOURCE, SCOPE, Silence())
    slow = courier(public, lines(public), RESOURCE, SCOPE, Silence())
    assert isinstance(fast, ByteCourier)
    assert isinstance(slow, TypeCourier)
    return fast, slow


def send_metrics(carrier: Courier, source: FamilySource) -> None:
    """Send a snapshot of a source, which has to arrive."""
    delivery = carrier.metrics(source)
    assert delivery is not None
    assert delivery() == Taken()


def test_spans_are_the_same_on_both_ways(receiver: OtlpReceiver) -> None:
    """Every field, the scopes, and attributes that only OpenTelemetry's API allows survive being decoded again.

    OpenTelemetry's encoder leaves out the tracestate of a link, so there is none here.
    """
    own = replace(SPAN, links=tuple(replace(link, tracestate="") for link in SPAN.links))
    odd: Any = {"raw": b"\x00", "nested": {"deep": (1, 2)}, "path": "caf\udce9", "big": 1 << 70}
    guest = SpanRecord("GET", 1, 2, None, 3, 4, odd, scope=GUEST)
    request = records_request(chunks(own, guest), ORIGIN)
    for each in couriers(receiver):
        assert each.request("traces", request)() == Taken()
    fast, slow = (request.message for request in receiver.requests)
    assert len(receiver.spans) == 4
    assert fast == slow


def test_log_records_are_the_same_on_both_ways(receiver: OtlpReceiver) -> None:
    """The loggers, the fields and the ids of log records survive being decoded again."""
    plain = replace(LOG, logger="", trace_id=0, span_id=0, trace_flags=0, severity="critical")
    request = records_request(log_chunks(LOG, plain), ORIGIN)
    for each in couriers(receiver):
        assert each.request("logs", request)() == Taken()
    fast, slow = (request.message for request in receiver.requests)
    assert len(receiver.logs) == 4
    assert fast == slow


def test_an_exporter_that_takes_no_bytes_refuses_encoded_metrics(receiver: OtlpReceiver) -> None:
    """There is no way back from the bytes of metrics to the SDK's types, and that is said rather than tried."""
    _, slow = couriers(receiver)
    assert isinstance(slow.request("metrics", b"")(), Refused)
    assert receiver.requests == []


def test_a_failure_on_the_public_way_is_to_be_tried_again(receiver: OtlpReceiver) -> None:
    """An exporter that tells nothing but that it failed is asked again, since nothing says that it is in vain."""
    receiver.answers.append((400, {}))
    _, slow = couriers(receiver)
    assert isinstance(slow.request("traces", records_request(chunks(SPAN), ORIGIN))(), Again)


def test_metrics_are_the_same_on_both_ways(receiver: OtlpReceiver) -> None:
    """What the SDK has types for is one message, whichever way it goes."""
    for each in couriers(receiver):
        send_metrics(each, Fixed([COUNTER, HISTOGRAM]))
    fast, slow = (request.message for request in receiver.requests)
    assert fast == slow


def test_a_summary_without_a_type_becomes_the_series_that_a_prometheus_makes_of_it(receiver: OtlpReceiver) -> None:
    """Its quantiles, sum and count arrive under the names that they have in an exposition, with units that add none."""
    _, slow = couriers(receiver)
    send_metrics(slow, Fixed([SUMMARY]))
    quantiles = receiver.metrics["offline_bundle_size_bytes"]
    found = {str(attributes(each.attributes)["quantile"]): each.as_double for each in quantiles.gauge.data_points}
    assert found == {"0.5": 2048.0, "0.99": 1e7}
    for suffix, value, unit in (("sum", 123456789.0, "{bytes}"), ("count", 9.0, "")):
        metric = receiver.metrics[f"offline_bundle_size_bytes_{suffix}"]
        (point,) = metric.sum.data_points
        assert (point.as_double, attributes(point.attributes)) == (value, {"target": "linux"})
        assert (metric.unit, metric.sum.is_monotonic) == (unit, False)


def test_nothing_recorded_is_nothing_to_send(receiver: OtlpReceiver) -> None:
    """Without a series there is no delivery."""
    empty = Family("sold_total", "counter", "count", "", (), ())
    for each in couriers(receiver):
        assert each.metrics(Fixed(())) is None
        assert each.metrics(Fixed([empty])) is None


def test_a_runtime_s_metrics_arrive_again_and_again(receiver: OtlpReceiver) -> None:
    """Series in pages, series of no contract and exemplars all leave by both ways, and each push has the new values."""
    metrics = ExecutionMetrics(load_registry(), ambient={"environment": "staging"}, limit=50)
    metrics.record("backend_missing_binaries", 2, backend="c-gcc")
    foreign = metrics.guests.sink(Wanted(GUEST, "http.requests", "counter"))
    assert foreign is not None
    span = NonRecordingSpan(SpanContext(SPAN.trace_id, SPAN.span_id, is_remote=False, trace_flags=TraceFlags(1)))
    for each in couriers(receiver):
        for count in (1.0, 2.0):
            metrics.record("backend_missing_binaries", count, backend="c-gcc")
            foreign.record(1.0, {"method": "GET"}, set_span_in_context(span))
            send_metrics(each, metrics)
            (own,) = receiver.metrics["backend_missing_binaries"].gauge.data_points
            (other,) = receiver.metrics["http.requests"].sum.data_points
            assert own.as_double == count
            assert attributes(other.attributes)["otel.scope.name"] == "httpx"
            assert [one.span_id.hex() for one in other.exemplars] == [f"{SPAN.span_id:016x}"]
    assert other.as_double == 4.0


def test_each_source_has_an_encoder_of_its_own(receiver: OtlpReceiver) -> None:
    """What one source has never shows in the snapshot of another."""
    fast, _ = couriers(receiver)
    send_metrics(fast, Fixed([COUNTER]))
    send_metrics(fast, Fixed([Family("other", "gauge", "", "", (), (Series((), 1.0),))]))
    last = receiver.requests[-1].message.resource_metrics[0].scope_metrics[0]
    assert [metric.name for metric in last.metrics] == ["other"]
