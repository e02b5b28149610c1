"""The life of a metric after it was stable: deprecated, hidden, removed, each step by a day.

The states are those of Kubernetes' metrics. What depends on no day is a rule of `checks`; the rest is told for a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from os import PathLike
from typing import Final, final

from telemetry.errors import RegistryError

from .declaration import Declarations
from .entry import Place
from .finding import Finding, finding
from .load import read_files
from .merge import merge
from .metric import AMBIENT_LABELS, LEAVING, MetricContract, State
from .naming import Rule, review
from .registry import Registry
from .renaming import rename_problem, successor_of
from .succession import counter_name

_GONE: Final[tuple[State, ...]] = (*LEAVING, "removed")
_LATER: Final[tuple[State, ...]] = ("hidden", "removed")
_NEXT: Final[Mapping[str, str]] = {"deprecated": "hide it, or remove it", "hidden": "remove it"}


@final
@dataclass(frozen=True, slots=True)
class Standing:
    """Where one metric stands that is deprecated, hidden or removed.

    Attributes:
        since: The day since which it does; empty where nobody says.
        days_left: The days until it has to go on, less than 0 when it is late; None where there is no such day.
        successor: What to use in its place; empty where there is nothing.
        path: The file that declares it.
        pointer: The place in it, as a JSON pointer (RFC 6901).
    """

    name: str
    state: State
    since: str
    days_left: int | None
    successor: str
    path: str
    pointer: str


@final
@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The metrics that are about to go, or gone, as of one day, and what is wrong with them.

    Attributes:
        registry: All contracts; None where the files cannot be loaded, and then the findings say why.
    """

    standings: tuple[Standing, ...]
    findings: tuple[Finding, ...]
    registry: Registry | None


def check_lifecycle(*paths: str | PathLike[str], packs: Sequence[str] | None = None, as_of: date) -> Lifecycle:
    """See which metrics of files and packs are about to go, and which are late as of a day.

    >>> check_lifecycle(as_of=date(2026, 1, 31)).standings
    ()

    Args:
        paths: Registry files, in the order in which they extend each other.
        packs: The packs to look at besides, as in `load_registry`.
        as_of: The day.

    Raises:
        ContractError: There is no such pack.
    """
    errors: list[RegistryError] = []
    files = read_files(paths, packs, errors)
    registry = merge(files.declarations, packs=files.packs, paths=files.paths)
    if errors:
        return Lifecycle((), tuple(sorted(map(finding, errors))), None)
    standings: list[Standing] = []
    for metric, place in _leaving(files.declarations, registry):
        standing = _standing(metric, place, registry.deprecation_days, as_of)
        standings.append(standing)
        _check(metric, standing, place, registry, as_of)
    _check_rules(files.declarations, registry)
    return Lifecycle(tuple(standings), tuple(sorted(map(finding, errors))), registry)


def lifecycle_rules(registry: Registry) -> Mapping[str, Rule]:
    """Give the rules of a metric's states that depend on no day, by the names that waivers use."""
    return {
        "deprecated_first": Rule("stability", _deprecated_first, "TC203"),
        "lasting_successor": Rule("replaced_by", lambda metric: _lasting_successor(metric, registry), "TC204"),
        "dual_emission": Rule("replaced_by", lambda metric: _dual_emission(metric, registry), "TC206"),
        "day_order": Rule("since", _day_order, "TC207"),
        "writes_counter": Rule("labels", lambda metric: _writes_counter(metric, registry), "TC208"),
    }


def _leaving(files: Sequence[Declarations], registry: Registry) -> Iterator[tuple[MetricContract, Place]]:
    seen: set[str] = set()
    for item in (item for file in files for item in file.metrics):
        name = item.contract.name
        if item.contract.stability in _GONE and name not in seen:
            seen.add(name)
            yield _known(name, registry), item.place


def _known(name: str, registry: Registry) -> MetricContract:
    return registry.metrics.get(name) or registry.removed[name]


def _standing(metric: MetricContract, place: Place, window_days: int, as_of: date) -> Standing:
    days_left = None
    if metric.since and metric.stability in LEAVING:
        days_left = (date.fromisoformat(metric.since) + timedelta(days=window_days) - as_of).days
    return Standing(
        metric.name, metric.stability, metric.since, days_left, metric.replaced_by, place.path, place.pointer
    )


def _check(metric: MetricContract, standing: Standing, place: Place, registry: Registry, as_of: date) -> None:
    for key in ("since", "deprecated_since"):
        day = getattr(metric, key)
        if day and date.fromisoformat(day) > as_of:
            (place / key).report(f"{day} is to come, as of {as_of}; give the day on which it happened", "TC202")
    if standing.days_left is not None and standing.days_left < 0:
        window = registry.deprecation_days
        late = "1 day" if standing.days_left == -1 else f"{-standing.days_left} days"
        problem = (
            f"{metric.name} is {metric.stability} since {metric.since}, which is {late} longer than {window} days; "
            f"{_NEXT[metric.stability]}"
        )
        (place / "since").report(problem, "TC201")


def _check_rules(files: Sequence[Declarations], registry: Registry) -> None:
    rules = lifecycle_rules(registry)
    for item in (item for file in files for item in file.metrics):
        for key, problem, code in review(_known(item.contract.name, registry), rules):
            if code in {rule.code for rule in rules.values()}:
                (item.place / key).report(problem, code)


def _deprecated_first(metric: MetricContract) -> str | None:
    if metric.stability not in _LATER or metric.deprecated_since:
        return None
    return f"a {metric.stability} metric was deprecated before; add 'deprecated_since' with the day"


def _lasting_successor(metric: MetricContract, registry: Registry) -> str | None:
    if metric.stability not in LEAVING or not metric.replaced_by:
        return None
    successor = _known(metric.replaced_by, registry)
    if successor.stability not in _GONE:
        return None
    last = successor
    while last.replaced_by and last.stability in _GONE:
        last = _known(last.replaced_by, registry)
    hint = f"name {last.name!r}" if last is not successor else "name one that stays"
    return f"{successor.name!r} is {successor.stability} itself; {hint}"


def _dual_emission(metric: MetricContract, registry: Registry) -> str | None:
    successor = successor_of(metric, registry.metrics)
    if successor is None:
        return None
    problem = rename_problem(metric, successor)
    rivals = [
        other.name
        for other in registry.metrics.values()
        if successor_of(other, registry.metrics) is successor and other.name != metric.name
    ]
    if problem is None and not rivals:
        return None
    problem = problem or f"{rivals[0]} is replaced by {successor.name} too, and one is not the other"
    return (
        f"writes to it are not recorded as {successor.name!r}: {problem}; "
        "record both until nobody looks at the old one, or waive this"
    )


def _day_order(metric: MetricContract) -> str | None:
    if not metric.since or not metric.deprecated_since or metric.deprecated_since <= metric.since:
        return None
    return f"{metric.since} is before {metric.deprecated_since}, when it was deprecated; correct one of them"


def _writes_counter(metric: MetricContract, registry: Registry) -> str | None:
    counted = [each for each in registry.metrics.values() if each.stability in LEAVING]
    if metric.name not in {counter_name(each.name) for each in counted}:
        return None
    if metric.kind == "counter" and set(metric.labels).issubset(AMBIENT_LABELS):
        return None
    return (
        "it counts the writes to a deprecated metric, so it is a counter whose labels the settings give; "
        "leave it out, and the registry adds it"
    )
