"""The command line of the benchmarks: `python -m benchmarks`, from the project's root."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from . import machine, plot, suite, table, verdicts
from .budgets import Budget, read_budgets
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
Plot = Annotated[Path | None, typer.Option("--plot", help="Draw the rows into this SVG file.")]
Check = Annotated[bool, typer.Option("--check", help="Exit with 1 when a row is outside of its bounds.")]


def main(
    rows: Rows = "*", json_file: Json = None, plot_file: Plot = None, *, quick: Quick = False, check: Check = False
) -> None:
    """Measure what instrumenting costs, as a ratio to the floor in the same process."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    budgets = read_budgets() if check else ()
    results: list[suite.Result] = []
    judged: list[verdicts.Verdict] = []
    broken = False
    for row, pattern in _selected(rows):
        try:
            result, found = _run(row, pattern, QUICK if quick else FULL, budgets)
        except RuntimeError as error:
            console.print(str(error), style="red", markup=False, highlight=False)
            broken = True
            continue
        table.show(result, console)
        table.show_verdicts(found, console)
        results.append(result)
        judged.extend(found)
    if json_file is not None:
        json_file.write_text(json.dumps(_document(results, judged), indent=1) + "\n")
    if plot_file is not None:
        plot_file.write_text(plot.draw(results, machine.describe()))
    if check:
        table.show_summary(judged, [each for result in results for each in verdicts.unjudged(result, budgets)], console)
    if broken or any(verdict.state == "fail" for verdict in judged):
        raise typer.Exit(1)


def _selected(rows: str) -> list[tuple[str, str]]:
    """Pair each selected row with the pattern of its cases."""
    whole = [(name, "*") for name in ROWS if fnmatch(name, rows)]
    parts = [(name, rows) for name, row in ROWS.items() if any(fnmatch(case.name, rows) for case in row.cases)]
    if not whole and not parts:
        raise typer.BadParameter(f"no row or case is named {rows!r}; the rows are {', '.join(ROWS)}")
    return whole or parts


def _run(
    row: str, pattern: str, effort: Effort, budgets: tuple[Budget, ...]
) -> tuple[suite.Result, tuple[verdicts.Verdict, ...]]:
    """Measure a row; with budgets, again up to three times until all of them pass."""
    result = suite.run(row, effort, pattern=pattern)
    found = verdicts.judge(result, budgets)
    for _ in range(_more_attempts(found)):
        result = suite.run(row, effort, pattern=pattern)
        found = verdicts.merge(found, verdicts.judge(result, budgets))
        if not _more_attempts(found):
            break
    return result, found


def _more_attempts(found: tuple[verdicts.Verdict, ...]) -> int:
    """Say how often to measure again: a failure has to repeat itself, and who is in the way may go away once."""
    if any(verdict.state == "fail" for verdict in found):
        return ATTEMPTS - 1
    return int(any(verdict.state == "not enough data" for verdict in found))


def _document(results: list[suite.Result], judged: list[verdicts.Verdict]) -> dict[str, object]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "results": [suite.document(result) for result in results],
        "verdicts": [asdict(verdict) for verdict in judged],
    }


if __name__ == "__main__":
    typer.run(main)
