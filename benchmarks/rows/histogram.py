"""Observe a value in a histogram of 13 buckets whose labels were bound beforehand."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours, peers
from benchmarks.harness import Call, Case

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LABELS = {"backend": "c-gcc", "operator": "matmul", "maturity": "stable"}
SECONDS = 0.3


def _bare(_stack: ExitStack) -> Call:
    def observe(_value: float) -> None:
        pass

    return lambda: observe(SECONDS)


def _telemetry(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack)
    observe = telemetry.metric("lowering_duration_seconds").labels(**LABELS).observe
    return lambda: observe(SECONDS)


def _prometheus(_stack: ExitStack) -> Call:
    from prometheus_client import CollectorRegistry, Histogram

    labels = LABELS | {"environment": "development"}
    family = Histogram(
        "lowering_duration_seconds", "Lowering latency.", labels, registry=CollectorRegistry(), buckets=BOUNDS
    )
    observe = family.labels(**labels).observe
    return lambda: observe(SECONDS)


def _opentelemetry(stack: ExitStack) -> Call:
    record = (
        peers.opentelemetry_meter(stack)
        .create_histogram("lowering_duration_seconds", "s", explicit_bucket_boundaries_advisory=BOUNDS)
        .record
    )
    attributes = LABELS | {"environment": "development"}
    return lambda: record(SECONDS, attributes)


CASES = (
    Case("histogram/bare", _bare),
    Case("histogram/telemetry", _telemetry),
    Case("histogram/prometheus", _prometheus),
    Case("histogram/opentelemetry", _opentelemetry),
)
