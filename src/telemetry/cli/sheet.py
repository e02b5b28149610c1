"""`telemetry sheet`: look at dashboards without Grafana, with the data of a store."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from time import time_ns
from typing import Annotated, final

import typer

from telemetry.errors import EngineError, SourceError
from telemetry.operations.engines import QueryApi
from telemetry.operations.sheets import Answer, Dashboard, ask, draw_sheet, read_dashboard

from .folders import refuse

_FAILED = 1
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


def sheet(
    dashboards: Annotated[list[Path], typer.Argument(help="Dashboards as JSON, or folders of them.")],
    *,
    url: Annotated[str, typer.Option("--url", help="A Prometheus or VictoriaMetrics.")] = "http://127.0.0.1:9090",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A folder for the pictures, UID.png; without it none is drawn."),
    ] = None,
    last: Annotated[
        str, typer.Option("--last", help="The time range, such as 6h; by default each dashboard's own.")
    ] = "",
    chosen: Annotated[
        list[str] | None, typer.Option("--var", help="NAME=VALUE, what a variable stands for; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write what each query gave as JSON.")] = False,
) -> None:
    """Ask every query of dashboards, and draw the answers as one picture each.

    Exit code 0, 1 when the store refused a query, 2 on bad usage or when nothing answers.
    """
    seconds, values = _span(last), _values(chosen or [])
    end = time_ns() / 1e9
    found = []
    try:
        with QueryApi(url) as api:
            api.instant("1", end)
            for path in _files(dashboards):
                dashboard = read_dashboard(path)
                answers = ask(dashboard, api, end, seconds=seconds, values=values)
                found.append(_Asked(path, dashboard, answers, _draw(dashboard, answers, output, end)))
    except (EngineError, SourceError) as error:
        refuse(str(error))
    if as_json:
        typer.echo(json.dumps([each.described for each in found], indent=2))
    else:
        for each in found:
            each.show()
    raise typer.Exit(_FAILED if any(answer.problem for each in found for answer in each.answers) else 0)


@final
@dataclass(frozen=True, slots=True)
class _Asked:
    """A dashboard, and what came of it."""

    path: Path
    dashboard: Dashboard
    answers: list[Answer]
    picture: Path | None

    @property
    def described(self) -> dict[str, object]:
        """What it is, for JSON."""
        panels = [
            {
                "panel": each.panel.title,
                "ref": each.query.ref,
                "query": each.text,
                "state": each.state,
                "series": len(each.series),
                "problem": each.problem,
            }
            for each in self.answers
        ]
        picture = str(self.picture) if self.picture else None
        return {"file": str(self.path), "uid": self.dashboard.uid, "sheet": picture, "queries": panels}

    def show(self) -> None:
        """Write one line, and one more for each query that gave nothing."""
        counts = Counter(answer.state for answer in self.answers)
        said = ", ".join(f"{counts[state]} {state}" for state in ("ok", "empty", "refused") if counts[state])
        typer.echo(f"{self.dashboard.title}: {said}{f', {self.picture}' if self.picture else ''}")
        for each in self.answers:
            if each.state != "ok":
                typer.echo(f"  {each.state}: {each.panel.title} {each.query.ref}: {each.problem or each.text}")


def _files(paths: list[Path]) -> list[Path]:
    found = [file for path in paths for file in (sorted(path.rglob("*.json")) if path.is_dir() else [path])]
    if not found:
        refuse(f"there is no dashboard in {', '.join(map(str, paths))}; their files end in .json")
    return found


def _draw(dashboard: Dashboard, answers: list[Answer], folder: Path | None, end: float) -> Path | None:
    if folder is None:
        return None
    path = folder / f"{dashboard.uid}.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draw_sheet(dashboard, answers, path, end=end)
    except OSError as error:
        refuse(f"--output {folder}: {error.strerror or error}")
    return path


def _span(last: str) -> float | None:
    if not last:
        return None
    number, unit = last[:-1], last[-1]
    if not number.isdecimal() or not int(number) or unit not in _SECONDS:
        refuse(f"--last {last}: write a number with m, h or d, such as 6h")
    return float(number) * _SECONDS[unit]


def _values(chosen: list[str]) -> dict[str, str]:
    for each in chosen:
        if "=" not in each:
            refuse(f"--var {each}: write NAME=VALUE")
    return dict(each.split("=", 1) for each in chosen)
