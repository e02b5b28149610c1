"""The ten thousand series that are scraped and pushed: 20 metrics of 500 label combinations, the same for everybody."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]

LABELS = ("environment", "component", "operation")
ENVIRONMENT = "development"
COMBINATIONS: tuple[dict[str, str], ...] = tuple(
    {"environment": ENVIRONMENT, "component": f"component-{component:02}", "operation": f"operation-{operation:02}"}
    for component, operation in product(range(20), range(25))
)
METRICS = 20
POINTS = METRICS * len(COMBINATIONS)
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ENDINGS = {"counter": "events_total", "gauge": "level", "histogram": "latency_seconds"}
_UNITS = {"counter": "count", "gauge": "units", "histogram": "seconds"}


def names(kind: Kind) -> tuple[str, ...]:
    """Name the 20 metrics of a kind."""
    return tuple(f"worker_{index:02}_{_ENDINGS[kind]}" for index in range(METRICS))


def values(kind: Kind) -> Sequence[float]:
    """Give a value for each of the 10 000 series: whole ones for counters, 17 digits long for the others."""
    draw = random.Random(7)
    if kind == "counter":
        return [float(draw.randrange(1, 1_000_000)) for _ in range(POINTS)]
    return [draw.random() for _ in range(POINTS)]


def write_registry(folder: Path) -> Path:
    """Write the registry file that declares the metrics of all kinds; `telemetry` records nothing else."""
    kinds: tuple[Kind, ...] = ("counter", "gauge", "histogram")
    metrics = [_declaration(kind, name) for kind in kinds for name in names(kind)]
    path = folder / "series.json"
    path.write_text(json.dumps({"name": "series", "cardinality": {"default": 2 * POINTS}, "metrics": metrics}))
    return path


def _declaration(kind: Kind, name: str) -> dict[str, object]:
    declared: dict[str, object] = {
        "name": name,
        "kind": kind,
        "unit": _UNITS[kind],
        "description": "What a worker did.",
        "owner": "benchmarks",
        "labels": LABELS,
    }
    return declared | ({"buckets": BOUNDS} if kind == "histogram" else {})
