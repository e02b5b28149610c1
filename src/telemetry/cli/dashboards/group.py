"""Gathers the subcommands of `telemetry dashboards`."""

from __future__ import annotations

import typer

from .check import check

app = typer.Typer(no_args_is_help=True, help="Hold dashboards and rules against the registry.")


@app.callback()
def dashboards() -> None:
    """Hold dashboards and rules against the registry."""


app.command("check")(check)
