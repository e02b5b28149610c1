"""Hold what was really recorded against the registry, one recording after another, in bounded memory.

It reads no source and prints nothing: `source` gives recordings, the probe gives its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final, final

from telemetry.contracts import (
    OWN_PACK,
    REDACTED,
    EventContract,
    Level,
    MetricContract,
    Registry,
    SpanContract,
    load_registry,
)
from telemetry.operations.shown import shown_name
from telemetry.signals import LogRecord, SpanRecord

from .coverage import SIGNALS, Coverage, Share, Signal
from .finding import Breach, Findings, LiveFinding
from .leaving import Leaving
from .lines import line_breaches, run_breaches
from .metrics import outdated, series_breaches
from .outsiders import CLIENT_LIBRARIES, Outsiders, is_of_client_library, scope_shown
from .presence import Presence
from .recording import OWN_SCOPE, Damage, Misfit, Recording, Sample
from .secrecy import Secrets
from .spans import LEVELS_OF_FOREIGN, span_breaches

_EVENT_NAME: Final = r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+"
_FREE_TEXT: Final = "free text"
_SOURCE: Final = "the source"


@final
@dataclass(frozen=True, slots=True)
class LiveReport:
    """What a live check came to.

    Attributes:
        findings: What is wrong, the worst first.
        coverage: The share of what the contracts declare that was seen: of all `contracts`, of `metrics`, `spans` and
            `events`, and of the `attributes`, `fields` and `label_values` of those that were seen.
        counts: How many `spans`, `series` and `lines` there were, and how many `foreign` ones among them.
        foreign: By scope and name, what is in no contract and not ours.
        seen: By `metrics`, `spans` and `events`: how often each name of a contract was seen.
    """

    findings: tuple[LiveFinding, ...]
    coverage: Mapping[str, Share]
    counts: Mapping[str, int]
    foreign: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seen: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def has(self, level: Level) -> bool:
        """Tell whether there is a finding of this level, or a worse one."""
        wanted = ("error",) if level == "error" else ("error", "warning") if level == "warning" else None
        return any(wanted is None or each.level in wanted for each in self.findings)


@final
class LiveCheck:
    """Takes recordings, and says at the end what was wrong with them and what of the contracts they were.

    Args:
        registry: The contracts. What telemetry measures of itself is known besides.
        signals: What the source can show; the coverage is of these.
    """

    __slots__ = (
        *("_counts", "_coverage", "_findings", "_leaving", "_metrics", "_outsiders", "_own", "_presence", "_secrets"),
        *("_signals", "registry"),
    )

    def __init__(self, registry: Registry, signals: Sequence[Signal] = SIGNALS) -> None:
        self.registry = registry
        self._signals = signals
        self._own = load_registry(packs=[OWN_PACK]).metrics
        self._metrics = {**self._own, **registry.removed, **registry.metrics}
        self._findings = Findings()
        self._coverage = Coverage(registry)
        self._leaving = Leaving(registry)
        self._outsiders = Outsiders()
        self._presence = Presence()
        self._secrets = Secrets(registry)
        self._counts = dict.fromkeys(("spans", "series", "lines", "foreign"), 0)

    def take(self, recordings: Iterable[Recording]) -> None:
        """Check recordings."""
        for recording in recordings:
            match recording.what:
                case SpanRecord() as span:
                    self.span(span, recording)
                case Sample() as sample:
                    self.series(sample, recording)
                case LogRecord() as record:
                    self.line(record, recording)
                case Misfit() as misfit:
                    self._misfit(misfit)
                case Damage() as damage:
                    self._findings.add(_SOURCE, damage.place, [Breach("TC650", damage.place, damage.problem)])

    def report(self) -> LiveReport:
        """Give the report on all that was taken."""
        if not any(self._counts.values()):
            self._findings.add(_SOURCE, _SOURCE, [Breach("TC600", "", "nothing was recorded")])
        for record, example in self._presence.idless():
            problem = "it has no trace id, and a span was open in its process"
            self._findings.add(f"event {shown_name(record.event)}", example, [Breach("TC623", "", problem)])
        for name, example, breaches in self._leaving.breaches(self._coverage.counts["metrics"]):
            self._findings.add(f"metric {name}", example, breaches)
        return LiveReport(
            tuple(self._findings.all()),
            self._coverage.shares(self._signals),
            dict(self._counts),
            self._outsiders.all(),
            {kind: dict(names) for kind, names in self._coverage.counts.items()},
        )

    def span(self, span: SpanRecord, recording: Recording) -> None:
        """Check a span."""
        self._counts["spans"] += 1
        self._presence.span(recording.process, span)
        contract = self._span_contract(span)
        subject = f"span {contract.name if contract else shown_name(span.name)}"
        example = f"span {shown_name(span.name)} (trace {span.trace_id:032x}, span {span.span_id:016x})"
        if contract is not None:
            self._coverage.span(contract.name, span)
            self._findings.add(subject, example, span_breaches(span, contract, self.registry))
        elif span.scope is None:
            problem = "the registry has no such span"
            self._findings.add(subject, example, [Breach("TC601", "", problem, "declare it in a registry file")])
        else:
            self._foreign(scope_shown(span.scope), subject, example)
        self._findings.add(subject, example, self._secrets.breaches(_values_of(span)))

    def series(self, sample: Sample, _recording: Recording) -> None:
        """Check a series."""
        self._counts["series"] += 1
        contract = self._metric_contract(sample)
        name = contract.name if contract else shown_name(sample.names[0])
        secrets = list(self._secrets.breaches(sample.labels))
        subject, example = f"metric {name}", f"metric {name}{{{_pairs(sample.labels, {each.key for each in secrets})}}}"
        if contract is not None:
            self._coverage.series(contract, sample.labels)
            self._leaving.take(contract, sample, example)
            # What telemetry measures of itself has labels that are empty where they do not apply.
            is_its_own = contract.name in self._own and contract.name not in self.registry.metrics
            self._findings.add(subject, example, () if is_its_own else series_breaches(sample, contract))
        elif sample.scope is not None:
            self._foreign(scope_shown(sample.scope), subject, example)
        elif is_of_client_library(sample.names[0]):
            self._counts["foreign"] += 1
            self._outsiders.add(CLIENT_LIBRARIES, subject)
        else:
            self._findings.add(subject, example, [Breach("TC610", "", "the registry has no such metric", "declare it")])
        self._findings.add(subject, example, secrets)

    def line(self, record: LogRecord, recording: Recording) -> None:
        """Check a log record."""
        self._counts["lines"] += 1
        event = shown_name(record.event)
        subject, example = f"event {event}", f"line {self._counts['lines']} ({event})"
        contract = self.registry.events.get(record.event)
        if recording.is_own:
            self._presence.line(recording.process, record, example)
            self._findings.add("every line", example, run_breaches(record, self.registry))
        if contract is not None:
            self._coverage.line(record)
            self._findings.add(subject, example, self._line(record, contract))
        elif not recording.is_own or not re.fullmatch(_EVENT_NAME, record.event):
            subject = _FREE_TEXT
            self._counts["foreign"] += 1
            self._outsiders.add(f"logger {record.logger}" if record.logger else "log lines", _FREE_TEXT)
        else:
            problem = "the registry has no such event"
            self._findings.add(subject, example, [Breach("TC620", "", problem, "declare it in a registry file")])
        self._findings.add(subject, example, self._secrets.breaches({"the event": record.event, **record.fields}))

    def _line(self, record: LogRecord, contract: EventContract) -> Iterator[Breach]:
        return line_breaches(record, contract, self.registry)

    def _misfit(self, misfit: Misfit) -> None:
        self._counts["series"] += 1
        subject = f"metric {shown_name(misfit.name)}"
        removed = self.registry.removed.get(misfit.name)
        if removed is not None:
            breaches = outdated(removed)
        else:
            code = misfit.code or ("TC611" if misfit.name in self._metrics else "TC610")
            breaches = iter([Breach(code, "", misfit.problem)])
        self._findings.add(subject, misfit.example or subject, breaches)

    def _foreign(self, scope: str, subject: str, example: str) -> None:
        self._counts["foreign"] += 1
        self._outsiders.add(scope, subject)
        policy = self.registry.foreign
        if policy != "allow":
            level = LEVELS_OF_FOREIGN[policy]
            problem = f"it came from {scope}, and the registry's `foreign` is {policy}"
            self._findings.add(subject, example, [Breach("TC640", scope, problem, level=level)])

    def _span_contract(self, span: SpanRecord) -> SpanContract | None:
        if span.scope is not None:
            return self.registry.spans.get(span.name)
        return self.registry.shown_span(span.name, span.kind, span.attributes)

    def _metric_contract(self, sample: Sample) -> MetricContract | None:
        if sample.scope is not None and sample.scope.name != OWN_SCOPE:
            return self.registry.metrics.get(sample.names[0])
        found = (self._metrics.get(name) for name in sample.names)
        return next((each for each in found if each is not None), None)


def _pairs(labels: Mapping[str, str], secret: Set[str]) -> str:
    shown = {label: REDACTED if label in secret else shown_name(value) for label, value in labels.items()}
    return ", ".join(f"{label}={value!r}" for label, value in shown.items())


def _values_of(span: SpanRecord) -> dict[str, Any]:
    """Give all values of a span that somebody may read, by a name."""
    values: dict[str, Any] = {"the status": span.status_description, **span.attributes}
    for event in span.events:
        values.update((f"{event.name} {name}", value) for name, value in event.attributes.items())
    return values
