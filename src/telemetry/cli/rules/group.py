"""Gathers the subcommands of `telemetry rules`."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import typer

_SUBCOMMANDS: Final = ("replay",)
"""Each has a module of its name, with a function of that name."""

app = typer.Typer(no_args_is_help=True, help="Prove alerting rules before they go live.")


@app.callback()
def _group() -> None:
    """Keep a single subcommand a subcommand."""


for _name in _SUBCOMMANDS:
    app.command(_name)(getattr(import_module(f".{_name}", __package__), _name))
