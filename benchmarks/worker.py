"""Measure one row in this process, beside the floor, and write the result as JSON.

Each row has a process of its own, which `suite` starts: so none inherits another's configuration, threads or heap.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from fnmatch import fnmatch
from pathlib import Path

from . import ours
from .floor import wrap
from .harness import Call, Case, Effort
from .machine import Watch
from .rows import ROWS
from .rows.floor import noop

FLOORS = ("floor", "floor again")


def run(row: str, pattern: str, effort: Effort) -> dict[str, object]:
    """Measure the cases of a row whose names match, and the floor as two cases, which tell the noise."""
    chosen = [case for case in ROWS[row].cases if fnmatch(case.name, pattern)]
    missing = {case.name: reason for case in chosen if (reason := case.missing())}
    cases = [case for case in chosen if case.name not in missing]
    watch = Watch()
    measurements = ROWS[row].measure(_with_floors(cases) if ROWS[row].floored else cases, effort)
    return {
        "row": row,
        "twin": ours.twin(),
        "foreign_cores": watch.foreign_cores(),
        "missing": missing,
        "measurements": [asdict(measurement) for measurement in measurements],
    }


def _with_floors(cases: Sequence[Case]) -> list[Case]:
    first, second = (Case(name, _floor) for name in FLOORS)
    return [first, *cases, second]


def _floor(_stack: ExitStack) -> Call:
    return wrap("all", noop)


def main(row: str, pattern: str, rounds: str, round_ns: str, output: str) -> None:
    """Run with the arguments that `suite` passes on."""
    result = run(row, pattern, Effort(int(rounds), int(round_ns)))
    Path(output).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
