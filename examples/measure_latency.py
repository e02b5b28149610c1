"""Measure latency: a histogram of durations, with labels read from the arguments."""

from dataclasses import dataclass

import telemetry
from telemetry.export import render_table
from telemetry.testing import isolated


@dataclass
class Backend:
    """What the labels are read from."""

    name: str
    maturity: str


@telemetry.record_metric(
    "lowering_duration_seconds",
    capture={"backend": "backend.name", "maturity": "backend.maturity", "operator": "operator"},
)
def lower(backend: Backend, operator: str) -> str:
    """Lower an operator to text."""
    return f"{operator}@{backend.name}"


with isolated() as recording:
    for operator in ("clamp", "gcd", "gcd"):
        lower(Backend("c-gcc", "stable"), operator)
    print(render_table(recording.metrics.values()))
