"""The command line: `python -m tests.soak`, from the project's root; `--help` says what may be chosen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from benchmarks import machine
from tests.soak.execution import ROOT, environment
from tests.soak.parts import PARTS, Effort
from tests.soak.peers import PEERS_PYTHON
from tests.soak.table import Table

DOCUMENT = ROOT / "docs" / "reliability.md"
_RESULTS = re.compile(r"(?<=<!-- soak -->\n).*(?=<!-- /soak -->)", re.DOTALL)
TWINS = {"compiled": "", "pure": "1"}

Parts = Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(PARTS)}; all by default.")]
Repetitions = Annotated[int, typer.Option("--repetitions", min=1, help="Deaths of each kind.")]
Comparisons = Annotated[int, typer.Option("--comparisons", min=1, help="Deaths of each kind beside the peers.")]
Seconds = Annotated[float, typer.Option("--seconds", min=1, help="Length of an outage, and of the crowd.")]
Twin = Annotated[list[str] | None, typer.Option("--twin", help="compiled or pure; both by default.")]
Python = Annotated[Path, typer.Option("--peers", help="The interpreter that has the peers.")]
Write = Annotated[bool, typer.Option("--write", help=f"Put the results into {DOCUMENT.relative_to(ROOT)}.")]


def main(
    parts: Parts = None,
    *,
    repetitions: Repetitions = 100,
    comparisons: Comparisons = 10,
    seconds: Seconds = 60.0,
    twin: Twin = None,
    peers: Python = PEERS_PYTHON,
    write: Write = False,
) -> None:
    """Kill processes and break what is around them; exit with 1 where something is lost."""
    unknown = sorted({*(parts or ())} - PARTS.keys()) + sorted({*(twin or ())} - TWINS.keys())
    if unknown:
        raise typer.BadParameter(
            f"unknown: {', '.join(unknown)}; parts are {', '.join(PARTS)}; twins {', '.join(TWINS)}"
        )
    python = peers if peers.exists() else Path(sys.executable)
    effort = Effort(repetitions, comparisons, seconds, python)
    faults: list[str] = []
    text = ""
    for line in _run(parts or list(PARTS), twin or list(TWINS), effort, faults):
        typer.echo(line)
        text += f"{line}\n"
    for fault in faults:
        typer.secho(f"FAULT: {fault}", fg="red", err=True)
    if write:
        DOCUMENT.write_text(_RESULTS.sub(lambda _: text, DOCUMENT.read_text()))
    raise typer.Exit(bool(faults))


def _run(parts: list[str], twins: list[str], effort: Effort, faults: list[str]) -> Iterator[str]:
    described = machine.describe()
    yield (
        f"Taken on {datetime.now(UTC):%Y-%m-%d} with `python -m tests.soak {' '.join(sys.argv[1:])}`, "
        f"{described['python']}, {described['processor']}, {described['cores']} cores, Linux {described['kernel']}.\n"
    )
    for twin in twins:
        os.environ["TELEMETRY_PURE"] = TWINS[twin]
        yield f"### {_twin().capitalize()} twin\n"
        for name in parts:
            began = monotonic()
            try:
                table = PARTS[name](effort)
            except Exception as error:
                faults.append(f"{twin}: {name} did not come to its end: {error!r}")
                yield f"{faults[-1]}\n"
                continue
            faults += [f"{twin}: {fault}" for fault in table.faults]
            yield f"{table.markdown()}\n{_summary(table)} It took {monotonic() - began:.0f} s.\n"


def _summary(table: Table) -> str:
    if not table.faults:
        return "Nothing is at fault."
    return f"{len(table.faults)} at fault: {'; '.join(table.faults)}."


def _twin() -> str:
    """Ask a process which twin it has."""
    program = "import telemetry; print(telemetry.__hotpath__)"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    typer.run(main)
