"""A decorator that times each call into a histogram with fixed labels, and makes no span."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours
from benchmarks.harness import Call, Case

from .floor import noop
from .histogram import BOUNDS, LABELS


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack)

    @telemetry.record_metric("lowering_duration_seconds", labels=LABELS)
    def lower() -> None:
        pass

    return lower


def _prometheus(_stack: ExitStack) -> Call:
    from prometheus_client import CollectorRegistry, Histogram

    labels = LABELS | {"environment": "development"}
    family = Histogram(
        "lowering_duration_seconds", "Lowering latency.", labels, registry=CollectorRegistry(), buckets=BOUNDS
    )

    @family.labels(**labels).time()
    def lower() -> None:
        pass

    return lower


CASES = (
    Case("timed/bare", _bare),
    Case("timed/telemetry", _telemetry),
    Case("timed/prometheus", _prometheus),
)
