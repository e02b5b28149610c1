"""`telemetry contracts cardinality`: how many series metrics have of those that they may, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from telemetry.cli.columns import show_columns
from telemetry.cli.folders import refuse
from telemetry.config import read_settings
from telemetry.contracts import CODES, Finding, Registry, load_registry
from telemetry.errors import ConfigurationError, ContractError, JournalError, SourceError
from telemetry.operations.cardinality import Usage, usages
from telemetry.operations.live import Misfit, Recording, Sample, Source, open_source
from telemetry.operations.shown import shown_source

_FAILED: Final = 1
_LABELS: Final = 3
_HEADS: Final = ("metric", "environment", "series", "limit", "overflow", "labels with most values")


def cardinality(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A scrape (a file, a URL, - for the standard input), a folder of journals, or a bundle.",
        ),
    ],
    *,
    environment: Annotated[
        str | None,
        typer.Option(help="Hold all series against the limits of this environment; by default each against its own."),
    ] = None,
    registry: Annotated[
        list[Path] | None,
        typer.Option(help="A registry file; by default those of the settings, for a bundle its own. Repeatable."),
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="How many metrics are listed; 0 lists all.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """List the metrics that are closest to their limits of series, and what lies past them; run it daily.

    Exit code 0, 1 when a metric overflowed or has more series than it may, or nothing was recorded, 2 on bad usage.
    """
    try:
        with open_source(source, sys.stdin.buffer) as opened:
            found = _usages(opened, registry, environment)
    except (ConfigurationError, ContractError, JournalError, SourceError) as error:
        refuse(str(error))
    place = shown_source(source)
    findings = [finding for each in found for finding in each.findings(place)] if found else [_nothing(place)]
    listed = found[: top or None]
    if as_json:
        said = {"metrics": [asdict(each) for each in listed], "findings": [asdict(each) for each in findings]}
        typer.echo(json.dumps(said, indent=2))
    else:
        _show(listed, len(found), findings)
    if any(each.level == "error" for each in findings):
        raise typer.Exit(_FAILED)


def _usages(opened: Source, files: list[Path] | None, environment: str | None) -> list[Usage]:
    settings = read_settings()
    registry = _registry(opened, files or list(map(Path, settings.registry)), has_named=bool(files))
    return usages(
        _samples(opened.recordings(registry)),
        registry,
        environment or settings.environment,
        only=environment is not None,
    )


def _samples(recordings: Iterable[Recording]) -> Iterator[Sample]:
    for each in recordings:
        if isinstance(each.what, Sample):
            yield each.what
        elif isinstance(each.what, Misfit):
            yield from each.what.samples()


def _nothing(source: str) -> Finding:
    code = CODES["TC600"]
    return Finding("TC600", code.level, source, "", "no series was recorded", code.remedy)


def _registry(opened: Source, files: Sequence[Path], *, has_named: bool) -> Registry:
    if opened.registry is not None and not has_named:
        return opened.registry
    return load_registry(*files)


def _show(listed: Sequence[Usage], count: int, findings: Sequence[Finding]) -> None:
    if listed:
        show_columns(_HEADS, [_row(each) for each in listed], left=2)
    for each in findings:
        typer.echo(f"{each.level} {each.code} {each.problem}; {each.remedy}")
    typer.echo(f"metrics: {count}, findings: {len(findings)}")


def _row(usage: Usage) -> tuple[str, ...]:
    share = "yes" if usage.overflow_ratio is None else f"{usage.overflow_ratio:.1%}"
    labels = ", ".join(f"{label} {count}" for label, count in list(usage.labels.items())[:_LABELS])
    overflow = share if usage.has_overflowed else ""
    return usage.metric, usage.environment, str(usage.series), str(usage.limit), overflow, labels
