"""A probe's report as JSON and as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from telemetry.export import render_table, render_tree
from telemetry.signals import Distribution, Family, Finding, LogRecord, Quantiles, Series, SpanRecord

from .foreign import Foreign, is_foreign
from .gate import Cycle, Report

_LINES_SHOWN = 8


def as_json(report: Report) -> dict[str, Any]:
    """Give everything as JSON values; ids are hex text as in W3C Trace Context, times nanoseconds since the epoch."""
    return {
        "verdict": "passed" if report.is_passed else "failed",
        "findings": [asdict(finding) for finding in report.findings],
        "cycles": [_cycle(cycle) for cycle in report.cycles],
        "coverage": {
            kind: {"seen": share.seen, "total": share.total, "percent": share.percent, "missing": list(share.missing)}
            for kind, share in report.live.coverage.items()
        },
        "missing_binaries": dict(report.readiness.missing) if report.readiness else {},
        "spans": [_span(span) for span in report.recorded.own_spans],
        "metrics": [_family(family) for family in _own_families(report)],
        "logs": [_line(line) for line in report.recorded.logs],
        "losses": dict(report.recorded.losses),
        "foreign": _foreign(report.foreign),
    }


def as_text(report: Report, *, color: bool, width: int) -> str:
    """Give tree, table, the last log lines and the verdict, for people."""
    parts = [
        render_tree(report.recorded.spans, color=color, width=width),
        render_table(report.recorded.families, color=color, width=width),
        "\n".join(_log_lines(report)),
        "\n".join(_verdict(report)),
    ]
    return "\n\n".join(part for part in parts if part)


def _log_lines(report: Report) -> Iterator[str]:
    lines = report.recorded.logs
    if len(lines) > _LINES_SHOWN:
        yield f"… {len(lines) - _LINES_SHOWN} log lines before"
    for line in lines[-_LINES_SHOWN:]:
        own = " ".join(f"{name}={value}" for name, value in line.fields.items() if name in ("backend", "operator"))
        ids = f"trace_id={line.trace_id:032x} span_id={line.span_id:016x}"
        yield f"{line.severity:8} {line.event:16} {ids} {own}".rstrip()


def _verdict(report: Report) -> Iterator[str]:
    for cycle in report.cycles:
        if cycle.outcome is None:
            yield f"failed    {cycle.spec.name} with {cycle.backend}: {cycle.error}"
        elif cycle.outcome.package is None:
            yield f"blocked   {cycle.spec.name} with {cycle.backend}"
        else:
            made = cycle.outcome.package
            yield f"packaged  {cycle.spec.name} with {cycle.backend}: {made.path} ({made.size_bytes} bytes)"
    for name, missing in (report.readiness.missing if report.readiness else {}).items():
        if missing:
            yield f"not ready {name}: {', '.join(missing)} not found"
    yield from (_finding(finding) for finding in report.findings)
    yield from report.foreign.lines()
    whole = report.live.coverage["contracts"]
    kinds = ((kind, report.live.coverage[kind]) for kind in ("metrics", "spans", "events"))
    each = ", ".join(f"{share.seen} of {share.total} {kind}" for kind, share in kinds)
    yield f"coverage  {whole.percent:g} % of the contracts: {each}"
    recorded = report.recorded
    own = f"{len(recorded.own_spans)} spans, {len(_own_families(report))} metrics"
    counted = f"{own}, {len(recorded.logs)} log lines"
    errors = sum(finding.level == "error" for finding in report.findings)
    yield f"PASSED: {counted} keep the contracts" if not errors else f"FAILED: {errors} findings in {counted}"


def _own_families(report: Report) -> list[Family]:
    return [family for family in report.recorded.families if not is_foreign(family)]


def _foreign(found: Foreign) -> dict[str, Any]:
    return {
        "spans": [{**_span(span), "scope": span.scope and span.scope.name} for span in found.spans],
        "metrics": [_family(family) for family in found.families],
        "attributes": {span: list(names) for span, names in (found.attributes or {}).items()},
    }


def _finding(finding: Finding) -> str:
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    # One line each: what begins a line of its own may be a command to the host of a run.
    return " ".join(f"{finding.level:9} [{finding.rule}] {finding.place}: {finding.problem}{remedy}".splitlines())


def _cycle(cycle: Cycle) -> dict[str, Any]:
    outcome = cycle.outcome
    return {
        "spec": str(cycle.spec),
        "backend": cycle.backend,
        "result": outcome.result if outcome else "failure",
        "error": None if cycle.error is None else {"code": cycle.error.code, "message": str(cycle.error)},
        "verdicts": [
            {"operator": each.operator, "outcome": each.outcome, "provenance_id": each.provenance_id}
            for each in (outcome.verdicts if outcome else ())
        ],
        "cache_hits": sum(artefact.cache_hit for artefact in outcome.artefacts) if outcome else 0,
        "package": None
        if outcome is None or outcome.package is None
        else {
            "path": str(outcome.package.path),
            "sha256": outcome.package.sha256,
            "size_bytes": outcome.package.size_bytes,
        },
    }


def _span(span: SpanRecord) -> dict[str, Any]:
    return {
        "name": span.name,
        "trace_id": f"{span.trace_id:032x}",
        "span_id": f"{span.span_id:016x}",
        "parent_span_id": None if span.parent_span_id is None else f"{span.parent_span_id:016x}",
        "start_ns": span.start_ns,
        "end_ns": span.end_ns,
        "status": span.status,
        "attributes": _plain(span.attributes),
        "events": [{"name": event.name, "attributes": _plain(event.attributes)} for event in span.events],
    }


def _plain(value: Any) -> Any:
    """Give an attribute's value as JSON has it; OpenTelemetry's API allows mappings and bytes, which become hex."""
    match value:
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case tuple() | list():
            return [_plain(each) for each in value]
        case bytes():
            return value.hex()
        case _:
            return value


def _family(family: Family) -> dict[str, Any]:
    return {
        "name": family.name,
        "kind": family.kind,
        "unit": family.unit,
        "series": [_series(family, series) for series in family.series],
    }


def _series(family: Family, series: Series) -> dict[str, Any]:
    value = series.value
    shown: Any = value
    if isinstance(value, Distribution):
        shown = {"buckets": list(value.buckets), "bounds": list(family.bounds), "sum": value.sum, "count": value.count}
    elif isinstance(value, Quantiles):
        quantiles = {str(share): estimate for share, estimate in value.values}
        shown = {"quantiles": quantiles, "sum": value.sum, "count": value.count}
    return {"labels": dict(zip(family.labels, series.labels, strict=True)), "value": shown}


def _line(line: LogRecord) -> dict[str, Any]:
    return {
        "event": line.event,
        "severity": line.severity,
        "trace_id": f"{line.trace_id:032x}",
        "span_id": f"{line.span_id:016x}",
        "fields": dict(line.fields),
    }
