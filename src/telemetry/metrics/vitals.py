"""Puts what telemetry measures of itself beside the other families, so that no name is there twice.

`ExecutionMetrics` calls it for each snapshot; `runtime` measures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from telemetry.signals import Family, Series

from .collect import SCOPE_LABELS

Vitals = Callable[[], Sequence[Family]]
"""Measures, and gives the families."""


def no_vitals() -> Sequence[Family]:
    """Measure nothing."""
    return ()


def joined(vitals: Sequence[Family], taken: Collection[str], foreign: Sequence[Family]) -> list[Family]:
    """Give the families of both kinds.

    What the application records itself under one of our names stands for ours. Components of OpenTelemetry's SDK that
    are plugged in measure themselves under the same conventions: such a family has the series of both.

    Args:
        vitals: Our own.
        taken: The names of the registry's metrics that the application records.
        foreign: Families that are in no contract.
    """
    ours = {family.name: family for family in vitals if family.name not in taken}
    met = [(family, ours.pop(_exposed(family.name), None)) for family in foreign]
    return [*ours.values(), *(family if own is None else _united(family, own) for family, own in met)]


def _united(foreign: Family, own: Family) -> Family:
    if own.kind != foreign.kind or own.bounds != foreign.bounds:
        return foreign  # a scrape has room for one of them, and ours can be told from the rest
    labels = (*(name for name in own.labels if name not in foreign.labels), *foreign.labels)
    series = (*(_relabelled(each, own, labels) for each in own.series), *_all_relabelled(foreign, labels))
    return replace(foreign, labels=labels, series=series)


def _all_relabelled(family: Family, labels: Sequence[str]) -> list[Series]:
    return [_relabelled(series, family, labels) for series in family.series]


def _relabelled(series: Series, family: Family, labels: Sequence[str]) -> Series:
    values = dict(zip(family.labels, series.labels, strict=True))
    if series.origin is not None:
        scope = series.origin.scope
        values |= dict(zip(SCOPE_LABELS, (scope.name, scope.version), strict=True))
    return replace(series, labels=tuple(values.get(name, "") for name in labels))


def _exposed(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)
