"""Compares what a run recorded with what the contracts ask for, and with what a whole run has.

The contracts are the live check's business; here is what only a whole run shows: stages, roots, losses. It runs and
prints nothing. What is foreign (`foreign`) is held against nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import final

from telemetry.contracts import Registry
from telemetry.operations.live import LiveCheck, LiveFinding, LiveReport, Recording, samples_of
from telemetry.signals import Family, Finding, LogRecord, SpanRecord

from .foreign import is_foreign

STAGES = (
    "spec.parse",
    "plan.compile_graph",
    "codegen.lower",
    "compile.execute",
    "verify.run",
    "distribute.package",
)
"""The six spans of a whole cycle, in order."""

ROOT = "pipeline.run"

_ALONE = frozenset(("nothing", "log-ids"))
"""Rules of the live check that a whole run has stricter ones for."""


@final
@dataclass(frozen=True, slots=True)
class Recorded:
    """Everything that came out of a run.

    Attributes:
        losses: What was refused, dropped or lost, by reason.
        named: The distinct cases of it, as (reason, detail).
    """

    spans: Sequence[SpanRecord]
    families: Sequence[Family]
    logs: Sequence[LogRecord]
    losses: Mapping[str, int] = field(default_factory=dict)
    named: Sequence[tuple[str, str]] = ()

    @property
    def own_spans(self) -> list[SpanRecord]:
        """The spans under the contracts."""
        return [span for span in self.spans if not is_foreign(span)]


@final
@dataclass(frozen=True, slots=True)
class Expected:
    """What must have come out of each trace, and of the run as a whole; `one_trace` for a run that is a single one."""

    spans: Sequence[str] = ()
    metrics: Sequence[str] = ()
    events: Sequence[str] = ()
    one_trace: bool = False


def check(recorded: Recorded, registry: Registry, expected: Expected, live: LiveReport | None = None) -> list[Finding]:
    """List everything that is missing, wrong, or not allowed; `live` is what `examine` gave, where it is known."""
    found = live or examine(recorded, registry)
    return [
        *(_finding(each) for each in found.findings if each.rule not in _ALONE),
        *_traces(recorded, expected),
        *_metrics(recorded.families, expected.metrics),
        *_logs(recorded, expected.events),
        *_losses(recorded),
    ]


def examine(recorded: Recorded, registry: Registry) -> LiveReport:
    """Hold what was recorded against the contracts, one by one; foreign spans and metrics against none."""
    check = LiveCheck(registry)
    check.take(Recording(span) for span in recorded.own_spans)
    own = (family for family in recorded.families if not is_foreign(family))
    check.take(Recording(sample) for family in own for sample in samples_of(family))
    check.take(Recording(record) for record in recorded.logs)
    return check.report()


def _finding(found: LiveFinding) -> Finding:
    problem = found.problem if found.count == 1 else f"{found.problem} ({found.count} times)"
    return Finding(found.level, found.rule, found.example, problem, found.remedy)


def _error(rule: str, place: str, problem: str, remedy: str) -> Finding:
    return Finding("error", rule, place, problem, remedy)


def _traces(recorded: Recorded, expected: Expected) -> Iterator[Finding]:
    traces: dict[int, list[SpanRecord]] = {}
    for span in recorded.own_spans:
        traces.setdefault(span.trace_id, []).append(span)
    ids = {span.span_id for span in recorded.spans}
    if expected.spans and not traces:
        yield _error("span-missing", "trace", "no span came out at all", "call telemetry.configure() before the run")
    for trace_id, members in traces.items():
        yield from _trace(f"trace {trace_id:032x}", members, expected.spans, ids)
    if expected.one_trace and len(traces) > 1:
        remedy = "carry the context into threads and processes: telemetry.propagate(), or the setting patch_stdlib"
        yield _error("trace-root", "the run", f"it has {len(traces)} traces", remedy)


def _trace(place: str, members: Sequence[SpanRecord], expected: Sequence[str], ids: Set[int]) -> Iterator[Finding]:
    names = {span.name for span in members}
    for name in expected:
        if name not in names:
            yield _error("span-missing", place, f"{name} did not come out", f"decorate the function that does {name}")
    roots = [span for span in members if span.parent_span_id not in ids]
    if len(roots) > 1:
        listed = ", ".join(span.name for span in roots)
        yield _error("trace-root", place, f"it has {len(roots)} roots: {listed}", "open one span around the whole run")
    for span in members if ROOT in expected else ():
        if span.name in STAGES and not span.parent_is_remote and span.parent_span_id not in ids:
            problem = f"{span.name} has no parent in its trace"
            yield _error("span-parent", place, problem, "call the stage inside the span of the run")


def _metrics(families: Sequence[Family], expected: Sequence[str]) -> Iterator[Finding]:
    found = {family.name for family in families}
    for name in expected:
        if name not in found:
            yield _error(
                "metric-missing", f"metric {name}", "it has no series", "record it in the stage that it is about"
            )


def _logs(recorded: Recorded, expected: Sequence[str]) -> Iterator[Finding]:
    events = {record.event for record in recorded.logs}
    for name in expected:
        if name not in events:
            yield _error(
                "event-missing", f"event {name}", "no such line came out", "log it in the stage that it is about"
            )
    spans = {(span.trace_id, span.span_id) for span in recorded.spans}
    for number, record in enumerate(recorded.logs, start=1):
        place = f"line {number} ({record.event})"
        if not record.trace_id:
            yield _error("log-ids", place, "it has no trace id", "log inside a span")
        elif (record.trace_id, record.span_id) not in spans:
            yield _error("log-span", place, "its ids lead to no span", "log inside a span that is recorded")


def _losses(recorded: Recorded) -> Iterator[Finding]:
    details: dict[str, list[str]] = {}
    for reason, detail in recorded.named:
        details.setdefault(reason, []).append(detail)
    for reason, count in recorded.losses.items():
        if reason == "sampled_out":
            continue
        cases = details.get("log" if reason.startswith("log_") else reason)
        problem = f"{count} times" + (f": {'; '.join(cases)}" if cases else "")
        if reason.startswith("foreign_"):
            yield Finding("info", reason.replace("_", "-"), "OpenTelemetry's API", problem)
            continue
        yield _error(f"refused-{reason.replace('_', '-')}", "recorder", problem, "correct the place that is named")
