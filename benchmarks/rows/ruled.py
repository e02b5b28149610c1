"""A decorated function in a trace that no sampling rule takes: the rules are asked at its root."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours
from benchmarks.harness import Call, Case

from .floor import noop


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack, sampler="always_off", sampling_rules=[{"name": "verify.*"}])

    @telemetry.instrument_span("codegen.lower")
    def lower() -> None:
        pass

    return lower


CASES = (Case("ruled/bare", _bare), Case("ruled/telemetry", _telemetry))
