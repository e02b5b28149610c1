"""Turns declarations into a site of the hot path, under the contracts of a recorder.

Every breach of a place is found before the first is reported.
"""

from __future__ import annotations

from telemetry._hotpath import Parameters, Site, clean, form
from telemetry.errors import ContractError

from .declaration import Declarations, MetricDeclaration, SpanDeclaration
from .sources import Sources, reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any


def bind(declarations: Declarations, function: Callable[..., Any], recorder: Any) -> Site:
    """Make the site of a function.

    Raises:
        ContractError: The registry does not allow what is declared; the message has the place of each finding.
    """
    sources = Sources(Parameters(function))
    span = declarations.span
    site = Site(span.name if span else "", ring=recorder.ring, count=recorder.count)
    site.watch = recorder.watch
    findings = _bind_span(site, span, sources, recorder.registry) if span else []
    findings += _bind_metrics(site, declarations, sources, recorder)
    findings += _misread(declarations, form(function))
    findings += _shown_secrets(site, recorder.registry)
    if findings:
        raise ContractError(*(f"{declarations.place}: {finding}" for finding in findings))
    site.sources = tuple(sources.listed)
    if span is not None:
        site.place = _place(function)
        recorder.prepare(site)
    return site


def _place(function: Callable[..., Any]) -> tuple[str, str, int]:
    """Give the qualified name of a function, its file and its line, as far as it has them."""
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return name, getattr(code, "co_filename", ""), getattr(code, "co_firstlineno", 0)


def _bind_span(site: Site, span: SpanDeclaration, sources: Sources, registry: Any) -> list[str]:
    site.kind = span.kind
    site.attributes = {name: clean(value) for name, value in span.attributes.items()}
    site.links = span.links
    site.resume = span.context
    site.results = {name: reader(given) for name, given in span.result.items()}
    site.captured, findings = sources.add_all(f"span {span.name!r}", span.capture)
    return span_breaches(span, registry) + findings


def _bind_metrics(site: Site, declarations: Declarations, sources: Sources, recorder: Any) -> list[str]:
    from telemetry.metrics import SiteMetrics, Use

    findings: list[str] = []
    uses: list[Use] = []
    used: dict[int, int] = {}
    for metric in declarations.metrics:
        captured, problems = sources.add_all(f"metric {metric.name!r}", metric.capture)
        try:
            instrument = recorder.metrics.instrument(metric.name)
        except ContractError as error:
            findings += [str(error), *problems]
            continue
        findings += [*metric_breaches(metric, instrument.contract, instrument.ambient), *problems]
        if declarations.span is None and not recorder.flags.share(metric.name):
            continue
        labels = {label: used.setdefault(index, len(used)) for label, index in captured.items()}
        of_error = {label: reader(given) for label, given in metric.error.items()}
        uses.append(Use(instrument, metric.labels, labels, of_error, metric.on, metric.value))
    site.labels = tuple(used)
    if uses and not findings:
        recording = SiteMetrics(tuple(uses))
        site.metrics, site.bind, site.fail = recording.inline, recording.bind, recording.fail
        site.succeed = recording.succeed if recording.has_other else None
    return findings


def _misread(declarations: Declarations, made: str) -> list[str]:
    """Refuse to read the returned value of a generator: its call returns before anything has run."""
    if not made.endswith("generator"):
        return []
    findings = [
        f"metric {metric.name!r}: value= reads the returned value, which a generator has not"
        for metric in declarations.metrics
        if metric.value is not None
    ]
    if declarations.span is not None and declarations.span.result:
        findings.append(
            f"span {declarations.span.name!r}: result= reads the returned value, which a generator has not; "
            "set attributes inside it, by telemetry.current_span()"
        )
    return findings


def _shown_secrets(site: Site, registry: Any) -> list[str]:
    """Refuse to have a metric show by a label what a span may not show by an attribute."""
    if site.name not in registry.spans:
        return []
    known = {**registry.attributes, **registry.spans[site.name].attributes}
    return [
        f"span {site.name!r}: {name!r} is a secret, and a metric captures the same value for a label; leave that out"
        for name, index in site.captured.items()
        if index in site.labels and name in known and known[name].sensitivity == "secret"
    ]


def span_breaches(span: SpanDeclaration, registry: Any) -> list[str]:
    """Say what the registry does not allow of a span; nothing of the function is looked at."""
    try:
        contract = registry.span(span.name)
    except ContractError as error:
        return [str(error)]
    unknown = [name for name in (*span.capture, *span.result) if not contract.allows(name, registry.attributes)]
    given = {name: clean(value) for name, value in span.attributes.items()}.items()
    breaches = [breach for name, value in given if (breach := contract.breach(name, value, registry.attributes))]
    breaches += [f"{name!r} is not allowed: declare it, or leave it out" for name in unknown]
    return [f"span {span.name!r}: {breach}" for breach in breaches]


def metric_breaches(metric: MetricDeclaration, contract: Any, ambient: Collection[str]) -> list[str]:
    """Say what the contract of a metric does not allow; `ambient` are the labels that settings give."""
    sources = {*metric.labels, *metric.capture, *metric.error}
    findings = [f"has no label {label!r}" for label in sorted(sources - {*contract.labels})]
    findings += [
        f"label {label!r} has no source; give it by labels=, capture= or error=, "
        "or in the settings if it is environment, env, host_region or workspace_tier"
        for label in contract.labels
        if label not in sources and label not in ambient
    ]
    findings += _value_breaches(metric, contract)
    known = ((label, value) for label, value in metric.labels.items() if label in contract.labels)
    wrong = [breach for label, value in known if (breach := contract.label_breach(label, value))]
    return [f"metric {metric.name!r}: {finding}" for finding in findings] + wrong


def _value_breaches(metric: MetricDeclaration, contract: Any) -> list[str]:
    findings = []
    if metric.error and metric.on != "failure":
        findings.append("error= gives labels that only a failure has; record it with on='failure'")
    if contract.share is not None:
        findings.append(f"is derived from {contract.share.metric}, so nothing sets it; leave it out")
    elif metric.value is not None and metric.on == "failure":
        findings.append("value= reads the returned value, which on='failure' has not")
    elif metric.value is None and contract.kind == "gauge":
        findings.append("is a gauge, so it needs value=, a callable of the returned value")
    elif metric.value is None and contract.kind != "counter" and contract.duration_scale is None:
        findings.append(f"is a {contract.kind} that counts {contract.unit}, not time, so it needs value=")
    return findings
