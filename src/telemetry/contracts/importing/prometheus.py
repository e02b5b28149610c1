"""Make contracts of the families of a Prometheus scrape.

A scrape tells what was recorded so far, and no promise: what comes of it is experimental, and its labels are open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isinf
from typing import Any, Final, Protocol

from telemetry.contracts.form import LABEL_NAME, METRIC_NAME, Form

from .draft import Draft

_KINDS: Final[Mapping[str, str]] = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "summary": "summary",
    "info": "gauge",
    "unknown": "gauge",
    "untyped": "gauge",
}
_SUFFIX_UNITS: Final = ("seconds", "bytes", "ratio", "percent", "minutes", "hours", "milliseconds")
_OWN_LABELS: Final[Mapping[str, str]] = {"histogram": "le", "summary": "quantile"}


class _Sample(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def labels(self) -> Mapping[str, str]: ...


class Family(Protocol):
    """What is asked of a family; those of prometheus_client's parsers and collectors answer it."""

    name: str
    documentation: str
    type: str
    unit: str

    @property
    def samples(self) -> Sequence[_Sample]:
        """The samples of all its series."""


def draft_of_families(families: Iterable[Family], *, name: str, owner: str) -> Draft:
    """Make a registry file of the families of a scrape or of a `CollectorRegistry`.

    Args:
        families: What `collect()` or a parser of prometheus_client gives.
        name: What to call the registry.
        owner: Who answers for its metrics.
    """
    known = list(families)
    draft = Draft({"name": name, "extends": [], "owners": [owner], "metrics": []})
    names = {family.name for family in known}
    for family in known:
        if family.name.removesuffix("_created") in names - {family.name}:
            continue  # the classic format shows the start of a counter as a gauge beside it
        if problem := _obstacle(family):
            draft.lost.append(f"metric {family.name}: {problem}")
        else:
            draft.document["metrics"].append(_metric(family, owner))
            draft.lost.extend(f"metric {family.name}: {each}" for each in _doubts(family))
    return draft


def _obstacle(family: Family) -> str:
    """Say why a family has no contract; nothing when it has one."""
    if family.type not in _KINDS:
        return f"there is no kind for the type {family.type!r}"
    if not family.samples:
        return "has no series yet, so its labels are not known"
    if not _fits(_series_name(family), METRIC_NAME):
        return f"is not {METRIC_NAME.words}"
    if unfit := [label for label in _labels(family) if not _fits(label, LABEL_NAME)]:
        return f"its label {unfit[0]!r} is not {LABEL_NAME.words}"
    if family.type in _OWN_LABELS and not _numbers(family):
        return f"a {family.type} without {'buckets' if family.type == 'histogram' else 'quantiles'}"
    return ""


def _doubts(family: Family) -> Iterator[str]:
    if family.type in ("unknown", "untyped"):
        yield "its type is not known; taken for a gauge"
    if not family.documentation:
        yield "has no description; write one"


def _metric(family: Family, owner: str) -> dict[str, Any]:
    kind = _KINDS[family.type]
    numbers = {"histogram": "buckets", "summary": "quantiles"}.get(kind)
    return {
        "name": _series_name(family),
        "kind": kind,
        "unit": family.unit or _unit(family),
        "description": family.documentation or f"Imported without a description: {family.name}.",
        "owner": owner,
        "labels": _labels(family),
        **({numbers: _numbers(family)} if numbers else {}),
        "stability": "experimental",
    }


def _series_name(family: Family) -> str:
    """Give the name that queries use: of a counter with, or in an old format without, `_total`."""
    if family.type in ("counter", "info"):
        named = [sample.name for sample in family.samples if not sample.name.endswith("_created")]
        return named[0] if named else family.name
    return family.name


def _labels(family: Family) -> list[str]:
    own = _OWN_LABELS.get(family.type)
    return list(dict.fromkeys(label for sample in family.samples for label in sample.labels if label != own))


def _numbers(family: Family) -> list[float]:
    """Give the bounds or quantiles of all series."""
    own = _OWN_LABELS[family.type]
    found = {float(sample.labels[own]) for sample in family.samples if own in sample.labels}
    return sorted(number for number in found if not isinf(number))


def _unit(family: Family) -> str:
    ending = family.name.removesuffix("_total").rpartition("_")[2]
    unit = {"ms": "milliseconds", "usd": "usd"}.get(ending, ending if ending in _SUFFIX_UNITS else "")
    return unit or ("count" if family.type == "counter" else "value")


def _fits(name: str, form: Form) -> bool:
    return re.fullmatch(form.pattern, name) is not None
