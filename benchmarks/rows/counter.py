"""Add one to a counter whose labels were bound beforehand."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours, peers
from benchmarks.harness import Call, Case

from .floor import noop

LABELS = {"backend": "c-gcc", "host_region": "local"}


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack)
    return telemetry.metric("compile_success_total").labels(**LABELS).inc


def _prometheus(_stack: ExitStack) -> Call:
    from prometheus_client import CollectorRegistry, Counter

    labels = LABELS | {"environment": "development"}
    family = Counter("compile_success", "Toolchain runs that succeeded.", labels, registry=CollectorRegistry())
    return family.labels(**labels).inc


def _opentelemetry(stack: ExitStack) -> Call:
    add = peers.opentelemetry_meter(stack).create_counter("compile_success_total").add
    # The API has no bound instruments: each call brings its attributes.
    attributes = LABELS | {"environment": "development"}
    return lambda: add(1, attributes)


CASES = (
    Case("counter/bare", _bare),
    Case("counter/telemetry", _telemetry),
    Case("counter/prometheus", _prometheus),
    Case("counter/opentelemetry", _opentelemetry),
)
