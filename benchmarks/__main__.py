"""The command line of the benchmarks: `python -m benchmarks`, from the project's root."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from . import gates, machine, suite, table
from .harness import Effort
from .rows import ROWS

ATTEMPTS = 3
FULL = Effort()
QUICK = Effort(rounds=5, round_ns=8_000_000)

Quick = Annotated[bool, typer.Option("--quick", help="Fewer and shorter rounds, for a CI run.")]
Rows = Annotated[
    str, typer.Option("--rows", help="Rows (`counter`) or cases (`*/prometheus`) to run; a shell pattern.")
]
Json = Annotated[Path | None, typer.Option("--json", help="Write all rounds of all cases to this file.")]
Gated = Annotated[bool, typer.Option("--gate", help="Exit with 1 when a row is far outside of its bounds.")]


def main(rows: Rows = "*", json_file: Json = None, *, quick: Quick = False, gate: Gated = False) -> None:
    """Measure what instrumenting costs, as a ratio to the floor in the same process."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    results: list[suite.Result] = []
    passed = True
    for row, pattern in _selected(rows):
        try:
            attempts, verdicts = _run(row, pattern, QUICK if quick else FULL, gate=gate)
        except RuntimeError as error:
            console.print(str(error), style="red", markup=False, highlight=False)
            passed = False
            continue
        table.show(attempts[-1], console)
        table.show_verdicts(verdicts, console)
        results.extend(attempts)
        passed = passed and all(verdict.passed for verdict in verdicts)
    if json_file is not None:
        json_file.write_text(json.dumps(_document(results), indent=1) + "\n")
    if not passed:
        raise typer.Exit(1)


def _selected(rows: str) -> list[tuple[str, str]]:
    """Pair each selected row with the pattern of its cases."""
    whole = [(row, "*") for row in ROWS if fnmatch(row, rows)]
    parts = [(row, rows) for row, cases in ROWS.items() if any(fnmatch(case.name, rows) for case in cases)]
    if not whole and not parts:
        raise typer.BadParameter(f"no row or case is named {rows!r}; the rows are {', '.join(ROWS)}")
    return whole or parts


def _run(row: str, pattern: str, effort: Effort, *, gate: bool) -> tuple[list[suite.Result], tuple[gates.Verdict, ...]]:
    """Measure a row; with gates, again up to three times until all of them pass."""
    results = [suite.run(row, effort, pattern=pattern)]
    if not gate:
        return results, ()
    verdicts = gates.judge(results[0], gates.GATES)
    while len(results) < ATTEMPTS and not all(verdict.passed for verdict in verdicts):
        results.append(suite.run(row, effort, pattern=pattern))
        verdicts = gates.merge(verdicts, gates.judge(results[-1], gates.GATES))
    return results, verdicts


def _document(results: list[suite.Result]) -> dict[str, object]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "results": [suite.document(result) for result in results],
    }


if __name__ == "__main__":
    typer.run(main)
