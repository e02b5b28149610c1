"""Collect 10 000 points and encode them to an OTLP request: whole numbers and floats."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from benchmarks import ours, peers
from benchmarks.harness import Call, Case
from benchmarks.series import COMBINATIONS, Kind


def _telemetry(stack: ExitStack, *, kind: Kind) -> Call:
    runtime = ours.measuring(stack)
    ours.fill(runtime, kind, COMBINATIONS)
    return ours.push(runtime)


def _opentelemetry(stack: ExitStack, *, kind: Kind) -> Call:
    encode, _ = peers.opentelemetry_filled(stack, kind, COMBINATIONS)
    return encode


CASES = (
    Case("push/telemetry", partial(_telemetry, kind="counter")),
    Case("push/telemetry, floats", partial(_telemetry, kind="gauge")),
    Case("push/opentelemetry", partial(_opentelemetry, kind="counter")),
    Case("push/opentelemetry, floats", partial(_opentelemetry, kind="gauge")),
)
