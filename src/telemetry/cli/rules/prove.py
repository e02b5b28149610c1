"""`telemetry rules test`: rules and configurations, by the programs that they are for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.amounts import counted
from telemetry.cli.folders import refuse
from telemetry.errors import EngineError
from telemetry.operations.proof import Checked, prove_tree

_FAILED = 1


def prove(
    tree: Annotated[Path, typer.Argument(help="The folder that `telemetry generate` wrote.")] = Path("monitoring"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object instead of lines.")] = False,
) -> None:
    """Check rules and configurations with promtool and amtool, and run the unit tests of the rules.

    No server is needed. Exit code 0, 1 when something fails, with what the program said, 2 on bad usage or when a
    program is not installed.
    """
    if not tree.is_dir():
        refuse(f"{tree} is no folder; write one with `telemetry generate --output {tree}`")
    try:
        checked = prove_tree(tree)
    except EngineError as error:
        refuse(str(error))
    if as_json:
        typer.echo(json.dumps({"checks": [asdict(each) for each in checked]}, indent=2))
    else:
        _show(tree, checked)
    if any(each.problem for each in checked):
        raise typer.Exit(_FAILED)


def _show(tree: Path, checked: Sequence[Checked]) -> None:
    failed = [each for each in checked if each.problem]
    for each in failed:
        typer.echo(f"{tree / each.file}: {each.what} failed\n{each.problem}\n")
    typer.echo(f"{counted(len(checked), 'file')} checked or tested, {len(failed)} failed")
