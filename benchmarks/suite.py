"""Run rows, each in a fresh process, and read what they measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .harness import Effort, Measurement, gap
from .worker import FLOORS

ROOT = Path(__file__).parents[1]
OURS = "telemetry"


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of a row gave.

    Attributes:
        row: The name of the row.
        foreign_cores: How many cores were busy with something else, on average.
        measurements: The cases in their order, without the floors.
        floors: The floor, measured as two cases that know nothing of each other; empty where it does not run along.
        missing: The cases that could not run, and what they lacked.
        twin: The twin of the hot path that recorded.
    """

    row: str
    foreign_cores: float
    measurements: tuple[Measurement, ...]
    floors: tuple[Measurement, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    twin: str = "pure"

    @property
    def floor(self) -> Measurement | None:
        """The better of the two floors, which all ratios are taken to."""
        return min(self.floors, key=lambda floor: floor.least, default=None)

    @property
    def noise(self) -> float:
        """How far the two floors are apart, as a share: what a difference between equal things may be."""
        if len(self.floors) < 2:
            return 0.0
        first, second = self.floors
        return max(gap(first.least, second.least), gap(first.median, second.median))

    def find(self, case: str) -> Measurement | None:
        """Give the measurement of a case, or None where it was not run."""
        return next((each for each in self.measurements if each.name == case), None)

    def peers_of(self, measurement: Measurement) -> list[Measurement]:
        """Give what others took for the same variant of the work, or for the work where none has that variant."""
        others = [each for each in self.measurements if who(each) not in {OURS, "bare"}]
        same = [each for each in others if variant(each) == variant(measurement)]
        return same or [each for each in others if not variant(each)]

    def added(self, measurement: Measurement) -> float | None:
        """Give what a case adds to the bare one, or a latency under scrapes to the quiet one; None where neither is."""
        quiet = measurement.name.removesuffix("scraped") + "quiet"
        base = self.find(f"{self.row}/bare") or self.find(quiet)
        if base is None or base is measurement or measurement in self.floors:
            return None
        return measurement.least - base.least


def who(measurement: Measurement) -> str:
    """Name who did the work: the part of the case's name between the slash and the comma."""
    return measurement.name.partition("/")[2].partition(",")[0]


def variant(measurement: Measurement) -> str:
    """Name the variant of the work: what stands behind the comma."""
    return measurement.name.partition(", ")[2]


def run(row: str, effort: Effort, *, pattern: str = "*") -> Result:
    """Measure a row in a fresh process.

    Raises:
        RuntimeError: A case failed; the text is what the process wrote to its standard error.
    """
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        output = Path(folder) / "result.json"
        arguments = (row, pattern, str(effort.rounds), str(effort.round_ns), str(output))
        command = [sys.executable, "-m", f"{__package__}.worker", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=_environment(folder), check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"row {row!r} failed in its process (status {done.returncode}):\n{done.stderr.strip()}")
        return _result(json.loads(output.read_text()))


def _environment(folder: str) -> dict[str, str]:
    """Leave out what would configure one of the libraries; hash strings alike, and keep journals apart from others'."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "TELEMETRY_", "DD_"))}
    twin = {name: value for name, value in os.environ.items() if name == "TELEMETRY_PURE"}
    return kept | twin | {"PYTHONHASHSEED": "0", "TELEMETRY_JOURNAL": f"{folder}/journals"}


def _result(document: dict[str, Any]) -> Result:
    measurements = {each["name"]: _measurement(each) for each in document["measurements"]}
    floors = tuple(measurements.pop(name) for name in FLOORS if name in measurements)
    return Result(
        document["row"],
        document["foreign_cores"],
        tuple(measurements.values()),
        floors,
        document["missing"],
        document["twin"],
    )


def _measurement(document: dict[str, Any]) -> Measurement:
    figures = {name: tuple(document[name]) for name in ("costs", "beside")}
    return Measurement(**document | figures)


def document(result: Result) -> dict[str, object]:
    """Put a result into plain data for JSON: the raw rounds, and the figures that are drawn from them."""
    return {
        "row": result.row,
        "twin": result.twin,
        "noise": result.noise,
        "foreign_cores": result.foreign_cores,
        "missing": dict(result.missing),
        "cases": [_case(result, each) for each in (*result.floors, *result.measurements)],
    }


def _case(result: Result, measurement: Measurement) -> dict[str, object]:
    floor = result.floor
    ours = who(measurement) == OURS
    return asdict(measurement) | {
        "least": measurement.least,
        "median": measurement.median,
        "noise": measurement.noise,
        "added": result.added(measurement),
        "floors_least": floor and measurement.least / floor.least,
        "floors_median": floor and measurement.median / floor.median,
        "peers": {each.name: _times(each, measurement) for each in result.peers_of(measurement) if ours},
    }


def _times(peer: Measurement, measurement: Measurement) -> dict[str, float]:
    """Say how many times our cost the peer takes, by the best rounds and by the usual ones."""
    return {"least": peer.least / max(measurement.least, 1e-9), "median": peer.median / max(measurement.median, 1e-9)}
