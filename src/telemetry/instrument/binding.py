"""Turns declarations into a site of the hot path, under the contracts of a recorder.

Every breach of a place is found before the first is reported.
"""

from __future__ import annotations

from telemetry._hotpath import Parameters, Site
from telemetry.errors import ContractError

from .declaration import Declarations, MetricDeclaration, Sources, SpanDeclaration, reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def bind(declarations: Declarations, function: Callable[..., Any], recorder: Any) -> Site:
    """Make the site of a function.

    Raises:
        ContractError: The registry does not allow what is declared; the message has the place of each finding.
    """
    sources = Sources(Parameters(function), declarations.place)
    span = declarations.span
    site = Site(span.name if span else "", queue=recorder.queue, spill=recorder.spill, count=recorder.count)
    findings = _bind_span(site, span, sources, recorder, declarations.place) if span else []
    findings += _bind_metrics(site, declarations, sources, recorder)
    if findings:
        raise ContractError(*findings)
    site.sources = tuple(sources.listed)
    return site


def _bind_span(site: Site, span: SpanDeclaration, sources: Sources, recorder: Any, place: str) -> list[str]:
    try:
        contract = recorder.registry.span(span.name)
    except ContractError as error:
        return [f"{place}: {error}"]
    site.kind = span.kind
    site.attributes = span.attributes
    site.links = span.links
    site.resume = span.context
    site.captured = {name: sources.add(name, given) for name, given in span.capture.items()}
    site.results = {name: reader(given) for name, given in span.result.items()}
    common = recorder.registry.attributes
    unknown = [name for name in (*span.capture, *span.result) if not contract.allows(name, common)]
    findings = [f"{name!r} is not allowed" for name in unknown]
    findings += [breach for name, value in span.attributes.items() if (breach := contract.breach(name, value, common))]
    return [f"{place}: span {span.name!r}: {finding}" for finding in findings]


def _bind_metrics(site: Site, declarations: Declarations, sources: Sources, recorder: Any) -> list[str]:
    from telemetry.metrics import SiteMetrics, Use

    findings: list[str] = []
    uses: list[Use] = []
    used: dict[int, int] = {}
    for metric in declarations.metrics:
        try:
            instrument = recorder.metrics.instrument(metric.name)
        except ContractError as error:
            findings.append(f"{declarations.place}: {error}")
            continue
        findings += [f"{declarations.place}: {finding}" for finding in _breaches(metric, instrument)]
        captured = {
            label: used.setdefault(sources.add(label, given), len(used)) for label, given in metric.capture.items()
        }
        of_error = {label: reader(given) for label, given in metric.error.items()}
        uses.append(Use(instrument, metric.labels, captured, of_error, metric.on, metric.value))
    site.labels = tuple(used)
    if uses:
        metrics = SiteMetrics(tuple(uses), site.cells)
        site.inline, site.bind, site.fail = metrics.inline, metrics.bind, metrics.fail
        site.succeed = metrics.succeed if metrics.has_other else None
    return findings


def _breaches(metric: MetricDeclaration, instrument: Any) -> list[str]:
    contract = instrument.contract
    sources = {*metric.labels, *metric.capture, *metric.error}
    findings = [f"metric {metric.name!r} has no label {label!r}" for label in sorted(sources - {*contract.labels})]
    findings += [
        f"metric {metric.name!r}: label {label!r} has no source; give it by labels=, capture= or error=, "
        "or in the settings if it is environment, host_region or workspace_tier"
        for label in contract.labels
        if label not in sources and label not in instrument.ambient
    ]
    findings += [
        breach
        for label, value in metric.labels.items()
        if label in contract.labels and (breach := contract.label_breach(label, value))
    ]
    return findings + _value_breaches(metric, contract)


def _value_breaches(metric: MetricDeclaration, contract: Any) -> list[str]:
    if metric.value is not None and metric.on == "failure":
        return [f"metric {metric.name!r}: value= reads the returned value, which on='failure' has not"]
    if metric.value is not None or contract.kind == "counter":
        return []
    if contract.kind == "gauge":
        return [f"gauge {metric.name!r} needs value=, a callable of the returned value"]
    if contract.duration_scale is None:
        return [f"{contract.kind} {metric.name!r} counts {contract.unit}, not time, so it needs value="]
    return []
