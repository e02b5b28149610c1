"""Gathers the subcommands of `telemetry rules`."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import typer

_SUBCOMMANDS: Final = {"replay": "replay", "test": "prove"}
"""Each has a module with a function of its name: that a function is called `test` would be for pytest."""

app = typer.Typer(no_args_is_help=True, help="Prove alerting rules before they go live.")


@app.callback()
def _group() -> None:
    """Keep a single subcommand a subcommand."""


for _command, _name in _SUBCOMMANDS.items():
    app.command(_command)(getattr(import_module(f".{_name}", __package__), _name))
