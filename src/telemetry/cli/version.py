"""`telemetry --version`."""

from __future__ import annotations

from typing import Annotated

import typer

from telemetry._hotpath import TWIN
from telemetry.version import VERSION


def _print(wanted: bool) -> None:
    if wanted:
        typer.echo(f"telemetry {VERSION}, {TWIN} hot path")
        raise typer.Exit


def show_version(
    version: Annotated[
        bool, typer.Option("--version", callback=_print, is_eager=True, help="Show version and hot path, and exit.")
    ] = False,
) -> None:
    """Spans, metrics and logs under one contract, for specification-to-binary pipelines."""
