"""Hand encoded records to the official exporters' clients, or to exporters that have none, decoded.

It opens nothing and keeps no silence: `wire` makes one for its exporters, and calls what it prepares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from telemetry._hotpath import protobuf
from telemetry.signals import FamilySource, Resource, Scope, SpanChunk
from telemetry.tracing import decoded

from .encoder import MetricsEncoder, encoder
from .points import as_metrics_data, without_summaries
from .request import encoded_scope, trace_request
from .translation import FinishedSpan, as_resource

Delivery = Callable[[], bool]
"""Sends what was prepared, and tells whether the endpoint took it; it calls nothing of the application."""


class Courier(Protocol):
    """Prepares deliveries of spans and metrics."""

    def spans(self, chunks: Sequence[SpanChunk]) -> Delivery:
        """Prepare to send a batch of spans."""

    def metrics(self, source: FamilySource) -> Delivery | None:
        """Take a snapshot, and prepare to send it; None where no metric has a series."""


def courier(spans: OTLPSpanExporter, metrics: OTLPMetricExporter, resource: Resource, scope: Scope) -> Courier:
    """Choose how records reach the exporters.

    That they have a client to which an encoded request can be given is not promised by their releases.
    """
    if _takes_bytes(spans) and _takes_bytes(metrics):
        return ByteCourier(spans, metrics, resource, scope)
    return TypeCourier(spans, metrics, resource, scope)


@final
class ByteCourier:
    """Gives whole requests to the clients of the exporters, past the SDK's types and encoders."""

    __slots__ = ("_encoder", "_metrics", "_resource", "_scope", "_source", "_spans")

    def __init__(self, spans: OTLPSpanExporter, metrics: OTLPMetricExporter, resource: Resource, scope: Scope) -> None:
        self._spans = spans
        self._metrics = metrics
        self._scope = scope
        self._resource = protobuf.attributes(0x0A, as_resource(resource).attributes)
        self._source: FamilySource | None = None
        self._encoder: MetricsEncoder

    def spans(self, chunks: Sequence[SpanChunk]) -> Delivery:
        """Prepare to send a batch of spans, which are encoded already."""
        request = trace_request(chunks, self._resource, lambda scope: scope or self._scope)
        return partial(_post, self._spans, request)

    def metrics(self, source: FamilySource) -> Delivery | None:
        """Encode a snapshot, from its pages where the source has some, and prepare to send it."""
        if source is not self._source:
            self._encoder = encoder(source, self._resource, encoded_scope(self._scope))
            self._source = source
        request = self._encoder.encode_metrics()
        return partial(_post, self._metrics, request) if request else None


@final
class TypeCourier:
    """Gives the SDK's own types to the exporters, which encode them: slower, and public."""

    __slots__ = ("_metrics", "_resource", "_scope", "_spans")

    def __init__(self, spans: OTLPSpanExporter, metrics: OTLPMetricExporter, resource: Resource, scope: Scope) -> None:
        self._spans = spans
        self._metrics = metrics
        self._resource = as_resource(resource)
        self._scope = InstrumentationScope(scope.name, scope.version)

    def spans(self, chunks: Sequence[SpanChunk]) -> Delivery:
        """Prepare to send a batch of spans, decoded again."""
        return partial(
            self._export_spans, [FinishedSpan(record, self._resource, self._scope) for record in decoded(chunks)]
        )

    def metrics(self, source: FamilySource) -> Delivery | None:
        """Take a snapshot, and prepare to send it; a summary, for which there is no type, as gauges and sums."""
        held = without_summaries(family for family in source.families() if family.series)
        return partial(self._export_metrics, as_metrics_data(held, self._resource, self._scope)) if held else None

    def _export_spans(self, spans: Sequence[ReadableSpan]) -> bool:
        return self._spans.export(spans) is SpanExportResult.SUCCESS

    def _export_metrics(self, data: MetricsData) -> bool:
        return self._metrics.export(data) is MetricExportResult.SUCCESS


def _takes_bytes(exporter: Any) -> bool:
    return callable(getattr(getattr(exporter, "_client", None), "export", None))


def _post(exporter: Any, request: bytes) -> bool:
    return bool(exporter._client.export(request).success)
