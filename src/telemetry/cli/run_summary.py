"""`telemetry run-summary`: a finished run as Prometheus text, for node_exporter's textfile collector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

_FAILED: Final = 1


def run_summary(
    summary: Annotated[Path, typer.Argument(help="The summary of the run: run_summary.json.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file, in the collector's folder: NAME.prom.")],
    checklist: Annotated[Path | None, typer.Option(help="The checklist of the run.")] = None,
    observability: Annotated[Path | None, typer.Option(help="What was observed while it ran.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say what was written as one JSON object.")] = False,
) -> None:
    """Write the metrics of a finished run, atomically.

    Exit code 0 when the file was written, 1 when an input is wrong or the output cannot be written, 2 on bad usage.
    Unless it is 0, an old output is as it was.
    """
    from telemetry.operations.runsummary import DOCUMENTS, SummaryError, families, read_document, write_textfile

    from .folders import refuse

    if output.suffix != ".prom":
        refuse(f"--output {output}: the textfile collector reads only names that end in .prom")
    try:
        given = zip(DOCUMENTS, (summary, checklist, observability), strict=True)
        documents = [read_document(path, kind) for kind, path in given if path is not None]
        found = families(documents)
        write_textfile(found, output)
    except SummaryError as error:
        typer.secho(f"telemetry: {error}", err=True)
        raise typer.Exit(_FAILED) from None
    series = sum(len(each.figures) for each in found)
    if as_json:
        names = [each.contract.name for each in found]
        typer.echo(json.dumps({"output": str(output), "metrics": names, "series": series}, indent=2))
        return
    typer.echo(f"{output}: {len(found)} metrics, {series} series")
