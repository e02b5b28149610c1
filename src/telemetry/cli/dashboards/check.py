"""`telemetry dashboards check`: what dashboards and rule files get wrong about their metrics."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.folders import refuse
from telemetry.cli.generate import load
from telemetry.contracts import Finding, Registry

_FAILED = 1


def check(
    files: Annotated[list[Path], typer.Argument(help="Dashboards (JSON), rule files (YAML), or folders of both.")],
    *,
    registry: Annotated[
        list[Path] | None, typer.Option("--registry", help="A registry file, or several; by default the settings'.")
    ] = None,
    pack: Annotated[
        list[str] | None, typer.Option("--pack", help="A shipped pack, or several, beside the registry files.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Check that queries read metrics that exist, by labels that they have, as their kinds want.

    Files by hand and generated files are checked alike; what a rule file here records, a dashboard here may read.
    Exit code 0, 1 when something is wrong, 2 on bad usage.
    """
    for path in files:
        if not path.exists():
            refuse(f"{path}: there is no such file or folder")
    found = _checked(files, load(registry, pack))
    if as_json:
        typer.echo(json.dumps({"findings": [asdict(each) for each in found]}, indent=2))
    else:
        for each in found:
            typer.echo(str(each))
        typer.echo(f"findings: {len(found)}")
    if found:
        raise typer.Exit(_FAILED)


def _checked(files: list[Path], registry: Registry) -> tuple[Finding, ...]:
    try:
        from telemetry.monitoring import check_files

        return check_files(files, registry)
    except ModuleNotFoundError as error:
        refuse(f"this needs {error.name}: pip install 'telemetry[monitoring]'")
