"""Set up the libraries that `telemetry` is compared with, the way their own documentation does it for production.

Nothing leaves the process: spans end in an exporter that drops them, log lines in the null device.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .series import BOUNDS, LABELS, Kind, names, values

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
    from opentelemetry.sdk.trace.sampling import Sampler
    from opentelemetry.trace import Tracer
    from prometheus_client import CollectorRegistry

# A round makes some thousand spans before it is settled; the default of 2048 could drop work unnoticed.
QUEUE = 1 << 16
NEVER_MS = 3_600_000
DATADOG = {
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STARTUP_LOGS": "false",
    "DD_CRASHTRACKING_ENABLED": "false",
}
"""ddtrace reads its settings when it is imported; these keep it from looking for an agent."""


def lacks(module: str) -> Callable[[], str]:
    """Make a check that says how to install a peer that is not there; empty when it is."""
    return partial(_lacks, module)


def _lacks(module: str) -> str:
    return "" if find_spec(module) else f"{module} is not installed; `make bench-peers` runs with it"


@dataclass(slots=True)
class Exported:
    """How many spans reached the exporter, and how many bytes they were encoded into."""

    spans: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Tracing:
    """A tracer with a batch processor of OpenTelemetry behind it."""

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


def opentelemetry_tracing(
    stack: ExitStack, *, encode: bool = False, keep: bool = False, sampler: Sampler | None = None
) -> Tracing:
    """Make a tracer of the OpenTelemetry SDK.

    Args:
        stack: What closes it.
        encode: Encode each batch to OTLP before it is dropped.
        keep: Leave finished spans in the queue until somebody settles.
        sampler: What it keeps; without one everything.
    """
    from opentelemetry.sdk.trace import TracerProvider

    exported, processor = _batch(encode=encode, keep=keep)
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    stack.callback(provider.shutdown)
    return Tracing(provider.get_tracer("benchmarks"), processor, exported)


def _batch(*, encode: bool = False, keep: bool = False) -> tuple[Exported, BatchSpanProcessor]:
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exported = Exported()
    patience: dict[str, Any] = {"max_export_batch_size": QUEUE, "schedule_delay_millis": NEVER_MS} if keep else {}
    return exported, BatchSpanProcessor(_exporter(exported, encode=encode), max_queue_size=QUEUE, **patience)


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


def opentelemetry_reader(stack: ExitStack) -> tuple[Meter, InMemoryMetricReader]:
    """Make a meter of the OpenTelemetry SDK, and what collects from it when asked."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
    stack.callback(provider.shutdown)
    return provider.get_meter("benchmarks"), reader


def opentelemetry_meter(stack: ExitStack) -> Meter:
    """Make a meter of the OpenTelemetry SDK that nobody reads while the clock runs."""
    return opentelemetry_reader(stack)[0]


def opentelemetry_filled(
    stack: ExitStack, kind: Kind, combinations: Sequence[dict[str, str]]
) -> tuple[Callable[[], bytes], Callable[..., Any]]:
    """Record one value in each series; give what makes the body of a push, and what records in the first metric."""
    from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics

    meter, reader = opentelemetry_reader(stack)
    made: Any = {"counter": meter.create_counter, "gauge": meter.create_gauge, "histogram": meter.create_histogram}
    records = [getattr(made[kind](name), _RECORD[kind]) for name in names(kind)]
    value = iter(values(kind))
    for record in records:
        for labels in combinations:
            record(next(value), labels)

    def encode() -> bytes:
        collected = reader.get_metrics_data()
        assert collected is not None, "the reader collected nothing"
        body: bytes = encode_metrics(collected).SerializeToString()
        return body

    return encode, records[0]


_RECORD = {"counter": "add", "gauge": "set", "histogram": "record"}


def prometheus_filled(kind: Kind, combinations: Sequence[dict[str, str]]) -> tuple[CollectorRegistry, list[Any]]:
    """Record one value in each series of a fresh registry; give the registry and its families."""
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

    disable_created_metrics()  # type: ignore[no-untyped-call,unused-ignore]  # ours writes no second line a counter
    registry = CollectorRegistry()
    make: Any = {"counter": Counter, "gauge": Gauge, "histogram": partial(Histogram, buckets=BOUNDS)}[kind]
    families = [make(name, "What a worker did.", LABELS, registry=registry) for name in names(kind)]
    operation = {"counter": "inc", "gauge": "set", "histogram": "observe"}[kind]
    value = iter(values(kind))
    for family in families:
        for labels in combinations:
            getattr(family.labels(**labels), operation)(next(value))
    return registry, families


def datadog_tracer() -> tuple[Any, Exported]:
    """Take ddtrace's tracer, the only one of the process, and have it drop traces instead of asking for an agent."""
    os.environ.update(DATADOG)
    from ddtrace.internal.writer import TraceWriter  # type: ignore[import-not-found,unused-ignore]
    from ddtrace.trace import tracer  # type: ignore[import-not-found,unused-ignore]

    exported = Exported()

    class NullWriter(TraceWriter):  # type: ignore[misc,unused-ignore]
        def recreate(self, appsec_enabled: bool | None = None, llmobs_enabled: bool | None = None) -> NullWriter:
            return self

        def stop(self, timeout: float | None = None) -> None:
            pass

        def write(self, spans: Sequence[Any] | None = None) -> None:
            exported.spans += len(spans or ())

        def flush_queue(self) -> None:
            pass

    tracer._span_aggregator.writer = NullWriter()
    return tracer, exported


def logfire_client(stack: ExitStack) -> tuple[Any, Tracing]:
    """Configure logfire to send nothing and print nothing, with a batch processor that drops."""
    import logfire  # type: ignore[import-not-found,unused-ignore]

    exported, processor = _batch()
    client = logfire.configure(
        local=True,
        send_to_logfire=False,
        console=False,
        metrics=False,
        inspect_arguments=False,
        additional_span_processors=[processor],
    )
    stack.callback(client.shutdown)
    return client, Tracing(client, processor, exported)


def null_device(stack: ExitStack) -> TextIO:
    """Open the null device for log lines, buffered by lines as a terminal or a pipe of a service would be."""
    return stack.enter_context(Path("/dev/null").open("w", buffering=1))
