"""Make one registry of what several files declare, and find where they contradict each other.

Later files extend earlier ones: they add contracts, enumeration values and known values, and set cardinality limits
anew, of a metric too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from telemetry.signals import MetricKind

from .attribute import AttributeContract, Attributes
from .classes import check_classes
from .declaration import Declarations, Declared
from .entry import Place
from .metric import MetricContract, ShareContract
from .registry import DEPRECATION_DAYS, Registry
from .spelling import suggestion
from .succession import check_successors, with_counters


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Contract = TypeVar("_Contract", bound=_Named)
_Table = Mapping[str, Declared[_Contract]]
_Enumerations = Mapping[str, tuple[str, ...]]

# OpenMetrics 1.0, "Suffixes": what a scraper sees of one metric beside its name.
_SUFFIXES: Final[Mapping[MetricKind, tuple[str, ...]]] = {
    "counter": ("", "_created"),
    "gauge": (),
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "summary": ("_sum", "_count", "_created"),
}


def merge(files: Sequence[Declarations], *, packs: tuple[str, ...], paths: tuple[str, ...]) -> Registry:
    """Put the files together, in their order; what is wrong goes to the findings of each file.

    Args:
        files: What the packs declare, then what the user's files declare.
        packs: The names of the packs.
        paths: The user's files.
    """
    enumerations = _added(file.enumerations for file in files)
    reserved = _added(file.reserved for file in files)
    declared = _with_limits(_united("metric", (item for file in files for item in file.metrics)), files)
    _check_reserved(files, enumerations)
    check_successors(declared)
    metrics = with_counters(declared)
    _check_series(metrics)
    closed = {name: _closed_metric(item, enumerations, reserved) for name, item in metrics.items()}
    _check_shares(metrics, closed)
    check_classes(files)
    return Registry(
        metrics=closed,
        spans={
            name: replace(span, attributes=_closed(span.attributes, place / "attributes", enumerations))
            for name, span, place in _items(_united("span", (item for file in files for item in file.spans)))
        },
        events={
            name: replace(event, fields=_closed(event.fields, place / "fields", enumerations))
            for name, event, place in _items(_united("event", (item for file in files for item in file.events)))
        },
        attributes={
            name: _closed_attribute(attribute, place, enumerations)
            for name, attribute, place in _items(
                _united("attribute", (item for file in files for item in file.attributes))
            )
        },
        fields={
            name: _closed_attribute(field, place, enumerations)
            for name, field, place in _items(_united("field", (item for file in files for item in file.fields)))
        },
        enumerations=enumerations,
        cardinality={environment: limit for file in files for environment, limit in file.cardinality.items()},
        foreign=next((file.foreign for file in reversed(files) if file.foreign is not None), "allow"),
        owners=tuple(dict.fromkeys(owner for file in files for owner in file.owners)),
        packs=packs,
        files=paths,
        removed={name: item.contract for name, item in declared.items() if name not in metrics},
        deprecation_days=next(
            (file.deprecation_days for file in reversed(files) if file.deprecation_days is not None), DEPRECATION_DAYS
        ),
        reserved=reserved,
    )


def _added(tables: Iterable[_Enumerations]) -> _Enumerations:
    merged: dict[str, dict[str, None]] = {}
    for table in tables:
        for label, values in table.items():
            merged.setdefault(label, {}).update(dict.fromkeys(values))
    return {label: tuple(values) for label, values in merged.items()}


def _united(noun: str, declared: Iterable[Declared[_Contract]]) -> dict[str, Declared[_Contract]]:
    table: dict[str, Declared[_Contract]] = {}
    for item in declared:
        first = table.setdefault(item.contract.name, item)
        if first is not item:
            _check_again(noun, first, item)
    return table


def _check_again(noun: str, first: Declared[_Contract], again: Declared[_Contract]) -> None:
    name = again.contract.name
    if first.place.path == again.place.path:
        (again.place / "name").report(f"{noun} {name!r} is declared in this file twice; keep one", "TC103")
    elif first.contract != (contract := _with_limit(again.contract, first.contract)):
        parts = ", ".join(_differing(first.contract, contract))
        (again.place / "name").report(
            f"{noun} {name!r} is declared in {first.place.path} already, and differs in {parts}; "
            "give yours another name, or leave it out",
            "TC103",
        )


def _with_limit(contract: _Contract, other: _Contract) -> _Contract:
    """Give a contract with the limit of another one: that is what a file may set anew."""
    if isinstance(contract, MetricContract) and isinstance(other, MetricContract):
        return replace(contract, cardinality=other.cardinality)
    return contract


def _with_limits(metrics: _Table[MetricContract], files: Sequence[Declarations]) -> _Table[MetricContract]:
    """Give each metric the limits that the files set for it, the last one for an environment counting."""
    limits: dict[str, Mapping[str, int]] = {}
    for item in (item for file in files for item in file.metrics if item.contract.cardinality):
        limits[item.contract.name] = {**limits.get(item.contract.name, {}), **item.contract.cardinality}
    return {
        name: replace(item, contract=replace(item.contract, cardinality=limits[name])) if name in limits else item
        for name, item in metrics.items()
    }


def _check_reserved(files: Sequence[Declarations], enumerations: _Enumerations) -> None:
    for file in files:
        for label in file.reserved:
            if label in enumerations:
                problem = f"{label!r} is a closed label, so its values are known; leave it out"
                (file.place / "reserved" / label).report(problem, "TC104")


def _differing(one: object, other: object) -> Iterator[str]:
    for name in type(one).__slots__:  # type: ignore[attr-defined]
        if name != "source" and getattr(one, name) != getattr(other, name):
            yield name


def _items(table: _Table[_Contract]) -> Iterator[tuple[str, _Contract, Place]]:
    for name, item in table.items():
        yield name, item.contract, item.place


def _check_series(metrics: _Table[MetricContract]) -> None:
    owners: dict[str, str] = {}
    for name, metric, place in _items(metrics):
        for series in _series(metric):
            owner = owners.setdefault(series, name)
            if owner != name:
                (place / "name").report(f"{name!r} and {owner!r} would both expose {series!r}; rename one", "TC105")


def _series(metric: MetricContract) -> Iterator[str]:
    yield metric.name
    family = metric.name.removesuffix("_total") if metric.kind == "counter" else metric.name
    for suffix in _SUFFIXES[metric.kind]:
        yield family + suffix


def _check_shares(metrics: _Table[MetricContract], closed: Mapping[str, MetricContract]) -> None:
    for _, metric, place in _items(metrics):
        if metric.share is not None and (wrong := _share_problem(metric, metric.share, closed)):
            key, problem = wrong
            (place / "share" / key).report(problem, "TC104")


def _share_problem(
    metric: MetricContract, share: ShareContract, closed: Mapping[str, MetricContract]
) -> tuple[str, str] | None:
    counter = closed.get(share.metric)
    if counter is None or counter.kind != "counter":
        counters = [name for name, other in closed.items() if other.kind == "counter"]
        return "metric", f"{share.metric!r} is no counter of the registry{suggestion(share.metric, counters)}"
    if share.label not in counter.labels or share.label in metric.labels:
        others = ", ".join(label for label in counter.labels if label not in metric.labels)
        return "label", f"{share.label!r} is no label that only {counter.name} has; it may be {others or 'none'}"
    if missing := [label for label in metric.labels if label not in counter.labels]:
        return "metric", f"{counter.name} lacks the label {missing[0]!r} of this metric; give both the same"
    breach = counter.label_breach(share.label, share.value)
    return None if breach is None else ("value", breach)


def _closed_metric(
    item: Declared[MetricContract], enumerations: _Enumerations, reserved: _Enumerations
) -> MetricContract:
    metric = item.contract
    values = dict(metric.values)
    for label in metric.labels:
        allowed = enumerations.get(label)
        if allowed is not None:
            _check_values(values.setdefault(label, frozenset(allowed)), label, allowed, item.place / "values" / label)
    known = {label: frozenset(reserved[label]) for label in metric.labels if label in reserved and label not in values}
    return replace(metric, values=values, reserved=known)


def _check_values(values: frozenset[str], label: str, allowed: Sequence[str], place: Place) -> None:
    for value in sorted(values.difference(allowed)):
        place.report(
            f"{value!r} is not in the enumeration {label!r}{suggestion(value, allowed) or '.'} "
            f"It has {', '.join(allowed)}; add it there, or correct it",
            "TC104",
        )


def _closed(attributes: Attributes, place: Place, enumerations: _Enumerations) -> Attributes:
    return {
        name: _closed_attribute(attribute, place / index, enumerations)
        for index, (name, attribute) in enumerate(attributes.items())
    }


def _closed_attribute(attribute: AttributeContract, place: Place, enumerations: _Enumerations) -> AttributeContract:
    if not attribute.enumeration:
        return attribute
    values = enumerations.get(attribute.enumeration)
    if values is not None:
        return replace(attribute, values=frozenset(values))
    hint = suggestion(attribute.enumeration, enumerations)
    (place / "enumeration").report(
        f"there is no enumeration {attribute.enumeration!r}{hint or '; declare it'}", "TC104"
    )
    return attribute
