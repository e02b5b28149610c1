"""`telemetry contracts diff`: what changed between two registries, and what of it breaks."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.folders import refuse
from telemetry.contracts import Change, Registry, compare_registries
from telemetry.errors import ContractError
from telemetry.operations.revisions import registry_of, registry_of_revision

from .markdown import render_changes

_FAILED = 1


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A registry file, a folder, or REVISION:PATH.")],
    new: Annotated[str | None, typer.Argument(metavar="NEW", help="The same, later; left out with --git.")] = None,
    *,
    git: Annotated[
        str | None,
        typer.Option("--git", metavar="REVISION", help="Compare this revision of OLD with OLD as it is now."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write Markdown, for a pull request.")] = False,
) -> None:
    """Tell what changed between two registries, and what of it breaks dashboards, alerts and programs.

    Exit code 0, 1 when a change breaks what is not experimental, 2 on bad usage.
    """
    if as_json and markdown:
        refuse("--json and --markdown are two forms of one output; keep one")
    changes = compare_registries(*_registries(old, new, git))
    if as_json:
        typer.echo(_json(changes))
    elif markdown:
        typer.echo(render_changes(changes), nl=False)
    else:
        _show(changes)
    if any(change.level == "error" for change in changes):
        raise typer.Exit(_FAILED)


def _registries(old: str, new: str | None, git: str | None) -> tuple[Registry, Registry]:
    if (new is None) == (git is None):
        refuse("name two registries, or one and --git REVISION")
    try:
        if git is not None:
            return registry_of_revision(git, Path(old)), registry_of(old)
        return registry_of(old), registry_of(new or "")
    except ContractError as error:
        refuse(str(error))


def _json(changes: tuple[Change, ...]) -> str:
    breaking = any(change.level == "error" for change in changes)
    return json.dumps({"breaking": breaking, "changes": [asdict(change) for change in changes]}, indent=2)


def _show(changes: tuple[Change, ...]) -> None:
    for change in changes:
        typer.echo(change.line)
    stops = sum(change.level == "error" for change in changes)
    typer.echo(f"changes: {len(changes)}, not allowed: {stops}" if changes else "nothing changed")
