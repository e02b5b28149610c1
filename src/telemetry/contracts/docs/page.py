"""Write the contracts for people: a Markdown page of all metrics, spans and log events, pack by pack.

It makes text from a registry, and neither reads nor writes files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from telemetry.contracts.attribute import AttributeContract
from telemetry.contracts.event import EventContract
from telemetry.contracts.load import SCHEMA_PATH
from telemetry.contracts.metric import MetricContract
from telemetry.contracts.registry import Registry
from telemetry.contracts.span import SpanContract

_PACKS_FOLDER: Final = os.path.join(os.path.dirname(SCHEMA_PATH), "packs")

_MARK: Final = "<!-- Made by `telemetry contracts docs`. Do not edit: change the registry. -->"
_Contracts = Sequence[MetricContract | SpanContract | EventContract]
_Enumerations = Mapping[str, Iterable[str]]


def render_documentation(registry: Registry) -> str:
    """Write a Markdown page of all contracts.

    The same contracts give the same text, whatever the order of their files and wherever those lie.

    >>> render_documentation(Registry()).splitlines()[2]
    '# Data contracts'
    """
    groups = _grouped([*registry.metrics.values(), *registry.spans.values(), *registry.events.values()])
    lines = [_MARK, "", "# Data contracts", "", *_summary(registry, groups)]
    for title, contracts in groups.items():
        lines += ["", f"## {title}", *_group(contracts, registry.enumerations)]
    lines += [*_shared("On every span", registry.attributes), *_shared("On every log line", registry.fields)]
    lines += [*_enumerations(registry.enumerations), *_reserved(registry), *_limits(registry)]
    return "\n".join(lines) + "\n"


def _grouped(contracts: _Contracts) -> dict[str, _Contracts]:
    """Put contracts by the title of their file: packs first, each with its contracts by name."""
    titles = sorted({_title(each.source) for each in contracts})
    ordered = sorted(contracts, key=lambda each: each.name)
    return {title[1]: [each for each in ordered if _title(each.source) == title] for title in titles}


def _title(source: str) -> tuple[bool, str]:
    folder, name = os.path.split(source)
    is_pack = folder == _PACKS_FOLDER
    return not is_pack, f"Pack `{name.removesuffix('.json')}`" if is_pack else f"File `{name}`"


def _summary(registry: Registry, groups: Mapping[str, _Contracts]) -> Iterator[str]:
    counts = (len(registry.metrics), len(registry.spans), len(registry.events))
    yield f"{counts[0]} metrics, {counts[1]} spans and {counts[2]} log events."
    yield ""
    yield from _table(
        ("from", "metrics", "spans", "log events"),
        [(title, *(str(len(part)) for part in _parts(contracts))) for title, contracts in groups.items()],
    )


def _parts(contracts: _Contracts) -> tuple[list[MetricContract], list[SpanContract], list[EventContract]]:
    return (
        [each for each in contracts if isinstance(each, MetricContract)],
        [each for each in contracts if isinstance(each, SpanContract)],
        [each for each in contracts if isinstance(each, EventContract)],
    )


def _group(contracts: _Contracts, enumerations: _Enumerations) -> Iterator[str]:
    metrics, spans, events = _parts(contracts)
    if metrics:
        yield from ("", "### Metrics", "")
        heads = ("metric", "kind", "unit", "labels", "what it tells", "owner", "stability")
        yield from _table(heads, [_metric_row(metric, enumerations) for metric in metrics])
    if spans:
        yield from ("", "### Spans")
        for span in spans:
            yield from _section(span, f"Kind: {span.kind}. Stability: {span.stability}.", span.attributes)
    if events:
        yield from ("", "### Log events")
        for event in events:
            facts = f"Severity: {event.severity} or worse. Stability: {event.stability}."
            yield from _section(event, facts, event.fields)


def _metric_row(metric: MetricContract, enumerations: _Enumerations) -> Sequence[str]:
    labels = ", ".join(_label(metric, label, enumerations) for label in metric.labels)
    told = " ".join([metric.description, *_facts(metric)])
    return f"`{metric.name}`", metric.kind, metric.unit, labels, told, metric.owner, _stability(metric)


def _label(metric: MetricContract, label: str, enumerations: _Enumerations) -> str:
    """Name a label, with its values where they are not those of every label of this name."""
    values = metric.values.get(label)
    if values is None or values == frozenset(enumerations.get(label, ())):
        return f"`{label}`"
    return f"`{label}` ({', '.join(sorted(values))})"


def _stability(metric: MetricContract) -> str:
    since = f" since {metric.since}" if metric.since else ""
    successor = f"; use `{metric.replaced_by}`" if metric.replaced_by else ""
    return f"{metric.stability}{since}{successor}"


def _facts(metric: MetricContract) -> Iterator[str]:
    """Say what else is agreed about a metric, a sentence each."""
    if metric.bounds:
        exponential = ", and exponential ones for OTLP" if metric.exponential else ""
        yield f"Buckets: {_numbers(metric.bounds)}{exponential}."
    if metric.quantiles:
        yield f"Quantiles: {_numbers(metric.quantiles)}."
    if metric.range:
        yield f"From {metric.range[0]:g} to {metric.range[1]:g}."
    if metric.share:
        share = metric.share
        yield f"The share of `{share.label}` {share.value} in `{share.metric}` over {share.interval_seconds} s."
    if metric.kind == "gauge":
        yield f"Of several processes: {metric.across}."
    if metric.cardinality:
        limits = (f"{limit} ({name})" for name, limit in sorted(metric.cardinality.items()))
        yield f"Series: {', '.join(limits)} at most."
    for rule, reason in sorted(metric.waive.items()):
        yield f"Breaks the rule `{rule}`: {reason}"


def _section(contract: SpanContract | EventContract, facts: str, table: Mapping[str, AttributeContract]) -> list[str]:
    return ["", f"#### `{contract.name}`", "", f"{_prose(contract.description)} {facts}", *_attributes(table)]


def _shared(title: str, table: Mapping[str, AttributeContract]) -> list[str]:
    return ["", f"## {title}", *_attributes(table)] if table else []


def _attributes(table: Mapping[str, AttributeContract]) -> Iterator[str]:
    if table:
        yield ""
        heads = ("name", "type", "required", "what it holds", "class", "stability")
        yield from _table(heads, [_attribute_row(table[name]) for name in sorted(table)])


def _attribute_row(contract: AttributeContract) -> Sequence[str]:
    treatment = f", {contract.treatment}" if contract.sensitivity == "secret" else ""
    origin = f" Defined by {contract.origin}." if contract.origin else ""
    values = f" One of {', '.join(sorted(contract.values))}." if contract.values else ""
    return (
        f"`{contract.name}`",
        contract.type,
        contract.required.replace("_", " "),
        f"{contract.description}{values}{origin}",
        f"{contract.sensitivity}{treatment}",
        contract.stability,
    )


def _enumerations(enumerations: _Enumerations) -> Iterator[str]:
    if enumerations:
        yield from (
            "",
            "## Closed labels",
            "",
            "A metric that names none of them takes all.",
            "",
        )
        rows = [(f"`{name}`", ", ".join(sorted(enumerations[name]))) for name in sorted(enumerations)]
        yield from _table(("label", "values"), rows)


def _reserved(registry: Registry) -> Iterator[str]:
    if registry.reserved:
        yield from ("", "## Known values of open labels", "", "Their combinations keep series of their own.", "")
        rows = [(f"`{name}`", ", ".join(sorted(registry.reserved[name]))) for name in sorted(registry.reserved)]
        yield from _table(("label", "values"), rows)


def _limits(registry: Registry) -> Iterator[str]:
    if registry.cardinality:
        yield from ("", "## Limits", "", "The greatest number of series of one metric.", "")
        rows = [(name, str(registry.cardinality[name])) for name in sorted(registry.cardinality)]
        yield from _table(("environment", "series"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(_prose(cell).replace('|', chr(92) + '|') for cell in row)} |"


def _prose(text: str) -> str:
    """Put a text on one line, so that it cannot start a heading or end a table."""
    return " ".join(text.split()).replace("<", "&lt;")


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
