"""`telemetry rules replay`: what rules would have done over a recorded history."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from telemetry.cli.amounts import counted
from telemetry.cli.columns import show_columns
from telemetry.cli.folders import refuse
from telemetry.errors import EngineError, SourceError
from telemetry.operations.replay import History, Verdict, judge, read_incidents, read_rules, replay_rules

_FAILED = 1
_HEADS = ("fired", "noise", "severity", "alert")
_SHOWN_MISSED = 10


def replay(
    *,
    rules: Annotated[Path, typer.Option("--rules", help="A rule file, or a folder of them.")] = Path(
        "monitoring/rules"
    ),
    history: Annotated[
        Path,
        typer.Option("--history", help="Parquet, OTLP JSON lines, OpenMetrics text with times, or a folder of them."),
    ],
    incidents: Annotated[
        Path, typer.Option("--incidents", help="What was really wrong: a JSON array of labels, start and end.")
    ],
    max_noise: Annotated[
        float, typer.Option("--max-noise", min=0, max=1, help="The share of alerts that may be about nothing.")
    ] = 0.05,
    step: Annotated[float, typer.Option("--step", min=1, help="Seconds from one evaluation to the next.")] = 60.0,
    slack: Annotated[
        float, typer.Option("--slack", min=0, help="Seconds after an incident in which an alert may still come.")
    ] = 600.0,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object instead of lines.")] = False,
) -> None:
    """Replay rules over a history, and count the alerts that no incident was behind.

    It runs VictoriaMetrics and vmalert for as long as it takes, some seconds for two weeks. Exit code 0, 1 when there
    is more noise than allowed or all incidents were missed, 2 on bad usage or when a program is not installed.
    """
    try:
        labelled = read_incidents(incidents)
        found, episodes = replay_rules(read_rules(rules), history, step_seconds=step)
    except (EngineError, SourceError) as error:
        refuse(str(error))
    verdict = judge(episodes, labelled, max_noise=max_noise, slack_seconds=slack)
    if as_json:
        typer.echo(json.dumps(_described(found, verdict), indent=2))
    else:
        _show(found, verdict)
    raise typer.Exit(0 if verdict.is_well else _FAILED)


def _described(history: History, verdict: Verdict) -> dict[str, Any]:
    return {
        "history": {**asdict(history), "days": round(history.days, 3)},
        "alerts": [asdict(row) for row in verdict.rows],
        "fired": verdict.fired,
        "noise": verdict.noise,
        "noise_rate": verdict.noise_rate,
        "max_noise": verdict.max_noise,
        "incidents": verdict.incidents,
        "missed": [asdict(each) for each in verdict.missed],
        "is_well": verdict.is_well,
    }


def _show(history: History, verdict: Verdict) -> None:
    typer.echo(f"{history.days:.1f} days, {counted(history.series, 'series', 'series')}, {history.samples} samples")
    if verdict.rows:
        show_columns(_HEADS, [(str(row.fired), str(row.noise), row.severity, row.alert) for row in verdict.rows])
    for each in verdict.missed[:_SHOWN_MISSED]:
        typer.echo(f"missed {each.described}")
    if (more := len(verdict.missed) - _SHOWN_MISSED) > 0:
        typer.echo(f"missed {more} more")
    heard = verdict.incidents - len(verdict.missed)
    typer.echo(
        f"noise {verdict.noise_rate:.1%} of {counted(verdict.fired, 'alert')}, at most {verdict.max_noise:.1%}; "
        f"{heard} of {counted(verdict.incidents, 'incident')} seen: {'well' if verdict.is_well else 'NOT WELL'}"
    )
