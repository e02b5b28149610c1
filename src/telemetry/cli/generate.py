"""`telemetry generate`: dashboards, rules and configurations, from the registry and descriptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from telemetry.config import read_settings
from telemetry.contracts import OWN_PACK, Registry, load_registry, shipped_packs
from telemetry.errors import ConfigurationError, ContractError

from .folders import refuse
from .written import Changes, compare, write

_FAILED = 1


def generate(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.")] = Path("monitoring"),
    registry: Annotated[
        list[Path] | None, typer.Option("--registry", help="A registry file, or several; by default the settings'.")
    ] = None,
    pack: Annotated[
        list[str] | None, typer.Option("--pack", help="A shipped pack, or several, beside the registry files.")
    ] = None,
    descriptions: Annotated[
        list[Path] | None,
        typer.Option("--descriptions", help="A folder with descriptions of your own, or several; see docs."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a file is stale, missing or left over.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Write dashboards, alert rules and configurations that follow from the metric registry.

    Without a registry file or pack, neither named nor set, they cover all shipped packs. Only files that changed are
    written; generated files that no longer belong there are removed. Exit code 0, 1 when --check finds a difference,
    2 on bad usage.
    """
    loaded = load(registry, pack)
    files = _generated(loaded, descriptions or [])
    changes = compare(output, files)
    if not check:
        write(output, files, changes)
    _show(output, changes, len(files), check=check, as_json=as_json)
    if check and changes:
        raise typer.Exit(_FAILED)


def load(files: list[Path] | None, packs: list[str] | None) -> Registry:
    """Load the registry that is meant, and the pack of what telemetry measures of itself, which is always recorded."""
    try:
        named = files or ([] if packs else list(read_settings().registry))
        if not named:
            return load_registry(packs=[*(packs or shipped_packs()), OWN_PACK])
        return load_registry(*named, packs=[*dict.fromkeys((*load_registry(*named).packs, *(packs or ()), OWN_PACK))])
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))


def _generated(registry: Registry, folders: list[Path]) -> dict[str, str]:
    try:
        from telemetry.monitoring import generate as generate_files
        from telemetry.monitoring import read_descriptions

        return dict(generate_files(registry, read_descriptions(registry, folders)))
    except ContractError as error:
        refuse(str(error))
    except ModuleNotFoundError as error:
        refuse(f"generating needs {error.name}: pip install 'telemetry[monitoring]'")


def _show(output: Path, changes: Changes, total: int, *, check: bool, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"output": str(output), "files": total, **changes.as_dict()}, indent=2))
        return
    for path, state in changes.states():
        typer.echo(f"{output / path}: {state if check else _DONE[state]}")
    typer.echo(f"files: {total}, {'differing' if check else 'changed'}: {len(list(changes.states()))}")
    if check and changes:
        typer.secho("telemetry: write them anew: run this command without --check", err=True)


_DONE = {"is missing": "written", "is stale": "written anew", "is left over": "removed"}
