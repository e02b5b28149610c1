"""`telemetry generate`: dashboards, rules and configurations, from the registry and descriptions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, final

import typer

from telemetry.config import read_settings
from telemetry.contracts import OWN_PACK, Finding, Registry, load_registry, shipped_packs
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
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell what is left out, and why.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Write dashboards, alert rules and configurations that follow from the metric registry.

    Without a registry file or pack, neither named nor set, they cover all shipped packs. Only files that changed are
    written; generated files that no longer belong there are removed.
    What is generated is held against the registry first: nothing is written that breaks a contract.
    Exit code 0, 1 when --check finds a difference or a file breaks a contract, 2 on bad usage.
    """
    made = _generated(load(registry, pack), descriptions or [])
    changes = compare(output, made.files)
    if not check and not made.findings:
        write(output, made.files, changes)
    if as_json:
        typer.echo(json.dumps(_contents(output, made, changes), indent=2))
    else:
        _show(output, made, changes, check=check or bool(made.findings), verbose=verbose)
    if made.findings or (check and changes):
        raise typer.Exit(_FAILED)


@final
@dataclass(frozen=True, slots=True)
class _Made:
    """What was generated, what is wrong with it, and the dashboards that lack packs."""

    files: Mapping[str, str]
    findings: tuple[Finding, ...]
    left_out: Mapping[str, tuple[str, ...]]


def load(files: list[Path] | None, packs: list[str] | None) -> Registry:
    """Load the registry that is meant, and the pack of what telemetry measures of itself, which is always recorded."""
    try:
        named = files or ([] if packs else list(read_settings().registry))
        if not named:
            return load_registry(packs=[*(packs or shipped_packs()), OWN_PACK])
        return load_registry(*named, packs=[*dict.fromkeys((*load_registry(*named).packs, *(packs or ()), OWN_PACK))])
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))


def _generated(registry: Registry, folders: list[Path]) -> _Made:
    try:
        from telemetry.monitoring import check_texts, read_descriptions
        from telemetry.monitoring import generate as generate_files

        descriptions = read_descriptions(registry, folders)
        files = generate_files(registry, descriptions)
        return _Made(files, check_texts(files, registry), descriptions.left_out)
    except ContractError as error:
        refuse(str(error))
    except ModuleNotFoundError as error:
        refuse(f"this needs {error.name}: pip install 'telemetry[monitoring]'")


def _contents(output: Path, made: _Made, changes: Changes) -> dict[str, object]:
    findings = [asdict(each) for each in made.findings]
    left_out = {uid: list(packs) for uid, packs in made.left_out.items()}
    return {
        "output": str(output),
        "files": len(made.files),
        **changes.as_dict(),
        "findings": findings,
        "left_out": left_out,
    }


def _show(output: Path, made: _Made, changes: Changes, *, check: bool, verbose: bool) -> None:
    for path, state in changes.states():
        typer.echo(f"{output / path}: {state if check else _DONE[state]}")
    for finding in made.findings:
        typer.echo(str(finding))
    for uid, packs in made.left_out.items() if verbose else ():
        typer.echo(f"dashboard {uid}: left out, for want of the packs {', '.join(packs)}")
    differing = sum(1 for _ in changes.states())
    typer.echo(f"files: {len(made.files)}, {'differing' if check else 'changed'}: {differing}")
    if made.findings:
        typer.secho("telemetry: nothing is written: correct what breaks a contract", err=True)
    elif check and changes:
        typer.secho("telemetry: write them anew: run this command without --check", err=True)


_DONE = {"is missing": "written", "is stale": "written anew", "is left over": "removed"}
