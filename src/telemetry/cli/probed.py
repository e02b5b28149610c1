"""Tell GitHub what a probe found: at the lines of specifications, and as a summary of the run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from telemetry.errors import SpecError
from telemetry.export import render_tree
from telemetry.probe import Cycle, Report
from telemetry.signals import Finding

from .github import Annotation, cell, fold, report_to_github, table
from .shares import coverage_table

_WIDTH: Final = 140
_PLACE: Final = r"\((?P<file>[^()]+):(?P<line>\d+)\)$"


def tell_github(report: Report, *, is_quiet: bool) -> None:
    """Write annotations and summary where this runs in GitHub Actions; `is_quiet` spares the standard output."""
    report_to_github(_summary(report), _annotations(report), is_quiet=is_quiet)


def _annotations(report: Report) -> Iterator[Annotation]:
    for cycle in report.cycles:
        yield from _of_cycle(cycle, report)
    for finding in report.findings:
        if not finding.rule.startswith("cycle-") and finding.level != "info":
            yield _of_finding(finding)


def _of_cycle(cycle: Cycle, report: Report) -> Iterator[Annotation]:
    """Annotate the lines of a specification; what is wrong with a whole cycle stands at its file."""
    found = [
        each
        for each in report.findings
        if each.rule.startswith("cycle-") and each.place == f"{cycle.spec} with {cycle.backend}"
    ]
    violations = [one for verdict in (cycle.outcome.blocked if cycle.outcome else ()) for one in verdict.violations]
    lines = [one.line for one in violations]
    if isinstance(cycle.error, SpecError):
        lines = [cycle.error.line]
    for index, finding in enumerate(found):
        line = lines[index] if index < len(lines) else 0
        yield Annotation(finding.level, _message(finding), _title(finding), str(cycle.spec), line)


def _of_finding(finding: Finding) -> Annotation:
    place = re.search(_PLACE, finding.place)
    file, line = (place["file"], int(place["line"])) if place else ("", 0)
    return Annotation(finding.level, _message(finding), _title(finding), file, line)


def _title(finding: Finding) -> str:
    return f"telemetry {finding.rule}"


def _message(finding: Finding) -> str:
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    return f"{finding.place}: {finding.problem}{remedy}"


def _summary(report: Report) -> str:
    verdict = "✅ passed" if report.is_passed else "❌ failed"
    parts = [f"### Telemetry probe: {verdict}"]
    if report.cycles:
        parts.append(table(("specification", "backend", "result", "package or error"), map(_row, report.cycles)))
    if report.findings:
        rows = ((each.level, each.rule, each.place, each.problem) for each in report.findings)
        parts.append(table(("level", "rule", "where", "problem"), rows))
    parts += coverage_table(report.live.coverage)
    parts += [cell(line) for line in report.foreign.lines()]
    if report.recorded.spans:
        spans = len(report.recorded.spans)
        tree = render_tree(report.recorded.spans, color=False, width=_WIDTH)
        parts.append(fold(f"{spans} spans", tree))
    return "\n\n".join(parts)


def _row(cycle: Cycle) -> tuple[str, str, str, str]:
    if cycle.outcome is None:
        return (cycle.spec.name, cycle.backend, "failed", str(cycle.error))
    if cycle.outcome.package is None:
        return (cycle.spec.name, cycle.backend, "blocked", f"{len(cycle.outcome.blocked)} operators")
    made = cycle.outcome.package
    return (cycle.spec.name, cycle.backend, "packaged", f"{made.path.name}, {made.size_bytes} bytes")
