"""Two nested functions in a trace that is refused, but would be kept if one failed: the inner one has to wait."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours
from benchmarks.harness import Call, Case

from .floor import noop


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack, sampler="always_off", keep_failures=True)

    @telemetry.instrument_span("compile.execute")
    def execute() -> None:
        pass

    @telemetry.instrument_span("codegen.lower")
    def lower() -> None:
        execute()

    return lower


CASES = (Case("undecided/bare", _bare), Case("undecided/telemetry", _telemetry))
