"""Read the query of a panel or an alert from its description, and hold it against the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from telemetry.contracts import LEAVING, Entry, Form, MetricContract, Registry
from telemetry.errors import ContractError

from .matcher import split
from .query import SHOWS, Query, Show

ALL_SHOWS: Final[tuple[Show, ...]] = get_args(Show)
"""All that can be asked."""
WINDOW: Final = Form(
    r"[0-9]+(?:ms|[smhdwy])|\$__(?:rate_interval|interval|range)|\$window",
    "a window such as '5m', '7d' or '$__range'",
)
"""How a window is written: PromQL's durations of one unit, and what Grafana puts in."""


def read_query(entry: Entry, registry: Registry, show: Show | None = None, window_form: Form = WINDOW) -> Query | None:
    """Read `metric`, `show`, `by`, `where`, `part` and `window`; None when the registry has no such metric.

    What is wrong is reported at its place. The caller's `with` block stays the caller's. A caller that has read what
    to show says so; one for which Grafana puts nothing in says how its windows are written.
    """
    name = entry.text("metric")
    before = len(entry.place.findings)
    show = show or entry.choice("show", ALL_SHOWS)
    is_known = len(entry.place.findings) == before
    by = entry.texts("by")
    where, part = entry.table("where"), entry.table("part")
    window = entry.text("window", default="", form=window_form)
    metric = _metric(entry, registry, name)
    if metric is None:
        return None
    if is_known:
        _check_show(entry, metric, show, part)
    _check_by(entry, metric, by)
    for key, table in (("where", where), ("part", part)):
        _check_labels(entry, metric, key, table)
    return Query(metric, show, by, where, part, window)


def _metric(entry: Entry, registry: Registry, name: str) -> MetricContract | None:
    try:
        metric = registry.metric(name) if name else None
    except ContractError as error:
        (entry.place / "metric").report(str(error), "TC104")
        return None
    if metric is not None and metric.stability in LEAVING:
        instead = f"; use {metric.replaced_by!r}" if metric.replaced_by else "; use another"
        (entry.place / "metric").report(f"metric {name!r} is {metric.stability}{instead}", "TC104")
    return metric


def _check_show(entry: Entry, metric: MetricContract, show: Show, part: Mapping[str, object]) -> None:
    place = entry.place / "show"
    if show not in SHOWS[metric.kind]:
        place.report(f"{metric.name} is a {metric.kind}: 'show' must be one of {', '.join(SHOWS[metric.kind])}")
    elif metric.kind == "summary" and show.startswith("p") and show != "present":
        kept = tuple(f"p{level:.0%}".rstrip("%") for level in metric.quantiles)
        if show not in kept:
            place.report(f"summary {metric.name} keeps the quantiles {', '.join(kept)}, and no {show}")
    elif show == "age" and metric.unit != "seconds":
        place.report(f"an age needs a time stamp in seconds; {metric.name} is in {metric.unit}")
    if (show == "share") != bool(part):
        place.report("a share needs 'part', the labels of what is shared out; nothing else has it")


def _check_by(entry: Entry, metric: MetricContract, by: tuple[str, ...]) -> None:
    for index, label in enumerate(by):
        if label not in metric.labels:
            (entry.place / "by" / index).report(_unknown(metric, label), "TC104")


def _check_labels(entry: Entry, metric: MetricContract, key: str, table: Mapping[str, tuple[str, ...]]) -> None:
    for label, values in table.items():
        place = entry.place / key / label
        if label not in metric.labels:
            place.report(_unknown(metric, label), "TC104")
            continue
        for value in values:
            operator, text = split(value)
            if operator != "=" and len(values) > 1:
                place.report(f"{value!r} compares, and an array is for values to equal one of; use '=~a|b' or '!~a|b'")
                break
            closed = label in metric.values and operator in ("=", "!=")
            if closed and (breach := metric.label_breach(label, text)):
                place.report(breach, "TC104")


def _unknown(metric: MetricContract, label: str) -> str:
    return f"{metric.name} has no label {label!r}: it has {', '.join(metric.labels) or 'none'}"
