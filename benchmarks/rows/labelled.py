"""Add one to a counter whose labels are named at each call."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours, peers
from benchmarks.harness import Call, Case

from .floor import noop


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack)
    labels = telemetry.metric("compile_success_total").labels
    return lambda: labels(backend="c-gcc", host_region="local").inc()


def _prometheus(_stack: ExitStack) -> Call:
    from prometheus_client import CollectorRegistry, Counter

    names = ("backend", "host_region", "environment")
    labels = Counter("compile_success", "Toolchain runs.", names, registry=CollectorRegistry()).labels
    return lambda: labels(backend="c-gcc", host_region="local", environment="development").inc()


def _opentelemetry(stack: ExitStack) -> Call:
    add = peers.opentelemetry_meter(stack).create_counter("compile_success_total").add
    return lambda: add(1, {"backend": "c-gcc", "host_region": "local", "environment": "development"})


CASES = (
    Case("labelled/bare", _bare),
    Case("labelled/telemetry", _telemetry),
    Case("labelled/prometheus", _prometheus),
    Case("labelled/opentelemetry", _opentelemetry),
)
