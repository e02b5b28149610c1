"""Set up the libraries that `telemetry` is compared with, the way their own documentation does it for production.

Nothing leaves the process: spans end in an exporter that drops them, log lines in the null device.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
    from opentelemetry.trace import Tracer

# A round makes some thousand spans before it is settled; the default of 2048 could drop work unnoticed.
QUEUE = 1 << 16


@dataclass(slots=True)
class Exported:
    """How many spans reached the exporter, and how many bytes they were encoded into."""

    spans: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Tracing:
    """An OpenTelemetry tracer with a batch processor behind it."""

    tracer: Tracer
    processor: BatchSpanProcessor
    exported: Exported

    def settle(self) -> None:
        """Wait until all finished spans are exported.

        Raises:
            TimeoutError: The worker did not manage within its 30 s.
        """
        if not self.processor.force_flush():
            raise TimeoutError("OpenTelemetry's batch processor did not empty its queue within 30 s")


def opentelemetry_tracing(stack: ExitStack, *, encode: bool = False) -> Tracing:
    """Make a tracer of the OpenTelemetry SDK; `encode` has each batch encoded to OTLP before it is dropped."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exported = Exported()
    processor = BatchSpanProcessor(_exporter(exported, encode=encode), max_queue_size=QUEUE)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    stack.callback(provider.shutdown)
    return Tracing(provider.get_tracer("benchmarks"), processor, exported)


def _exporter(exported: Exported, *, encode: bool) -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class NullExporter(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            exported.spans += len(spans)
            if encode:
                exported.bytes += len(encode_spans(spans).SerializeToString())
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None:
            pass

    return NullExporter()


def opentelemetry_meter(stack: ExitStack) -> Meter:
    """Make a meter of the OpenTelemetry SDK that nobody reads while the clock runs."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    provider = MeterProvider(metric_readers=[InMemoryMetricReader()], shutdown_on_exit=False)
    stack.callback(provider.shutdown)
    return provider.get_meter("benchmarks")


def null_device(stack: ExitStack) -> TextIO:
    """Open the null device for log lines, buffered by lines as a terminal or a pipe of a service would be."""
    return stack.enter_context(Path("/dev/null").open("w", buffering=1))
