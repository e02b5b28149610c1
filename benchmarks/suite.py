"""Run rows, each in a fresh process, and read what they measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .harness import Effort, Measurement
from .worker import FLOORS

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of a row gave.

    Attributes:
        row: The name of the row.
        foreign_cores: How many cores were busy with something else, on average.
        measurements: The cases in their order, without the floors.
        floors: The floor, measured as two cases that know nothing of each other.
    """

    row: str
    foreign_cores: float
    measurements: tuple[Measurement, ...]
    floors: tuple[Measurement, Measurement]

    @property
    def floor(self) -> Measurement:
        """The better of the two floors, which all ratios are taken to."""
        return min(self.floors, key=lambda floor: floor.cpu_min_ns)

    @property
    def noise(self) -> float:
        """How far the two floors are apart, as a share: what a difference between equal things may be."""
        first, second = self.floors
        return max(
            _gap(first.cpu_min_ns, second.cpu_min_ns),
            _gap(first.cpu_median_ns, second.cpu_median_ns),
        )

    def find(self, case: str) -> Measurement | None:
        """Give the measurement of a case, or None where it was not run."""
        return next((each for each in self.measurements if each.name == case), None)

    def floors_of(self, measurement: Measurement) -> float:
        """Give a case's least processor time as a multiple of the floor's."""
        return measurement.cpu_min_ns / self.floor.cpu_min_ns


def _gap(first: float, second: float) -> float:
    return max(first, second) / min(first, second) - 1


def run(row: str, effort: Effort, *, pattern: str = "*") -> Result:
    """Measure a row in a fresh process.

    Raises:
        RuntimeError: A case failed; the text is what the process wrote to its standard error.
    """
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        output = Path(folder) / "result.json"
        arguments = (row, pattern, str(effort.rounds), str(effort.round_ns), str(output))
        command = [sys.executable, "-m", f"{__package__}.worker", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=_environment(), check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"row {row!r} failed in its process (status {done.returncode}):\n{done.stderr.strip()}")
        return _result(json.loads(output.read_text()))


def _environment() -> dict[str, str]:
    """Leave out what would configure one of the libraries; hash strings alike in all processes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "TELEMETRY_"))}
    twin = {name: value for name, value in os.environ.items() if name == "TELEMETRY_PURE"}
    return kept | twin | {"PYTHONHASHSEED": "0"}


def _result(document: dict[str, Any]) -> Result:
    measurements = {each["name"]: _measurement(each) for each in document["measurements"]}
    first, second = (measurements.pop(name) for name in FLOORS)
    return Result(document["row"], document["foreign_cores"], tuple(measurements.values()), (first, second))


def _measurement(document: dict[str, Any]) -> Measurement:
    wall_ns, cpu_ns = tuple(document["wall_ns"]), tuple(document["cpu_ns"])
    return Measurement(document["name"], document["number"], wall_ns, cpu_ns)


def document(result: Result) -> dict[str, object]:
    """Put a result into plain data for JSON: the raw rounds, and the figures that are drawn from them."""
    return {
        "row": result.row,
        "floor_ns": result.floor.cpu_min_ns,
        "noise": result.noise,
        "foreign_cores": result.foreign_cores,
        "cases": [
            asdict(each)
            | {
                "wall_min_ns": each.wall_min_ns,
                "wall_median_ns": each.wall_median_ns,
                "cpu_min_ns": each.cpu_min_ns,
                "cpu_median_ns": each.cpu_median_ns,
                "floors": result.floors_of(each),
            }
            for each in (*result.floors, *result.measurements)
        ],
    }
