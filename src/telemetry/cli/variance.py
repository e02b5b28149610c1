"""`telemetry variance`: how far what is measured now is from what was measured before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from time import time_ns
from typing import Annotated, Any, Final, TypeVar

import typer

from telemetry.config import read_settings
from telemetry.contracts import OWN_PACK, load_registry, shipped_packs
from telemetry.errors import ConfigurationError, ContractError

from .columns import show_columns
from .folders import refuse

_FAILED: Final = 1
_Made = TypeVar("_Made")

app = typer.Typer(no_args_is_help=True, help="Compare what is measured with a stored baseline.")

Source = Annotated[
    str,
    typer.Option(
        "--source", "-s", help="An engine's address, a folder of journals, a bundle, Parquet, or OTLP JSON lines."
    ),
]
WindowText = Annotated[str, typer.Option("--window", "-w", help="24h (until now), START/48h, or START/END.")]
RowTexts = Annotated[
    list[str] | None,
    typer.Option("--row", help="Compare this instead: METRIC:STATISTIC, such as parse_duration_ms:p95<=90. Repeat it."),
]
Registry = Annotated[list[Path] | None, typer.Option("--registry", help="A file of contracts. Repeat it.")]
TokenFile = Annotated[Path | None, typer.Option("--token-file", help="A file with the token that the engine wants.")]
Now = Annotated[str | None, typer.Option("--now", help="Take this moment for now.")]


@app.command("capture")
def capture_baseline(
    *,
    source: Source,
    window: WindowText,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the baseline goes.")] = Path("baseline.json"),
    environment: Annotated[str, typer.Option(help="Take only series of this environment.")] = "",
    region: Annotated[str, typer.Option(help="Take only series of this host_region.")] = "",
    row: RowTexts = None,
    registry: Registry = None,
    token_file: TokenFile = None,
    now: Now = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say what was captured as JSON.")] = False,
) -> None:
    """Measure a window, and keep it hour by hour as a baseline.

    Exit code 0 when every metric has samples, 1 when one has none, 2 on bad usage.
    """
    from telemetry.operations.variance import Scope, capture, read_window, write_baseline

    now_s = moment(now)
    contracts = registry_of(registry)
    measured = tried(
        lambda: capture(
            opened(source, contracts, token_file),
            contracts,
            rows_of(row),
            read_window(window, now_s),
            Scope(environment, region),
            now_s=now_s,
        )
    )
    tried(lambda: write_baseline(measured, output))
    empty = [name for name, blocks in measured.blocks.items() if not blocks]
    if as_json:
        counts = {name: sum(block.count for block in blocks) for name, blocks in measured.blocks.items()}
        typer.echo(
            json.dumps({"output": str(output), "samples": counts, "problems": list(measured.problems)}, indent=2)
        )
    else:
        said = [
            (name, f"{sum(block.count for block in blocks):g}", str(len(blocks)))
            for name, blocks in measured.blocks.items()
        ]
        show_columns(("metric", "observations", "blocks"), said, left=1)
    complain([*measured.problems, *(f"{name}: no samples in the window" for name in empty)])
    raise typer.Exit(_FAILED if empty else 0)


@app.command("compare")
def compare_window(
    baseline: Annotated[Path, typer.Argument(help="What `capture` wrote.")],
    *,
    source: Source,
    window: WindowText,
    checkpoints: Annotated[str, typer.Option(help="Times after the start of the window: 12h,24h,36h,48h.")] = "",
    allow_missing: Annotated[bool, typer.Option(help="Leave rows without enough data out of the verdict.")] = False,
    least_samples: Annotated[int, typer.Option(min=1, help="How many observations are enough data.")] = 30,
    output: Annotated[
        Path | None, typer.Option("--publish", help="Write telemetry_variance_ratio to this .prom file.")
    ] = None,
    row: RowTexts = None,
    registry: Registry = None,
    token_file: TokenFile = None,
    now: Now = None,
    as_json: Annotated[bool, typer.Option("--json", help="Give the result as JSON.")] = False,
) -> None:
    """Compare a window with a baseline, row by row: change, target, trend, and whether it can be tolerated.

    Exit code 0 when it can, 1 on a breach or without enough data, 2 on bad usage.
    """
    from telemetry.operations.variance import Terms, compare, publish, read_baseline, read_duration, read_window

    now_s = moment(now)
    contracts = registry_of(registry)
    hours = tried(lambda: [read_duration(each) / 3600 for each in checkpoints.split(",") if each])
    terms = Terms(rows_of(row), hours, allow_missing, least_samples)
    stored = tried(lambda: read_baseline(baseline, contracts))
    history = opened(source, contracts, token_file)
    report = tried(lambda: compare(stored, history, contracts, read_window(window, now_s), terms, now_s=now_s))
    if output is not None:
        tried(lambda: publish(report, contracts, output))
    if as_json:
        typer.echo(json.dumps(report.document(), indent=2))
    else:
        for comparison in report.comparisons:
            _show(comparison)
        complain(report.problems)
        typer.echo(f"verdict: {report.verdict}")
    raise typer.Exit(0 if report.verdict in ("ok", "drifts") else _FAILED)


def _show(comparison: Any) -> None:
    if comparison.region:
        typer.echo(f"\nregion {comparison.region}")
    hours = [f"{each.hours:g} h" for each in comparison.checkpoints]
    lines = []
    for index, (row, trend) in enumerate(zip(comparison.rows, comparison.trends, strict=True)):
        cells = [each.cells[index] for each in comparison.checkpoints]
        base = next((f"{cell.base:.4g}" for cell in cells if cell.base is not None), "-")
        target = f"{row.relation} {row.target:g}" if row.relation else "-"
        lines.append(
            (f"{row.metric} {row.statistic}", target, base, *map(_cell, cells), _trend(trend), _verdict(cells[-1]))
        )
    overall = [percent(each.overall) for each in comparison.checkpoints]
    last = comparison.checkpoints[-1]
    lines.append(("overall", "± 5 %", "-", *overall, _trend(comparison.trend), f"{last.verdict} {last.level}".strip()))
    show_columns(("metric", "target", "baseline", *hours, "forecast", "verdict"), lines, left=2)


def _cell(cell: Any) -> str:
    if cell.change is None:
        return "-"
    sure = f" [{100 * cell.low:+.1f}, {100 * cell.high:+.1f}]" if cell.low is not None else ""
    return f"{cell.value:.4g} {percent(cell.change)}{sure}"


def _verdict(cell: Any) -> str:
    return f"{cell.verdict} {cell.level}".strip() + (f": {cell.reason}" if cell.reason else "")


def _trend(trend: Any) -> str:
    if trend is None:
        return "-"
    sure = f" [{100 * trend.low:+.1f}, {100 * trend.high:+.1f}]" if trend.low is not None else ""
    return f"{percent(trend.forecast)}{sure} at {trend.at_hours:g} h"


def percent(share: float | None) -> str:
    """Write a share as a percentage with its sign."""
    return "-" if share is None else f"{100 * share:+.1f} %"


def moment(now: str | None) -> float:
    """Give the moment that counts as now, in seconds since the epoch."""
    from telemetry.operations.variance import read_moment

    return time_ns() / 1e9 if now is None else tried(lambda: read_moment(now))


def registry_of(files: list[Path] | None) -> Any:
    """Load the contracts that are named or set; all shipped packs where there are none."""

    def loaded() -> Any:
        paths = read_settings(registry=files).registry
        return load_registry(*paths) if paths else load_registry(packs=(*shipped_packs(), OWN_PACK))

    return tried(loaded)


def rows_of(texts: list[str] | None) -> Any:
    """Read rows; those of the packs where none are named."""
    from telemetry.operations.variance import ROWS, read_row

    return tried(lambda: [read_row(text) for text in texts]) if texts else ROWS


def opened(source: str, registry: Any, token_file: Path | None) -> Any:
    """Open a source of history."""
    from telemetry.operations.history import open_history

    try:
        token = token_file.read_text(encoding="utf-8").strip() if token_file else None
    except OSError as error:
        refuse(f"--token-file {token_file}: {error.strerror}")
    return tried(lambda: open_history(source, registry, token=token))


def tried(act: Callable[[], _Made]) -> _Made:
    """Do something, and end with what is wrong where it cannot be done."""
    from telemetry.operations.history import HistoryError

    try:
        return act()
    except (ConfigurationError, ContractError, HistoryError) as error:
        refuse(str(error))
    except ModuleNotFoundError as error:
        refuse(f"{error.name} is not installed: pip install 'telemetry[operations]'")


def complain(problems: Any) -> None:
    """Say what was left out."""
    from telemetry.export.console import printable

    for problem in problems:
        typer.secho(printable(f"telemetry: {problem}"), err=True)
