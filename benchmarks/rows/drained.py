"""The full stage, and its spans made into records for somebody who drops them, by whatever thread does that."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours
from benchmarks.harness import Case, Subject

from .stage import INPUTS, bare, with_opentelemetry, with_telemetry


def _telemetry(stack: ExitStack) -> Subject:
    runtime = ours.handing_over(stack)
    return Subject(with_telemetry(), runtime.flush)


CASES = (
    Case("drained/bare", bare, calls=len(INPUTS)),
    Case("drained/telemetry", _telemetry, calls=len(INPUTS)),
    Case("drained/opentelemetry", with_opentelemetry, calls=len(INPUTS)),
)
