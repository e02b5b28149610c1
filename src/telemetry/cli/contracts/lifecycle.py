"""`telemetry contracts lifecycle`: what is about to go, what is late, and who still uses it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from telemetry.cli.columns import show_columns
from telemetry.cli.folders import refuse
from telemetry.config import read_settings
from telemetry.contracts import OWN_PACK, Finding, Lifecycle, Standing, check_lifecycle, shipped_packs
from telemetry.errors import ConfigurationError, ContractError
from telemetry.operations.usage import old_names

from .found import record, show_findings, shown, shown_path
from .sarif import sarif_log

_FAILED: Final = 1
_HEADS: Final = ("metric", "state", "since", "days left", "successor")


def lifecycle(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Registry files; by default the settings', or else all shipped packs.")
    ] = None,
    *,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day, such as 2026-01-31; today (UTC) without it.")
    ] = None,
    scan: Annotated[
        list[Path] | None,
        typer.Option(help="Look for old names in this file or folder: dashboards, rules, code, any text. Repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Write SARIF 2.1.0, for code scanning.")] = False,
) -> None:
    """List the metrics that are deprecated, hidden or removed, and find what is late, and who still uses an old name.

    Exit code 0, 1 when a window has passed or an old name is used, 2 on bad usage.
    """
    if as_json and sarif:
        refuse("--json and --sarif are two forms of one output; keep one")
    day = _day(as_of)
    seen = _lifecycle(files, day)
    found = shown([*seen.findings, *_old_names(seen, scan or [])])
    standings = [replace(each, path=shown_path(each.path)) for each in seen.standings]
    if as_json:
        told = {"as_of": str(day), "metrics": [asdict(each) for each in standings]}
        typer.echo(json.dumps({**told, "findings": [record(each) for each in found]}, indent=2))
    elif sarif:
        typer.echo(json.dumps(sarif_log(found, "lifecycle"), indent=2))
    else:
        _show(standings, found)
    if any(each.level == "error" for each in found):
        raise typer.Exit(_FAILED)


def _day(given: str | None) -> date:
    if given is None:
        return datetime.now(tz=UTC).date()
    try:
        return date.fromisoformat(given)
    except ValueError:
        refuse(f"--as-of {given}: must be a day, such as 2026-01-31")


def _lifecycle(files: list[Path] | None, day: date) -> Lifecycle:
    try:
        paths = files or read_settings().registry
        packs = None if paths else (*shipped_packs(), OWN_PACK)
        return check_lifecycle(*paths, packs=packs, as_of=day)
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))


def _old_names(seen: Lifecycle, paths: list[Path]) -> tuple[Finding, ...]:
    for path in paths:
        if not path.exists():
            refuse(f"--scan {path}: there is no such file or folder")
    return () if seen.registry is None else old_names(seen.registry, paths)


def _show(standings: list[Standing], found: list[Finding]) -> None:
    if standings:
        show_columns(_HEADS, [_row(each) for each in standings], left=3)
        typer.echo()
    show_findings(found)


def _row(standing: Standing) -> tuple[str, ...]:
    days_left = "" if standing.days_left is None else str(standing.days_left)
    return standing.name, standing.state, standing.since, days_left, standing.successor
