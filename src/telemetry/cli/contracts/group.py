"""Gathers the subcommands of `telemetry contracts`."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import typer

_SUBCOMMANDS: Final = (
    "cardinality",
    "check",
    "coverage",
    "diff",
    "docs",
    "handles",
    "import_",
    "lifecycle",
    "list",
    "live",
)
"""Each has a module of its name, with a function of that name; a `_` at its end is not part of the command."""

app = typer.Typer(no_args_is_help=True, help="See what the registry says, and what follows from it.")

for _name in _SUBCOMMANDS:
    app.command(_name.rstrip("_"))(getattr(import_module(f".{_name}", __package__), _name))
