"""`telemetry rollout`: raise a flag in stages, and take it back where limits are broken."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from .folders import refuse
from .variance import Now, Registry, RowTexts, TokenFile, moment, opened, registry_of, rows_of, tried

_FAILED: Final = 1
_PAUSE_SECONDS: Final = 30.0

app = typer.Typer(no_args_is_help=True, help="Raise a flag in stages, and take it back on a breach.")

Folder = Annotated[Path, typer.Argument(help="The folder of the rollout.")]
Json = Annotated[bool, typer.Option("--json", help="Give the state as JSON.")]


@app.command()
def start(
    folder: Folder,
    *,
    flag: Annotated[str, typer.Option(help="The flag and what it shall have: telemetry_parser_cli=100.")],
    source: Annotated[str, typer.Option("--source", "-s", help="Where the history is, as for telemetry variance.")],
    earlier: Annotated[float, typer.Option(help="The percentage that the flag has now.")] = 0.0,
    flags_file: Annotated[Path, typer.Option(help="The file of flags that processes read.")] = Path("flags.json"),
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Begin: ten minutes of baseline, with the flag as it was."""
    from telemetry.operations.rollout import Plan, Rollout

    name, _, percent = flag.partition("=")
    if not name or not percent.removesuffix("%").replace(".", "", 1).isdigit():
        refuse(f"--flag {flag}: write NAME=PERCENT, such as telemetry_parser_cli=100")
    plan = Plan(name, float(percent.removesuffix("%")), earlier, str(flags_file.absolute()), source)
    _say(tried(lambda: Rollout(folder).start(plan, moment(now))), as_json=as_json)


@app.command()
def status(folder: Folder, *, as_json: Json = False) -> None:
    """Tell where it stands. Exit code 1 after a rollback or an abort."""
    from telemetry.operations.rollout import Rollout

    _say(tried(lambda: Rollout(folder).status()), as_json=as_json)


@app.command()
def abort(folder: Folder, *, now: Now = None, as_json: Json = False) -> None:
    """Set the flag back, and end."""
    from telemetry.operations.rollout import Rollout

    _say(tried(lambda: Rollout(folder).abort(moment(now))), as_json=as_json)


@app.command()
def step(
    folder: Folder,
    *,
    row: RowTexts = None,
    registry: Registry = None,
    token_file: TokenFile = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Do what is due by now; let a timer call it. Exit code 1 after a rollback or an abort."""
    made = _rollout(folder, row, registry, token_file)
    _say(tried(lambda: made.step(moment(now))), as_json=as_json)


@app.command()
def run(
    folder: Folder,
    *,
    row: RowTexts = None,
    registry: Registry = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Step until it is over; what is interrupted goes on with the next call."""
    made = _rollout(folder, row, registry, token_file)
    while not (state := tried(lambda: made.step(moment(None)))).is_over:
        time.sleep(_PAUSE_SECONDS)
    _say(state, as_json=as_json)


def _rollout(folder: Path, row: list[str] | None, registry: list[Path] | None, token_file: Path | None) -> Any:
    from telemetry.operations.rollout import HistoryJudge, Rollout

    contracts = registry_of(registry)
    source = tried(lambda: Rollout(folder).status()).plan.source
    judge = HistoryJudge(opened(source, contracts, token_file), contracts, folder / "baseline.json", rows_of(row))
    return Rollout(folder, judge)


def _say(state: Any, *, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        typer.echo(json.dumps(asdict(state), indent=2))
    else:
        typer.echo(f"{state.plan.flag}: {state.phase} ({state.events[-1]['what']})")
    raise typer.Exit(_FAILED if state.phase in ("rolled back", "aborted") else 0)
