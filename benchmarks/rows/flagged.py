"""A decorated function under a feature flag: off, and at half of the traces, at a root and within a trace."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from benchmarks import ours
from benchmarks.harness import Call, Case

from .floor import noop

_FLAGS = {"codegen.*": 0.0, "plan.*": 0.5}


def _bare(_stack: ExitStack) -> Call:
    return noop


def _telemetry(stack: ExitStack, *, name: str, child: bool = False) -> Call:
    import telemetry

    ours.recording(stack, flags=_FLAGS)

    @telemetry.instrument_span(name)
    def lower() -> None:
        pass

    if child:
        stack.enter_context(telemetry.span("compile.execute"))
    return lower


CASES = (
    Case("flagged/bare", _bare),
    Case("flagged/telemetry", partial(_telemetry, name="codegen.lower")),
    Case("flagged/telemetry, half", partial(_telemetry, name="plan.compile_graph")),
    Case("flagged/telemetry, half, child", partial(_telemetry, name="plan.compile_graph", child=True)),
)
