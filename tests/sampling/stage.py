"""A function to record, whose names are of the shipped pack."""

from __future__ import annotations

from telemetry import instrument_span, span


@instrument_span("codegen.lower", capture={"operator.name": "operator"})
def lower(operator: str, *, fails: bool = False) -> str:
    """Open a child, and fail in it where that is asked for."""
    with span("plan.compile_graph"):
        if fails:
            raise ValueError(operator)
    return operator
