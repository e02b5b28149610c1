"""The full stage, and its spans encoded to OTLP for a transport that drops them, by whatever thread does that."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from benchmarks import ours
from benchmarks.harness import Case, Subject

from .stage import INPUTS, bare, with_opentelemetry, with_telemetry


def _telemetry(stack: ExitStack) -> Subject:
    runtime = ours.handing_over(stack, encode=True)
    return Subject(with_telemetry(), runtime.flush)


CASES = (
    Case("exported/bare", bare, calls=len(INPUTS)),
    Case("exported/telemetry", _telemetry, calls=len(INPUTS)),
    Case("exported/opentelemetry", partial(with_opentelemetry, encode=True), calls=len(INPUTS)),
)
