"""Compare two registries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from telemetry.contracts.event import EventContract
from telemetry.contracts.metric import MetricContract
from telemetry.contracts.registry import FOREIGN, Registry
from telemetry.contracts.span import SpanContract

from .attributes import compare_attributes
from .change import Change, Subject
from .metrics import compare_metric
from .tables import compare_stability, compare_tables, compare_values, compare_words, quoted

_Contract = TypeVar("_Contract", MetricContract, SpanContract, EventContract)


def compare_registries(old: Registry, new: Registry) -> tuple[Change, ...]:
    """List what changed from one registry to another, the worst first.

    A change breaks when it takes away what a dashboard, an alert or a program may rely on. What was experimental may
    break, with a warning. What is stable may not: it gets a second version under another name, and is deprecated.

    >>> from telemetry.contracts import load_registry
    >>> [change.line for change in compare_registries(load_registry(), load_registry())]
    []
    """
    changes = [
        *_compare_metrics(old, new),
        *compare_tables(old.spans, new.spans, _span, _compare_span, _added),
        *compare_tables(old.events, new.events, _event, _compare_event, _added),
        *compare_attributes("attribute", old.attributes, new.attributes),
        *compare_attributes("field", old.fields, new.fields),
        *_compare_enumerations(old, new),
        *_compare_limits(old, new),
    ]
    return tuple(sorted(changes, key=lambda change: change.order))


def _added(subject: Subject, _: _Contract) -> Change:
    return subject.compatible("TC402", "was added")


def _compare_metrics(old: Registry, new: Registry) -> Iterator[Change]:
    def compare(subject: Subject, before: MetricContract, after: MetricContract) -> Iterator[Change]:
        return compare_metric(subject, before, after, old.enumerations, new.enumerations)

    def about(metric: MetricContract) -> Subject:
        return Subject("metric", metric.name, metric.stability)

    return compare_tables(_declared(old), _declared(new), about, compare, _added)


def _declared(registry: Registry) -> dict[str, MetricContract]:
    """Leave out what comes and goes with a deprecated metric."""
    return {name: metric for name, metric in registry.metrics.items() if not metric.counts}


def _span(contract: SpanContract) -> Subject:
    return Subject("span", contract.name, contract.stability)


def _compare_span(subject: Subject, old: SpanContract, new: SpanContract) -> Iterator[Change]:
    if old.kind != new.kind:
        yield subject.breaking("TC404", f"'kind' changed from {old.kind!r} to {new.kind!r}")
    yield from compare_attributes("attribute", old.attributes, new.attributes, subject)
    yield from compare_stability(subject, old.stability, new.stability)
    yield from compare_words(subject, old, new, ("description",))


def _event(contract: EventContract) -> Subject:
    return Subject("event", contract.name, contract.stability)


def _compare_event(subject: Subject, old: EventContract, new: EventContract) -> Iterator[Change]:
    if old.severity != new.severity:
        yield subject.breaking("TC410", f"'severity' changed from {old.severity!r} to {new.severity!r}")
    yield from compare_attributes("field", old.fields, new.fields, subject)
    yield from compare_stability(subject, old.stability, new.stability)
    yield from compare_words(subject, old, new, ("description",))


def _compare_enumerations(old: Registry, new: Registry) -> Iterator[Change]:
    for name in sorted(old.enumerations.keys() | new.enumerations.keys()):
        subject = Subject("enumeration", name)
        if name not in new.enumerations:
            yield subject.compatible("TC401", "was removed")
        elif name not in old.enumerations:
            yield subject.compatible("TC402", "was added")
        else:
            subject = _of_users(name, old)
            yield from compare_values(subject, "it", old.enumerations[name], new.enumerations[name])


def _of_users(name: str, registry: Registry) -> Subject:
    """Tell how stable an enumeration is: experimental, where all that use it are."""
    users = [metric.stability for metric in registry.metrics.values() if name in metric.labels]
    of_spans = [span.attributes for span in registry.spans.values()]
    of_events = [event.fields for event in registry.events.values()]
    for table in (*of_spans, *of_events, registry.attributes, registry.fields):
        users += [attribute.stability for attribute in table.values() if attribute.enumeration == name]
    only_experimental = bool(users) and set(users) == {"experimental"}
    return Subject("enumeration", name, "experimental" if only_experimental else "stable")


def _compare_limits(old: Registry, new: Registry) -> Iterator[Change]:
    for environment in sorted(old.cardinality.keys() | new.cardinality.keys()):
        before, after = (_limit(registry, environment) for registry in (old, new))
        subject = Subject("cardinality", environment)
        problem = f"the limit changed from {before} to {after} series"
        if after < before:
            yield subject.risky("TC414", problem, "see that no metric has more")
        elif after > before:
            yield subject.compatible("TC414", problem)
    for name in sorted(old.metrics.keys() & new.metrics.keys()):
        yield from _compare_own_limits(old, new, name)
    for label in sorted(old.reserved.keys() | new.reserved.keys()):
        yield from _compare_known(label, old.reserved.get(label, ()), new.reserved.get(label, ()))
    yield from _compare_windows(old.deprecation_days, new.deprecation_days)
    if old.foreign != new.foreign:
        yield _policy(old, new)


def _compare_windows(old: int, new: int) -> Iterator[Change]:
    subject, problem = Subject("registry", "deprecation_days"), f"changed from {old} to {new}"
    if new < old:
        yield subject.risky("TC414", problem, "see that no metric is late")
    elif new > old:
        yield subject.compatible("TC414", problem)


def _compare_own_limits(old: Registry, new: Registry, name: str) -> Iterator[Change]:
    one, other = old.metrics[name], new.metrics[name]
    subject = Subject("metric", name, one.stability)
    for environment in sorted(one.cardinality.keys() | other.cardinality.keys()):
        before, after = old.limit_of(one, environment), new.limit_of(other, environment)
        problem = f"its limit changed from {before} to {after} series ({environment})"
        if after < before:
            yield subject.risky("TC414", problem, "see that it has no more")
        elif after > before:
            yield subject.compatible("TC414", problem)


def _compare_known(label: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    subject = Subject("reserved", label)
    if lost := sorted({*old}.difference(new)):
        problem = f"lost {quoted(lost)}, whose series have no slots of their own any more"
        yield subject.risky("TC414", problem, "see that its metrics stay below their limits")
    if more := sorted({*new}.difference(old)):
        yield subject.compatible("TC414", f"got {quoted(more)}")


def _limit(registry: Registry, environment: str) -> int:
    return registry.foreign_limit if environment == "foreign" else registry.cardinality_limit(environment)


def _policy(old: Registry, new: Registry) -> Change:
    subject, problem = Subject("registry", "foreign"), f"changed from {old.foreign!r} to {new.foreign!r}"
    if FOREIGN.index(new.foreign) > FOREIGN.index(old.foreign) and new.foreign == "refuse":
        return subject.breaking("TC414", problem, "declare what is recorded without a contract first")
    return subject.compatible("TC414", problem)
