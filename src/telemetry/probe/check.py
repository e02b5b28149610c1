"""Compares what a run recorded with what the contracts ask for and allow.

It reads records, families and log lines as they left the recorder, and gives findings; it runs and prints nothing.
What is foreign (`foreign`) is held against nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import final

from telemetry.contracts import MetricContract, Registry
from telemetry.signals import Distribution, Family, Finding, LogRecord, Quantiles, SpanRecord

from .foreign import is_foreign, unknown_attributes

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

_RUN_FIELDS = ("run_id", "organization_slug", "component", "env")


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


def check(recorded: Recorded, registry: Registry, expected: Expected) -> list[Finding]:
    """List everything that is missing, wrong, or not allowed."""
    return [
        *_spans(recorded.own_spans, registry),
        *_traces(recorded, expected),
        *_metrics([family for family in recorded.families if not is_foreign(family)], registry, expected.metrics),
        *_logs(recorded, registry, expected.events),
        *_losses(recorded),
    ]


def _error(rule: str, place: str, problem: str, remedy: str) -> Finding:
    return Finding("error", rule, place, problem, remedy)


def _spans(spans: Iterable[SpanRecord], registry: Registry) -> Iterator[Finding]:
    for span in spans:
        place = f"span {span.name} ({span.span_id:016x})"
        contract = registry.spans.get(span.name)
        if contract is None:
            yield _error("span-known", place, "the registry has no such span", "declare it in a registry file")
            continue
        known = span.attributes.keys() - unknown_attributes(span, registry)
        attributes = {name: value for name, value in span.attributes.items() if name in known}
        for breach in contract.breaches(attributes, span.status == "error", registry.attributes):
            yield _error("span-attributes", place, breach, f"set it in the function that {span.name} is around")
        if span.end_ns < span.start_ns:
            yield _error("span-times", place, "it ends before it starts", "report this as a bug of telemetry")


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


def _metrics(families: Sequence[Family], registry: Registry, expected: Sequence[str]) -> Iterator[Finding]:
    found = {family.name for family in families}
    for name in expected:
        if name not in found:
            yield _error(
                "metric-missing", f"metric {name}", "it has no series", "record it in the stage that it is about"
            )
    for family in families:
        contract = registry.metrics.get(family.name)
        if contract is None:
            yield _error("metric-known", f"metric {family.name}", "the registry has no such metric", "declare it")
        else:
            yield from _family(family, contract)


def _family(family: Family, contract: MetricContract) -> Iterator[Finding]:
    place = f"metric {family.name}"
    if (family.kind, family.unit, family.labels) != (contract.kind, contract.unit, contract.labels):
        problem = f"it is a {family.kind} in {family.unit} with the labels {', '.join(family.labels)}"
        yield _error("metric-shape", place, problem, "make it what the registry says")
        return
    for series in family.series:
        at = f"{place}{{{', '.join(f'{n}={v!r}' for n, v in zip(family.labels, series.labels, strict=True))}}}"
        for label, value in zip(family.labels, series.labels, strict=True):
            breach = contract.label_breach(label, value)
            if breach is not None:
                yield _error("metric-label", at, breach, "give the label another value")
        if _is_out_of_range(series.value, contract):
            yield _error(
                "metric-range", at, f"{series.value} is not within {contract.range}", "correct what is recorded"
            )


def _is_out_of_range(value: float | Distribution | Quantiles, contract: MetricContract) -> bool:
    if contract.range is None or not isinstance(value, (int, float)):
        return False
    low, high = contract.range
    return not low <= value <= high


def _logs(recorded: Recorded, registry: Registry, expected: Sequence[str]) -> Iterator[Finding]:
    events = {record.event for record in recorded.logs}
    for name in expected:
        if name not in events:
            yield _error(
                "event-missing", f"event {name}", "no such line came out", "log it in the stage that it is about"
            )
    spans = {(span.trace_id, span.span_id) for span in recorded.spans}
    for number, record in enumerate(recorded.logs, start=1):
        place = f"log line {number} ({record.event})"
        yield from _line(place, record, registry)
        if record.trace_id and (record.trace_id, record.span_id) not in spans:
            yield _error("log-span", place, "its ids lead to no span", "log inside a span that is recorded")


def _line(place: str, record: LogRecord, registry: Registry) -> Iterator[Finding]:
    for name in _RUN_FIELDS:
        if name not in record.fields:
            yield _error("log-run", place, f"{name!r} is missing", "log through telemetry.get_logger()")
    if not record.trace_id:
        yield _error("log-ids", place, "it has no trace id", "log inside a span")


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
