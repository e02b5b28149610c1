"""Trace a stage: decorate a function, run it, and see the span as a tree."""

import telemetry


@telemetry.instrument_span("plan.compile_graph", result={"graph.nodes": len})
def plan(text: str) -> list[str]:
    """Plan one node a line."""
    with telemetry.span("spec.parse"):
        return text.splitlines()


with telemetry.configure("trace-a-stage", console=True):
    plan("clamp\ngcd\ncrc32")
