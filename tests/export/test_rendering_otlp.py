"""What is encoded from the pages in place is what OpenTelemetry's encoder gives, byte for byte."""

from __future__ import annotations

import os
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from telemetry._hotpath import layout
from telemetry.contracts import MetricContract, Registry, load_registry
from telemetry.export.encoder import FamiliesEncoder, PagesEncoder, encoder
from telemetry.export.points import as_metrics_data, as_summaries
from telemetry.metrics import ExecutionMetrics

from .families import ALL, Fixed
from .pages import Exemplified, Paged, growths, histogram_cell, many_series, summary_cell
from .servers import in_child

pytest.importorskip("telemetry.export.native.rendering")

RESOURCE = Resource({"service.name": "specc", "cores": 8, "é": "ü" * 200})
SCOPE = InstrumentationScope("telemetry", "1.2.3")


def heads() -> tuple[bytes, bytes]:
    """Encode the resource and the scope with OpenTelemetry's encoder."""
    request = encode_metrics(as_metrics_data([], RESOURCE, SCOPE))
    resource = request.resource_metrics[0]
    return resource.resource.SerializeToString(), resource.scope_metrics[0].scope.SerializeToString()


def official(source: Paged) -> bytes:
    """Encode a source's families with OpenTelemetry's encoder, summaries behind the others."""
    families = [family for family in source.families() if family.series]
    if not families:
        return b""
    request: ExportMetricsServiceRequest = encode_metrics(as_metrics_data(families, RESOURCE, SCOPE))
    request.resource_metrics[0].scope_metrics[0].metrics.extend(as_summaries(families))
    encoded: bytes = request.SerializeToString()
    return encoded


def metrics_of(request: bytes) -> list[Metric]:
    """Read the metrics of a request."""
    parsed = ExportMetricsServiceRequest.FromString(request)
    return [metric for one in parsed.resource_metrics for scope in one.scope_metrics for metric in scope.metrics]


def time_of(request: bytes) -> int:
    """Read the instant that a request is of; 0 where it has no point."""
    for metric in metrics_of(request):
        data = getattr(metric, metric.WhichOneof("data") or "gauge")
        for point in data.data_points:
            return int(point.time_unix_nano)
    return 0


@given(growths())
def test_same_bytes_as_opentelemetry(drawn: tuple[Registry, list[list[tuple[str, list[str], bytes]]]]) -> None:
    """Any registry, any bits in the cells, also after series and pages were added."""
    registry, steps = drawn
    source = Paged(registry)
    fast = PagesEncoder(source, *heads())
    for step in steps:
        for addition in step:
            source.add(*addition)
        request = fast.encode_metrics()
        source.time_ns = time_of(request)
        assert request == official(source)


def test_thousands_of_series() -> None:
    """Four thousand series of every kind, over a few hundred pages, are the official bytes on both ways."""
    source = many_series(4000)
    request = PagesEncoder(source, *heads()).encode_metrics()
    source.time_ns = time_of(request)
    assert request == official(source)
    assert request == FamiliesEncoder(source, *heads()).encode_metrics()


def test_zeros_are_left_out_where_proto3_leaves_them_out() -> None:
    """Empty histograms and summaries, and a series without a start, are encoded as the message defines."""
    took = MetricContract("took_seconds", "histogram", "seconds", "", "me", (), bounds=())
    size = MetricContract("size_bytes", "summary", "bytes", "", "me", (), quantiles=(0.0, 1.0))
    source = Paged(Registry(metrics={"took_seconds": took, "size_bytes": size}))
    source.add("took_seconds", [], histogram_cell([0], 0.0))
    source.add("size_bytes", [], summary_cell(0, 0, 3, 0.0, {}))
    source.pages[0].integers[layout.HEADER_WORDS + 1] = 0
    request = PagesEncoder(source, *heads()).encode_metrics()
    source.time_ns = time_of(request)
    assert request == official(source)
    assert metrics_of(request)[0].histogram.data_points[0].start_time_unix_nano == 0


def test_unknown_cells_and_derived_gauges_go_by_families() -> None:
    """A family with an exponential cell is encoded whole, in its place; a derived gauge stands behind the counters."""
    took = MetricContract("took_seconds", "histogram", "seconds", "", "me", (), bounds=(1.0,), exponential=True)
    sold = MetricContract("sold_total", "counter", "count", "", "me", ("shop",))
    source = Paged(Registry(metrics={"took_seconds": took, "sold_total": sold}))
    source.add("took_seconds", [], bytes(8 * layout.cell_words("exponential")), kind="exponential")
    source.add("sold_total", ["one"], struct.pack("=d", 1.0))
    request = PagesEncoder(source, *heads()).encode_metrics()
    assert [(metric.name, metric.WhichOneof("data")) for metric in metrics_of(request)] == [
        ("took_seconds", "exponential_histogram"),
        ("sold_total", "sum"),
    ]


def test_exemplars_go_by_families() -> None:
    """A family with exemplars, which no page holds, is encoded with them."""
    sold = MetricContract("sold_total", "counter", "count", "", "me", ("shop",))
    source = Exemplified(Registry(metrics={"sold_total": sold}), exemplified=frozenset({"sold_total"}))
    source.add("sold_total", ["one"], struct.pack("=d", 1.0))
    point = metrics_of(PagesEncoder(source, *heads()).encode_metrics())[0].sum.data_points[0]
    assert [each.trace_id.hex() for each in point.exemplars] == [f"{0xABC:032x}"]


def test_nothing_recorded_is_nothing_to_send() -> None:
    """Without a series there is no request, on both ways."""
    empty = Paged(Registry(metrics={}))
    assert encoder(empty, *heads()).encode_metrics() == b""
    assert encoder(Fixed(()), *heads()).encode_metrics() == b""


def test_other_sources_go_by_families() -> None:
    """A source without pages is encoded by OpenTelemetry's encoder, under the same resource and scope."""
    parsed = ExportMetricsServiceRequest.FromString(encoder(Fixed(), *heads()).encode_metrics())
    assert parsed.resource_metrics[0].resource.SerializeToString() == heads()[0]
    assert parsed.resource_metrics[0].scope_metrics[0].scope.version == "1.2.3"
    names = [metric.name for metric in parsed.resource_metrics[0].scope_metrics[0].metrics]
    assert sorted(names) == sorted(family.name for family in ALL)


def test_forked_child_sends_its_own() -> None:
    """A child sends its own counts, with starts of its own."""
    metrics = ExecutionMetrics(load_registry(), ambient={"environment": "staging"}, limit=50)
    fast = PagesEncoder(metrics, *heads())
    names = [name for name, contract in metrics.registry.metrics.items() if contract.kind == "counter"]
    contract = metrics.registry.metrics[names[0]]
    labels = {label: min(contract.values.get(label, {"x"})) for label in contract.labels if label != "environment"}
    metrics.record(contract.name, 2.0, **labels)
    before = metrics_of(fast.encode_metrics())[0].sum.data_points[0]

    def child() -> bool:
        metrics.record(contract.name, 5.0, **labels)
        point = metrics_of(fast.encode_metrics())[0].sum.data_points[0]
        return bool(point.as_double == 5.0 and point.start_time_unix_nano > before.start_time_unix_nano)

    _, status = os.waitpid(in_child(child), 0)
    assert status == 0
    assert before.as_double == 2.0


def test_a_fixed_instant() -> None:
    """Two requests differ by their instant only, which is after the start of every series."""
    source = many_series(20)
    fast = PagesEncoder(source, *heads())
    first, second = (time_of(fast.encode_metrics()) for _ in range(2))
    assert 0 < first < second
    families = [replace(family, time_ns=first) for family in source.families()]
    assert all(series.start_ns < first for family in families for series in family.series)
