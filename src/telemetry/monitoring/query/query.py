"""One question to one metric: the PromQL of it follows from the kind in its contract.

Descriptions of panels and alerts ask it; nobody writes `_bucket` or `rate` by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, final

from telemetry.contracts import MetricContract
from telemetry.signals import MetricKind

from .matcher import matcher

Show = Literal[
    "rate", "increase", "share", "p50", "p75", "p90", "p95", "p99", "mean", "total", "heatmap",
    "last", "sum", "max", "min", "avg", "age", "present",
]  # fmt: skip
"""What is asked: a rate or a number of events, a share of them, a quantile, a mean, a value, an age, whether it is."""

_QUANTILES: Final[tuple[Show, ...]] = ("p50", "p75", "p90", "p95", "p99")
SHOWS: Final[Mapping[MetricKind, tuple[Show, ...]]] = {
    "counter": ("rate", "increase", "share", "present"),
    "gauge": ("last", "sum", "max", "min", "avg", "share", "age", "present"),
    "histogram": (*_QUANTILES, "mean", "rate", "increase", "total", "share", "heatmap", "present"),
    "summary": (*_QUANTILES, "mean", "rate", "increase", "total", "share", "present"),
}
"""What may be asked of a metric of each kind."""


@final
@dataclass(frozen=True, slots=True)
class Query:
    """One question to one metric.

    Attributes:
        show: What is asked; one of `SHOWS` for the metric's kind.
        by: The labels that make one series each; none for one series of all.
        where: The values that a label may have, `=~`, `!~` or `!=` before a value for other comparisons.
        part: For a share, what distinguishes the part from the whole.
        window: How far back to look; for a gauge, an aggregate of each series over that time comes first.
        scope: Matchers that the place of the query adds, such as `environment=~"$environment"`.

    >>> contract = MetricContract("builds_total", "counter", "count", "Builds.", "ci", ("environment", "outcome"))
    >>> Query(contract, "rate", by=("outcome",), window="5m").expression()
    'sum by (outcome) (rate(builds_total[5m]))'
    """

    metric: MetricContract
    show: Show
    by: tuple[str, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    part: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    window: str = ""
    scope: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The unit of the answer, in the words of contracts; `…/second` for rates."""
        if self.show == "rate":
            return f"{self._counted}/second"
        if self.show in ("increase", "heatmap"):
            return self._counted
        return {"share": "ratio", "age": "seconds", "present": "bool"}.get(self.show, self.metric.unit)

    @property
    def kept(self) -> tuple[str, ...]:
        """The labels of the answer: those it is by, or all of the metric where nothing is aggregated."""
        return self.metric.labels if self.show == "last" and not self.by else self.by

    def expression(self) -> str:
        """Write the question as PromQL."""
        return _WRITERS.get(self.show, _gauge)(self)

    @property
    def _counted(self) -> str:
        return self.metric.unit if self.metric.kind == "counter" else "count"

    @property
    def span(self) -> str:
        """The window, or that which Grafana chooses for the resolution of the panel."""
        return self.window or "$__rate_interval"

    def selector(self, suffix: str = "", *, window: str = "", more: Sequence[str] = ()) -> str:
        """Select the series of the metric."""
        matchers = [*self.scope, *(matcher(label, values) for label, values in self.where.items()), *more]
        inside = f"{{{','.join(matchers)}}}" if matchers else ""
        return f"{self.metric.name}{suffix}{inside}" + (f"[{window}]" if window else "")

    def over(self, operation: str, *more: str) -> str:
        """Begin an aggregation by the labels of the query, and by more."""
        labels = ", ".join((*more, *self.by))
        return f"{operation} by ({labels})" if labels else operation


def _rates(query: Query, suffix: str, function: str = "rate", more: Sequence[str] = ()) -> str:
    return f"{query.over('sum')} ({function}({query.selector(suffix, window=query.span, more=more)}))"


def _events(query: Query) -> str:
    return "" if query.metric.kind == "counter" else "_count"


def _rate(query: Query) -> str:
    return _rates(query, _events(query), query.show)


def _total(query: Query) -> str:
    return _rates(query, "_sum", "increase")


def _mean(query: Query) -> str:
    return f"{_rates(query, '_sum')} / ({_rates(query, '_count')} > 0)"


def _quantile(query: Query) -> str:
    level = f"0.{query.show[1:]}".rstrip("0")
    if query.metric.kind == "summary":
        return f"{query.over('max')} ({query.selector(more=[matcher('quantile', [level])])})"
    rates = f"{query.over('sum', 'le')} (rate({query.selector('_bucket', window=query.span)}))"
    return f"histogram_quantile({level}, {rates})"


def _heatmap(query: Query) -> str:
    return f"{query.over('sum', 'le')} (increase({query.selector('_bucket', window=query.span)}))"


def _share(query: Query) -> str:
    """Write a share that is 0 while the part has no series yet, and absent while there is no whole."""
    more = [matcher(label, values) for label, values in query.part.items()]
    if query.metric.kind == "gauge":
        part, whole = (f"{query.over('sum')} ({query.selector(more=each)})" for each in (more, ()))
    else:
        part, whole = (_rates(query, _events(query), "rate", each) for each in (more, ()))
    return f"({part} or {whole} * 0) / ({whole} > 0)"


def _age(query: Query) -> str:
    return f"time() - {query.over('max')} ({query.selector()})"


def _present(query: Query) -> str:
    suffix = {"histogram": "_count", "summary": "_count"}.get(query.metric.kind, "")
    return f"{query.over('group')} (present_over_time({query.selector(suffix, window=query.span)}))"


def _gauge(query: Query) -> str:
    operation = _ACROSS.get(query.metric.across, "avg") if query.show == "last" else query.show
    if query.window:
        selected = f"{_over_time(query, operation)}({query.selector(window=query.window)})"
    else:
        selected = query.selector()
    if query.show == "last" and not query.by:
        return selected
    return f"{query.over(operation)} ({selected})"


_ACROSS: Final[Mapping[str, str]] = {"sum": "sum", "max": "max", "min": "min", "last": "avg"}


def _over_time(query: Query, operation: str) -> str:
    # The sum of samples over time depends on how often they are taken; their mean does not.
    return "last_over_time" if query.show == "last" else f"{'avg' if operation == 'sum' else operation}_over_time"


_WRITERS: Final[Mapping[str, Callable[[Query], str]]] = {
    "rate": _rate,
    "increase": _rate,
    "share": _share,
    "mean": _mean,
    "total": _total,
    "heatmap": _heatmap,
    "age": _age,
    "present": _present,
    **dict.fromkeys(_QUANTILES, _quantile),
}
