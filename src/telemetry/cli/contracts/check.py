"""`telemetry contracts check`: what is wrong with registry files, where, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.folders import refuse
from telemetry.cli.github import Annotation, report_to_github, table
from telemetry.cli.pointer import line_of
from telemetry.config import read_settings
from telemetry.contracts import OWN_PACK, Finding, check_registry, shipped_packs
from telemetry.errors import ConfigurationError, ContractError

from .found import record, show_findings, shown
from .sarif import sarif_log

_FAILED = 1


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Registry files; by default the settings', or else all shipped packs.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Write SARIF 2.1.0, for code scanning.")] = False,
) -> None:
    """Check the names, labels and texts of the contracts.

    Exit code 0, 1 when something is wrong, 2 on bad usage.
    """
    if as_json and sarif:
        refuse("--json and --sarif are two forms of one output; keep one")
    found = shown(_findings(files))
    if as_json:
        typer.echo(json.dumps({"findings": [record(each) for each in found]}, indent=2))
    elif sarif:
        typer.echo(json.dumps(sarif_log(found), indent=2))
    else:
        show_findings(found)
    is_failed = any(each.level == "error" for each in found)
    report_to_github(_summary(found, is_failed=is_failed), map(_annotation, found), is_quiet=as_json or sarif)
    if is_failed:
        raise typer.Exit(_FAILED)


def _findings(files: list[Path] | None) -> tuple[Finding, ...]:
    try:
        paths = files or read_settings().registry
        return check_registry(*paths) if paths else check_registry(packs=(*shipped_packs(), OWN_PACK))
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))


def _annotation(finding: Finding) -> Annotation:
    try:
        line = line_of(Path(finding.path).read_text("utf-8-sig"), finding.pointer)
    except (OSError, ValueError, IndexError):
        line = 0
    message = f"{finding.pointer}: {finding.problem}; {finding.remedy}"
    return Annotation(finding.level, message, f"telemetry {finding.code}", finding.path, line)


def _summary(found: list[Finding], *, is_failed: bool) -> str:
    title = f"### Telemetry contracts: {'❌ failed' if is_failed else '✅ passed'}"
    rows = [(each.level, each.code, f"{each.path}#{each.pointer}", each.problem, each.remedy) for each in found]
    return f"{title}\n\n" + (
        table(("level", "code", "where", "problem", "what to do"), rows) if rows else "Nothing found."
    )
