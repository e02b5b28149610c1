"""`telemetry contracts live`: what was really recorded, held against the registry."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from telemetry.cli.amounts import counted
from telemetry.cli.folders import refuse
from telemetry.cli.github import Annotation, cell, report_to_github, table
from telemetry.cli.shares import coverage_as_json, coverage_lines, coverage_table
from telemetry.config import read_settings
from telemetry.contracts import Registry, load_registry
from telemetry.errors import ConfigurationError, ContractError, JournalError, SourceError
from telemetry.operations.live import LiveCheck, LiveReport, Recording, Source, open_source
from telemetry.operations.shown import shown_source

_FAILED: Final = 1


class FailOn(StrEnum):
    """From which level on a finding fails the check."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


def live(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder of journals, a bundle, the URL of a Prometheus endpoint, or a file: "
            "a scrape, lines of OTLP JSON, lines of logs; - is the standard input.",
        ),
    ],
    *,
    registry: Annotated[
        list[Path] | None,
        typer.Option(help="A registry file; by default those of the settings, for a bundle its own. Repeatable."),
    ] = None,
    service: Annotated[str | None, typer.Option(help="Look only at what this service recorded.")] = None,
    fail_on: Annotated[FailOn, typer.Option(help="The level from which on a finding fails the check.")] = FailOn.ERROR,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Hold what was really recorded against the contracts, and tell how much of them was seen.

    Exit code 0, 1 when something is wrong, 2 on bad usage or a source that cannot be read.
    """
    try:
        with open_source(source, sys.stdin.buffer) as opened:
            if service is not None and not opened.names_services:
                refuse(f"--service {service}: a {opened.kind} does not say who recorded; leave it out")
            report = _checked(opened, _registry(registry, opened), service)
    except (SourceError, ConfigurationError, ContractError, JournalError) as error:
        refuse(str(error))
    is_failed = report.has(fail_on.value)
    if as_json:
        typer.echo(json.dumps(_contents(report, opened, is_failed=is_failed), indent=2, ensure_ascii=False))
    else:
        for line in _lines(report):
            typer.echo(line)
    report_to_github(_summary(report, source, is_failed=is_failed), _annotations(report), is_quiet=as_json)
    if is_failed:
        raise typer.Exit(_FAILED)


def _registry(files: list[Path] | None, source: Source) -> Registry:
    if not files and source.registry is not None:
        return source.registry
    return load_registry(*(files or read_settings().registry))


def _checked(source: Source, registry: Registry, service: str | None) -> LiveReport:
    check = LiveCheck(registry, source.signals)
    check.take(each for each in source.recordings(registry) if _is_wanted(each, service))
    return check.report()


def _is_wanted(recording: Recording, service: str | None) -> bool:
    return service is None or recording.service in ("", service)


def _lines(report: LiveReport) -> Iterator[str]:
    from telemetry.export.console import printable

    for finding in report.findings:
        yield printable(f"{finding.level:8} {finding}")
    for scope, names in report.foreign.items():
        listed = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in names.items())
        yield printable(f"foreign  {scope}: {listed}")
    yield from coverage_lines(report.coverage)
    yield _counted(report)


def _counted(report: LiveReport) -> str:
    counts = report.counts
    what = f"{counted(counts['spans'], 'span')}, {counts['series']} series, {counted(counts['lines'], 'log line')}"
    apart = f" ({counts['foreign']} foreign)" if counts["foreign"] else ""
    return f"findings: {len(report.findings)} in {what}{apart}"


def _contents(report: LiveReport, source: Source, *, is_failed: bool) -> dict[str, Any]:
    return {
        "verdict": "failed" if is_failed else "passed",
        "source": source.kind,
        "findings": [asdict(each) for each in report.findings],
        "coverage": coverage_as_json(report.coverage),
        "counts": dict(report.counts),
        "seen": {kind: dict(names) for kind, names in report.seen.items()},
        "foreign": {scope: dict(names) for scope, names in report.foreign.items()},
    }


def _annotations(report: LiveReport) -> Iterator[Annotation]:
    for each in report.findings:
        yield Annotation(each.level, f"{each.subject}: {each.problem}; {each.remedy}", title=f"telemetry {each.code}")


def _summary(report: LiveReport, source: str, *, is_failed: bool) -> str:
    verdict = "❌ failed" if is_failed else "✅ passed"
    parts = [
        f"### Telemetry live check: {verdict}",
        f"{cell(shown_source(source))}: {_counted(report)}",
        *coverage_table(report.coverage),
    ]
    if report.findings:
        rows = [(each.level, each.code, each.subject, each.problem, str(each.count)) for each in report.findings]
        parts.append(table(("level", "code", "what", "problem", "times"), rows))
    return "\n\n".join(parts)
