"""The latency of requests of some 200 us, twenty recorded operations in each, while 10 000 series are scraped."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours, peers
from benchmarks.harness import Case
from benchmarks.latency import Load
from benchmarks.series import COMBINATIONS, names


def _telemetry(stack: ExitStack) -> Load:
    runtime = ours.measuring(stack)
    ours.fill(runtime, "counter", COMBINATIONS)
    counter = ours.child(runtime, names("counter")[0], COMBINATIONS[0])
    return Load(counter.inc, ours.exposition(runtime))


def _prometheus(_stack: ExitStack) -> Load:
    from prometheus_client.exposition import generate_latest

    registry, families = peers.prometheus_filled("counter", COMBINATIONS)
    return Load(families[0].labels(**COMBINATIONS[0]).inc, lambda: generate_latest(registry))


def _opentelemetry(stack: ExitStack) -> Load:
    encode, add = peers.opentelemetry_filled(stack, "counter", COMBINATIONS)
    return Load(lambda: add(1, COMBINATIONS[0]), encode)


CASES = (
    Case("scraped/telemetry", _telemetry),
    Case("scraped/prometheus", _prometheus),
    Case("scraped/opentelemetry", _opentelemetry),
)
