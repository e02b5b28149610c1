"""`telemetry contracts docs`: the contracts for people, and the schema of log lines for tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Final

import typer

from telemetry.cli.folders import refuse
from telemetry.config import read_settings
from telemetry.contracts import (
    Registry,
    load_registry,
    render_documentation,
    render_log_schema,
    shipped_packs,
)
from telemetry.errors import ConfigurationError, ContractError

from .written import read_written

_FAILED: Final = 1
_OWN_PACK: Final = "telemetry"
_MARK: Final = "Made by `telemetry contracts docs`"
_MARK_CHARACTERS: Final = 400


def docs(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.")] = Path("docs"),
    registry: Annotated[
        list[Path] | None, typer.Option("--registry", help="A registry file, or several; by default the settings'.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a file differs from the registry.")
    ] = False,
) -> None:
    """Write `data_contracts.md`, for people, and `log.schema.json`, by which tools check log lines.

    Without a registry file, neither named nor set, they describe all shipped packs. Exit code 0, 1 when --check finds
    a file missing or stale, 2 on bad usage.
    """
    wanted = _render(registry)
    present = {name: read_written(output / name) for name in wanted}
    if check:
        _check(output, present, wanted)
    else:
        _write(output, present, wanted)


def _render(paths: list[Path] | None) -> dict[str, str]:
    try:
        registry = _registry(paths)
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))
    line = json.loads((files("telemetry.logs") / "run.schema.json").read_text(encoding="utf-8"))
    return {"data_contracts.md": render_documentation(registry), "log.schema.json": render_log_schema(registry, line)}


def _registry(paths: list[Path] | None) -> Registry:
    named = paths or read_settings().registry
    return load_registry(*named) if named else load_registry(packs=[*shipped_packs(), _OWN_PACK])


def _check(folder: Path, present: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    stale = [name for name in wanted if present[name] != wanted[name]]
    for name in stale:
        _show_difference(folder / name, present[name], wanted[name])
    if stale:
        typer.secho("telemetry: write them anew: run this command without --check", err=True)
        raise typer.Exit(_FAILED)


def _show_difference(path: Path, present: str, wanted: str) -> None:
    """Show the first line that is another one."""
    if not present:
        typer.echo(f"{path}: is missing")
        return
    pairs = zip_longest(present.split("\n"), wanted.split("\n"))
    line, old, new = next((line, old, new) for line, (old, new) in enumerate(pairs, 1) if old != new)
    typer.echo(f"{path}:{line}: differs from the registry")
    for sign, text in (("-", old), ("+", new)):
        if text is not None:
            typer.echo(f"{sign} {text}")


def _write(folder: Path, present: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Write the files, but never over one that another hand wrote."""
    for name, text in present.items():
        if text and _MARK not in text[:_MARK_CHARACTERS]:
            refuse(f"--output {folder / name}: this command did not write that file; name another folder, or remove it")
    try:
        for name, text in wanted.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        refuse(f"--output {folder}: {error.strerror or error}")
