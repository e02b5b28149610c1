"""Gathers the subcommands of `telemetry alerts`."""

from __future__ import annotations

import typer

from .audit import app as audit_app
from .serve import serve

app = typer.Typer(no_args_is_help=True, help="Receive alerts of Alertmanager, and keep what becomes of them.")
app.command("serve")(serve)
app.add_typer(audit_app, name="audit")
