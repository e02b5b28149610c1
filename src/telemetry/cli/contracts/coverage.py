"""`telemetry contracts coverage`: what nobody records, tests, shows or watches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from telemetry.cli.columns import show_columns
from telemetry.cli.folders import refuse
from telemetry.config import read_settings
from telemetry.contracts import OWN_PACK, Finding, Registry, load_registry, shipped_packs
from telemetry.errors import ConfigurationError, ContractError
from telemetry.operations.usage import Coverage, Side
from telemetry.operations.usage import coverage as measured

from .found import record, show_findings, shown

_FAILED: Final = 1
_Paths = list[Path] | None


def coverage(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Registry files; by default the settings', or else all shipped packs.")
    ] = None,
    *,
    code: Annotated[_Paths, typer.Option(help="Code that records: a file or folder. Repeatable.")] = None,
    tests: Annotated[_Paths, typer.Option(help="Tests: a file or folder. Repeatable.")] = None,
    dashboards: Annotated[_Paths, typer.Option(help="Dashboards of Grafana: a file or folder. Repeatable.")] = None,
    alerts: Annotated[_Paths, typer.Option(help="Rules of Prometheus: a file or folder. Repeatable.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    fail_under: Annotated[
        float | None, typer.Option(metavar="PERCENT", min=0, max=100, help="The least that each share must be.")
    ] = None,
) -> None:
    """Tell which metrics, spans and events code records, tests touch, dashboards show, and alerts watch.

    A side that is not named is not looked at. Exit code 0, 1 when a share is less than --fail-under or code records
    what no contract has, 2 on bad usage.
    """
    sides = _sides(code=code, tests=tests, dashboards=dashboards, alerts=alerts)
    seen = measured(_registry(files), sides)
    found = shown(seen.findings)
    if as_json:
        shares = [_share(each) for each in seen.shares]
        typer.echo(json.dumps({"shares": shares, "findings": [record(each) for each in found]}, indent=2))
    else:
        _show(seen, found)
    least = min((each.percent for each in seen.shares), default=100.0)
    if any(each.level == "error" for each in found) or (fail_under is not None and least < fail_under):
        raise typer.Exit(_FAILED)


def _sides(**given: _Paths) -> dict[Side, list[Path]]:
    sides: dict[Any, list[Path]] = {side: paths for side, paths in given.items() if paths}
    if not sides:
        refuse("name what is to be looked at: --code, --tests, --dashboards, --alerts, or several of them")
    for side, paths in sides.items():
        for path in paths:
            if not path.exists():
                refuse(f"--{side} {path}: there is no such file or folder")
    return sides


def _registry(files: list[Path] | None) -> Registry:
    try:
        paths = files or read_settings().registry
        return load_registry(*paths) if paths else load_registry(packs=(*shipped_packs(), OWN_PACK))
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))


def _share(share: Any) -> dict[str, Any]:
    return {
        "kind": share.kind,
        "side": share.side,
        "used": share.used,
        "total": share.total,
        "percent": round(share.percent, 1),
        "missing": list(share.missing),
    }


def _show(seen: Coverage, found: list[Finding]) -> None:
    rows = [
        (each.kind, each.side, str(each.used), str(each.total), f"{each.percent:.0f} %", ", ".join(each.missing))
        for each in seen.shares
    ]
    show_columns(("contracts", "side", "used", "of", "share", "not used"), rows, left=2)
    typer.echo()
    show_findings([each for each in found if each.level != "info"])
