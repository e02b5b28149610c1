"""Configure `telemetry` the way that the rows need it; like its peers it sends nothing out of the process.

What the rows use beside the public surface is here and nowhere else: a change of its insides is followed in this file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .series import ENVIRONMENT, Kind, names, values, write_registry

if TYPE_CHECKING:
    from telemetry.runtime import TelemetryDispatcher
    from telemetry.signals import SpanBatch

SERVICE = "benchmarks"

ENCODES_AT_END = True
"""Whether a span is OTLP bytes as soon as it has ended, so that nothing is left for another thread to encode."""

KEPT_SPANS = 400
"""How many finished spans a runtime keeps for certain when nobody takes them."""


def twin() -> str:
    """Name the twin of the hot path that this process records with."""
    from telemetry._hotpath import TWIN

    return TWIN


def recording(stack: ExitStack, **settings: Any) -> TelemetryDispatcher:
    """Configure as an application does, with nobody to send to, until the stack unwinds; encode nothing."""
    import telemetry

    settings.setdefault("journal", False)
    runtime = telemetry.configure(SERVICE, environment=ENVIRONMENT, **settings)
    expected = {"sampled_out"} if "sampler" in settings else {"queue_full"} if settings["journal"] else set()
    stack.callback(_check, runtime, expected)
    return stack.enter_context(runtime)


def encoding(stack: ExitStack) -> TelemetryDispatcher:
    """Configure so that each span that has ended is OTLP bytes in a journal on disk.

    Nobody ships it, so the oldest make room for the newest, and what is overwritten was meant to be.
    """
    folder = stack.enter_context(TemporaryDirectory(prefix="benchmarks-"))
    runtime = recording(stack, journal=folder)
    assert runtime.region.is_file, f"no journal could be made in {folder}"
    return runtime


def lacks_encoding() -> str:
    """Say why a row that wants spans encoded at their end cannot run; empty when it can."""
    return "" if ENCODES_AT_END else f"the {twin()} twin leaves the encoding of spans to the exporter: see `exported`"


def handing_over(stack: ExitStack, *, encode: bool = False) -> TelemetryDispatcher:
    """Start a runtime that hands finished spans to a sink that drops them, or makes requests of OTLP of them first."""
    from telemetry.config import read_settings
    from telemetry.runtime import TelemetryDispatcher, install

    settings = read_settings(service_name=SERVICE, environment=ENVIRONMENT, journal=False)
    runtime = TelemetryDispatcher(settings, sinks=(_Sink(span_encoder() if encode else len),))
    install(runtime)
    stack.callback(_close, runtime)
    stack.callback(install, None)
    return runtime.start()


def held_bytes(runtime: TelemetryDispatcher) -> int:
    """Count the bytes that hold spans and series where `tracemalloc` does not see them: in mapped memory."""
    ring = runtime.ring
    ends = [(each, each.head if each.sealed is None else each.sealed) for each in (*ring._full, ring.current)]
    return sum(end - each.at for each, end in ends) + sum(map(len, runtime.metrics._pages.snapshots()))


def span_encoder() -> Callable[[SpanBatch], bytes]:
    """Give what turns finished spans into an OTLP request."""
    from telemetry._hotpath import protobuf
    from telemetry.export.request import trace_request
    from telemetry.signals import Scope

    resource, own = protobuf.attributes(0x0A, {"service.name": SERVICE}), Scope("telemetry")
    return lambda batch: trace_request(batch.chunks, resource, lambda scope: scope or own)


def measuring(stack: ExitStack) -> TelemetryDispatcher:
    """Make a runtime whose registry has the metrics of `series`, beside whatever runtime the process has."""
    from telemetry.config import read_settings
    from telemetry.runtime import TelemetryDispatcher

    folder = Path(stack.enter_context(TemporaryDirectory(prefix="benchmarks-")))
    registry = str(write_registry(folder))
    settings = read_settings(service_name=SERVICE, environment=ENVIRONMENT, registry=registry, journal=False)
    runtime = TelemetryDispatcher(settings)
    stack.callback(_close, runtime)
    return runtime


def child(runtime: TelemetryDispatcher, metric: str, labels: dict[str, str]) -> Any:
    """Bind a metric of one runtime to label values: what `telemetry.metric(...).labels(...)` does for the process's."""
    cell = runtime.metrics.instrument(metric).cell(labels)
    assert cell is not None, f"{metric} refuses {labels}"
    return cell


def fill(runtime: TelemetryDispatcher, kind: Kind, combinations: Sequence[dict[str, str]]) -> None:
    """Record one value in each of the series."""
    value = iter(values(kind))
    for name in names(kind):
        for labels in combinations:
            runtime.metrics.record(name, next(value), **labels)


def exposition(runtime: TelemetryDispatcher) -> Callable[[], bytes]:
    """Give what makes the page of a scrape out of everything that was recorded."""
    from telemetry.export.exposition import expose

    page = expose(runtime.metrics)
    return lambda: page.write("text").text


def push(runtime: TelemetryDispatcher) -> Callable[[], bytes]:
    """Give what makes the body of an OTLP push out of everything that was recorded."""
    from telemetry.export.encoder import encoder

    made = encoder(runtime.metrics, b"", b"")
    return made.encode_metrics


def _close(runtime: TelemetryDispatcher) -> None:
    runtime.shutdown()
    _check(runtime)


def _check(runtime: TelemetryDispatcher, expected: Set[str] = frozenset()) -> None:
    """Refuse a run in which something was dropped or left out: it did less than the work that is compared."""
    losses = {reason: count for reason, count in runtime.losses().items() if reason not in expected}
    assert not losses, f"the row did less than its work: {losses}"


class _Sink:
    """Takes spans, does something with each batch, and drops it."""

    def __init__(self, take: Callable[[SpanBatch], object]) -> None:
        self._take = take

    def spans(self, batch: SpanBatch, /) -> None:
        self._take(batch)
