"""Send records through the official OTLP/HTTP exporters, with the settings that those read.

It imports the SDK, protobuf and requests, about 150 ms; `otlp` opens one when the first record leaves. Nothing is
queued here and nothing is retried beyond what the exporters do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import final

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from telemetry._hotpath import protobuf
from telemetry.signals import Family, LogRecord, Resource, Scope, SpanChunk

from .points import as_metrics_data, as_summaries
from .request import trace_request
from .silence import Silence, leave_random_alone
from .translation import as_log, as_resource


@final
class Wire:
    """The three official exporters of one endpoint.

    Each of the sending methods gives the reason of a failure, empty when the endpoint took everything.

    Args:
        addresses: The full URLs of `traces`, `metrics` and `logs`; for a missing one the exporters read the
            `OTEL_EXPORTER_OTLP_*` variables.
        timeout_seconds: The longest that one request takes, retries and back-off included.
        resource: Who recorded.
        scope: The name and the version of what recorded.
    """

    __slots__ = ("_encoded_resource", "_logs", "_metrics", "_own", "_resource", "_scope", "_silence", "_spans")

    def __init__(
        self, addresses: Mapping[str, str], timeout_seconds: float, resource: Resource, scope: tuple[str, str]
    ) -> None:
        leave_random_alone()
        self._resource = as_resource(resource)
        self._scope = InstrumentationScope(*scope)
        self._own = Scope(*scope)
        self._encoded_resource = protobuf.attributes(0x0A, self._resource.attributes)
        self._spans = OTLPSpanExporter(addresses.get("traces"), timeout=timeout_seconds)
        self._metrics = OTLPMetricExporter(addresses.get("metrics"), timeout=timeout_seconds)
        self._logs = OTLPLogExporter(addresses.get("logs"), timeout=timeout_seconds)
        self._silence = Silence()
        self._silence.install()

    def spans(self, chunks: Sequence[SpanChunk]) -> str:
        """Send a batch of spans, which are encoded already; the exporter has only a private way to take them so."""
        request = trace_request(chunks, self._encoded_resource, lambda scope: scope or self._own)
        with self._silence.around_export():
            return self._reason(taken=self._spans._client.export(request).success)

    def logs(self, records: Sequence[LogRecord]) -> str:
        """Send a batch of log records."""
        with self._silence.around_export():
            result = self._logs.export([as_log(record, self._resource, self._scope) for record in records])
        return self._reason(taken=result is LogRecordExportResult.SUCCESS)

    def metrics(self, families: Sequence[Family]) -> str:
        """Send the current state of all families."""
        with self._silence.around_export():
            result = self._export_metrics(families)
        return self._reason(taken=result is MetricExportResult.SUCCESS)

    def close(self) -> None:
        """Interrupt a back-off under way, in whatever thread, and close the connections."""
        for exporter in (self._spans, self._metrics, self._logs):
            with suppress(Exception):
                exporter.shutdown()
        self._silence.remove()

    def forget(self) -> None:
        """Let go of the loggers in a forked child, and leave the parent's connections alone."""
        self._silence.forget()

    def _export_metrics(self, families: Sequence[Family]) -> MetricExportResult:
        data = as_metrics_data(families, self._resource, self._scope)
        summaries = list(as_summaries(families))
        if not summaries:
            return self._metrics.export(data)
        # The SDK has no type for a summary, so they join the encoded request; the exporter's last step sends it.
        request = encode_metrics(data)
        request.resource_metrics[0].scope_metrics[0].metrics.extend(summaries)
        return self._metrics._export_batch(request)

    def _reason(self, *, taken: bool) -> str:
        return "" if taken else self._silence.complaint or "the exporter gave no reason"
