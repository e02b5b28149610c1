"""Send records through the official OTLP/HTTP exporters, with the settings that those read.

It imports the SDK, protobuf and requests, about 150 ms; `otlp` opens one when the first record leaves. Nothing is
queued here and nothing is retried beyond what the exporters do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import final

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from telemetry.signals import FamilySource, LogRecord, Resource, Scope, SpanChunk

from .courier import Delivery, courier
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

    __slots__ = ("_courier", "_logs", "_metrics", "_resource", "_scope", "_silence", "_spans")

    def __init__(
        self, addresses: Mapping[str, str], timeout_seconds: float, resource: Resource, scope: tuple[str, str]
    ) -> None:
        leave_random_alone()
        self._resource = as_resource(resource)
        self._scope = InstrumentationScope(*scope)
        self._spans = OTLPSpanExporter(addresses.get("traces"), timeout=timeout_seconds)
        self._metrics = OTLPMetricExporter(addresses.get("metrics"), timeout=timeout_seconds)
        self._logs = OTLPLogExporter(addresses.get("logs"), timeout=timeout_seconds)
        self._courier = courier(self._spans, self._metrics, resource, Scope(*scope))
        self._silence = Silence()
        self._silence.install()

    def spans(self, chunks: Sequence[SpanChunk]) -> str:
        """Send a batch of spans."""
        return self._send(self._courier.spans(chunks))

    def logs(self, records: Sequence[LogRecord]) -> str:
        """Send a batch of log records."""
        translated = [as_log(record, self._resource, self._scope) for record in records]
        return self._send(lambda: self._logs.export(translated) is LogRecordExportResult.SUCCESS)

    def metrics(self, source: FamilySource) -> str | None:
        """Send the current state of all metrics; None where there was nothing to send."""
        delivery = self._courier.metrics(source)
        return None if delivery is None else self._send(delivery)

    def close(self) -> None:
        """Interrupt a back-off under way, in whatever thread, and close the connections."""
        for exporter in (self._spans, self._metrics, self._logs):
            with suppress(Exception):
                exporter.shutdown()
        self._silence.remove()

    def forget(self) -> None:
        """Let go of the loggers in a forked child, and leave the parent's connections alone."""
        self._silence.forget()

    def _send(self, delivery: Delivery) -> str:
        with self._silence.around_export():
            taken = delivery()
        return "" if taken else self._silence.complaint or "the exporter gave no reason"
