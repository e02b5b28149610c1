"""Shows findings: as lines, or as records for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import typer

from telemetry.contracts import Finding


def shown(findings: Iterable[Finding]) -> list[Finding]:
    """Give findings with paths from here, where they are below: that is what annotations of a change need."""
    return [replace(each, path=shown_path(each.path)) for each in findings]


def shown_path(path: str) -> str:
    """Give a path from here, where it is below."""
    given, here = Path(path), Path.cwd()
    return given.relative_to(here).as_posix() if given.is_relative_to(here) else path


def show_findings(found: list[Finding]) -> None:
    """Write a line for each, and how many there are."""
    for each in found:
        typer.echo(str(each))
    typer.echo(f"findings: {len(found)}")


def record(finding: Finding) -> dict[str, Any]:
    """Give the parts of a finding; it has a line where it is of a text."""
    return {key: value for key, value in asdict(finding).items() if key != "line" or value}
