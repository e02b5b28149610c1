"""`telemetry contracts handles`: a module in which type checkers know the metrics of the registry."""

from __future__ import annotations

import ast
from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.folders import refuse
from telemetry.config import read_settings
from telemetry.contracts import load_registry, render_handles
from telemetry.errors import ConfigurationError, ContractError

from .written import read_written

_FAILED = 1


def handles(
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The module to write; without it, the standard output.")
    ] = None,
    registry: Annotated[
        list[Path] | None, typer.Option("--registry", help="A registry file, or several; by default the settings'.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when the module differs from the registry.")
    ] = False,
) -> None:
    """Write a module with a typed handle for each metric: a wrong label or value in code then fails type checking.

    Exit code 0, 1 when --check finds the module missing or stale, 2 on bad usage.
    """
    wanted = _render(registry)
    if output is None:
        if check:
            refuse("--check needs --output: the module to compare with the registry")
        typer.echo(wanted, nl=False)
        return
    present = read_written(output)
    if check:
        _compare(output, present, wanted)
    else:
        _write(output, present, wanted)


def _render(files: list[Path] | None) -> str:
    try:
        return render_handles(load_registry(*(files or read_settings().registry)))
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))


def _compare(path: Path, present: str, wanted: str) -> None:
    """Fail when a module says other things than the registry; how it is laid out is for the user's formatter."""
    old, new = _plain(present), _plain(wanted)
    if old == new:
        return
    typer.echo("\n".join(unified_diff(old, new, str(path), "the registry", lineterm="")))
    state = "differs from the registry" if present else "is missing"
    typer.secho(f"telemetry: {path} {state}; write it anew: run this command without --check", err=True)
    raise typer.Exit(_FAILED)


def _plain(source: str) -> list[str]:
    """Give the lines of a module as Python itself would lay it out; those of the file where it is no Python."""
    try:
        return ast.unparse(ast.parse(source)).splitlines()
    except (SyntaxError, ValueError):
        return source.splitlines()


def _write(path: Path, present: str, wanted: str) -> None:
    """Write the module, but never over a file that another hand wrote."""
    if present and present.partition("\n")[0] != wanted.partition("\n")[0]:
        refuse(f"--output {path}: this command did not write that file; name another, or remove it")
    try:
        path.write_text(wanted, encoding="utf-8")
    except OSError as error:
        refuse(f"--output {path}: {error.strerror or error}")
