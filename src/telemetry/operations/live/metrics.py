"""Hold a series against the contract of its metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite, isnan
from typing import Final

from telemetry.contracts import OVERFLOW, Level, MetricContract
from telemetry.signals import Distribution, Quantiles

from .finding import Breach
from .recording import Sample

_OLD: Final[Mapping[str, Level]] = {"deprecated": "warning", "hidden": "warning", "removed": "error"}


def series_breaches(sample: Sample, contract: MetricContract) -> Iterator[Breach]:
    """Go through what is wrong with a series of this contract; `leaving` judges those that are about to go."""
    yield from _shape(sample, contract)
    if sample.is_overflow or OVERFLOW in sample.labels.values():
        yield Breach("TC615", "", "it has reached its cardinality limit: there is a series for all others")
    else:
        yield from _labels(sample, contract)
    yield from _values(sample, contract)
    if contract.stability == "removed":
        yield from outdated(contract)


def outdated(contract: MetricContract) -> Iterator[Breach]:
    """Say that a metric is about to go, or gone."""
    level = _OLD.get(contract.stability)
    if level is not None:
        since = f" since {contract.since}" if contract.since else ""
        remedy = f"record {contract.replaced_by} in its place" if contract.replaced_by else ""
        yield Breach("TC606", "", f"it is {contract.stability}{since}", remedy, level)


def _shape(sample: Sample, contract: MetricContract) -> Iterator[Breach]:
    if sample.kind is not None and sample.kind != contract.kind:
        yield Breach("TC611", "kind", f"it is a {sample.kind}, and a {contract.kind} is agreed")
        return
    if sample.unit and sample.unit != contract.unit:
        yield Breach("TC611", "unit", f"its unit is {sample.unit!r}, and {contract.unit!r} is agreed")
    if sample.bounds is not None and contract.kind == "histogram" and sample.bounds != contract.bounds:
        agreed = ", ".join(f"{bound:g}" for bound in contract.bounds)
        yield Breach("TC611", "buckets", f"its buckets are not {agreed}")


def _labels(sample: Sample, contract: MetricContract) -> Iterator[Breach]:
    for label in contract.labels:
        if label not in sample.labels:
            yield Breach("TC612", label, f"the label {label!r} is missing")
        elif breach := contract.label_breach(label, sample.labels[label]):
            yield Breach("TC612", label, breach.removeprefix(f"{contract.name}: "), "give the label another value")
    for label in sample.labels.keys() - set(contract.labels):
        yield Breach("TC612", label, f"the label {label!r} is not declared", "declare it, or leave it out")


def _values(sample: Sample, contract: MetricContract) -> Iterator[Breach]:
    value = sample.value
    if value is None:
        return
    if isinstance(value, Distribution):
        if any(count < 0 for count in value.buckets):
            yield Breach("TC613", "", "its buckets do not rise")
    elif isinstance(value, Quantiles):
        shares = tuple(share for share, _ in value.values)
        if shares and shares != contract.quantiles:
            yield Breach("TC611", "quantiles", f"its quantiles are not {', '.join(map(str, contract.quantiles))}")
    else:
        yield from _number(value, contract)


def _number(value: float, contract: MetricContract) -> Iterator[Breach]:
    if contract.kind == "counter" and not (isfinite(value) and value >= 0):
        yield Breach("TC613", "", f"a counter is {value}")
    elif contract.kind == "gauge" and contract.range is not None:
        low, high = contract.range
        if isnan(value) or not low <= value <= high:
            yield Breach("TC613", "", f"{value} is not within {low:g} and {high:g}")
