"""The full stage, recorded and not encoded: what is left of the headline when nobody will ever ask for the spans."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours
from benchmarks.harness import Call, Case

from .stage import INPUTS, bare, with_opentelemetry, with_telemetry


def _telemetry(stack: ExitStack) -> Call:
    ours.recording(stack)
    return with_telemetry()


CASES = (
    Case("recorded/bare", bare, calls=len(INPUTS)),
    Case("recorded/telemetry", _telemetry, calls=len(INPUTS)),
    Case("recorded/opentelemetry", with_opentelemetry, calls=len(INPUTS)),
)
