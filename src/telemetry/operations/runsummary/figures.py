"""From the files of a run to the families of the pack `runs`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final, final

from telemetry.contracts import MetricContract, load_registry

from .document import RunDocument, SummaryError, schema_of

_IDENTITY: Final = ("run_id", "env")


@final
@dataclass(frozen=True, slots=True)
class Figure:
    """One series: the values of its labels in the order of the contract, and a number or observations."""

    labels: tuple[str, ...]
    value: float = 0.0
    observations: tuple[float, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Family:
    """All series that the files have of one metric."""

    contract: MetricContract
    figures: list[Figure] = field(default_factory=list)

    def cumulated(self, figure: Figure) -> list[tuple[str, float]]:
        """Count the observations of a histogram up to each of its bounds, as Prometheus wants it."""
        counts = [0] * (len(self.contract.bounds) + 1)
        for each in figure.observations:
            counts[bisect_left(self.contract.bounds, each)] += 1
        names = [*(str(float(bound)) for bound in self.contract.bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(counts)), strict=True))


def families(documents: Sequence[RunDocument]) -> list[Family]:
    """Give every metric of the pack `runs` that the files of one run carry, in the order of the pack.

    Raises:
        SummaryError: The files are of different runs or environments, or a label or value breaks its contract.
    """
    identity = {name: _agreed(documents, name) for name in _IDENTITY}
    registry = load_registry(packs=["runs"])
    found: dict[str, Family] = {}
    for document in documents:
        for place, name, labels, value in _annotated(schema_of(document.kind), document.content, "$"):
            contract = registry.metric(name)
            family = found.setdefault(name, Family(contract))
            where = f"{document.path}: {place}"
            family.figures.append(_figure(contract, {**identity, **labels}, value, where))
    return [found[name] for name in registry.metrics if name in found]


def _agreed(documents: Sequence[RunDocument], name: str) -> str:
    given = {str(each.content[name]): each.path for each in documents if name in each.content}
    if len(given) > 1:
        said = ", ".join(f"{path} has {value!r}" for value, path in given.items())
        raise SummaryError(f"the files are not of one run: {name} differs: {said}")
    return next(iter(given))


def _annotated(schema: Mapping[str, Any], value: Any, place: str) -> Iterator[tuple[str, str, Mapping[str, str], Any]]:
    """Walk a file along its schema; give each field that the schema says is a metric."""
    if "x-metric" in schema:
        for labels, each, where in _by_labels(schema.get("x-labels", ()), value, place):
            yield where, schema["x-metric"], labels, each
        return
    for name, inner in schema.get("properties", {}).items():
        if name in value:
            yield from _annotated(inner, value[name], f"{place}.{name}")


def _by_labels(names: Sequence[str], value: Any, place: str) -> Iterator[tuple[dict[str, str], Any, str]]:
    if not names:
        yield {}, value, place
        return
    for label_value, inner in value.items():
        for labels, each, where in _by_labels(names[1:], inner, f"{place}.{label_value}"):
            yield {names[0]: label_value, **labels}, each, where


def _figure(contract: MetricContract, labels: Mapping[str, str], value: Any, where: str) -> Figure:
    own = tuple(labels[name] for name in contract.labels)
    for name, each in zip(contract.labels, own, strict=True):
        if breach := contract.label_breach(name, each):
            raise SummaryError(f"{where}: {breach}")
    if contract.kind == "histogram":
        return Figure(own, observations=tuple(map(float, value)))
    if contract.range and not contract.range[0] <= value <= contract.range[1]:
        low, high = contract.range
        raise SummaryError(f"{where}: {contract.name} is {value:g}; it must be from {low:g} to {high:g}")
    return Figure(own, float(value))
