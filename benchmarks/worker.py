"""Measure one row in this process, beside the floor, and write the result as JSON.

Each row has a process of its own, which `suite` starts: so none inherits another's configuration, threads or heap.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from fnmatch import fnmatch
from pathlib import Path

from .floor import wrap
from .harness import Call, Case, Effort, measure
from .machine import Watch
from .rows import ROWS
from .rows.floor import noop

FLOORS = ("floor", "floor again")


def run(row: str, pattern: str, effort: Effort) -> dict[str, object]:
    """Measure the cases of a row whose names match, and the floor as two cases, which tell the noise."""
    floors = [Case(name, _floor) for name in FLOORS]
    cases = [case for case in ROWS[row] if fnmatch(case.name, pattern)]
    watch = Watch()
    measurements = measure([floors[0], *cases, floors[1]], effort)
    return {
        "row": row,
        "foreign_cores": watch.foreign_cores(),
        "measurements": [asdict(measurement) for measurement in measurements],
    }


def _floor(_stack: ExitStack) -> Call:
    return wrap("all", noop)


def main(row: str, pattern: str, rounds: str, round_ns: str, output: str) -> None:
    """Run with the arguments that `suite` passes on."""
    result = run(row, pattern, Effort(int(rounds), int(round_ns)))
    Path(output).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
