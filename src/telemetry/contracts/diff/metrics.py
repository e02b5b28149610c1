"""Compare two contracts of one metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Final

from telemetry.contracts.metric import MetricContract

from .change import Change, Subject, next_version
from .tables import compare_stability, compare_values, compare_words, quoted

_Enumerations = Mapping[str, tuple[str, ...]]

_EXACT: Final = {"kind": "TC404", "unit": "TC405", "share": "TC410", "across": "TC410", "exponential": "TC410"}
"""What gives every query another meaning when it changes."""


def compare_metric(
    subject: Subject, old: MetricContract, new: MetricContract, before: _Enumerations, after: _Enumerations
) -> Iterator[Change]:
    """Go through the changes of a metric; those of an enumeration are told once, for the enumeration."""
    for key, code in _EXACT.items():
        if getattr(old, key) != getattr(new, key):
            yield subject.breaking(code, f"{key!r} changed from {getattr(old, key)!r} to {getattr(new, key)!r}")
    yield from _compare_labels(subject, old, new)
    yield from _compare_label_values(subject, old, new, before, after)
    if old.kind == new.kind:
        yield from _compare_numbers(subject, "buckets", old.bounds, new.bounds)
        yield from _compare_numbers(subject, "quantiles", old.quantiles, new.quantiles)
        yield from _compare_range(subject, old.range or (-inf, inf), new.range or (-inf, inf))
    yield from compare_stability(subject, old.stability, new.stability)
    yield from compare_words(subject, old, new, ("description", "owner", "replaced_by"))


def _compare_labels(subject: Subject, old: MetricContract, new: MetricContract) -> Iterator[Change]:
    gone = [label for label in old.labels if label not in new.labels]
    fresh = [label for label in new.labels if label not in old.labels]
    renamed = _renamed_labels(old, new)
    for label in gone:
        yield (
            _renamed_label(subject, label, renamed[label])
            if label in renamed
            else subject.breaking("TC401", f"lost the label {label!r}")
        )
    for label in fresh:
        if label not in renamed.values():
            yield _added_label(subject, label)
    if not gone and not fresh and old.labels != new.labels:
        yield subject.compatible("TC415", f"the order of labels changed to {quoted(new.labels)}")


def _renamed_labels(old: MetricContract, new: MetricContract) -> dict[str, str]:
    """Pair a label that is gone with a new one in its place."""
    if len(old.labels) != len(new.labels):
        return {}
    pairs = zip(old.labels, new.labels, strict=True)
    return {before: after for before, after in pairs if before not in new.labels and after not in old.labels}


def _renamed_label(subject: Subject, old: str, new: str) -> Change:
    part = Subject(subject.noun, f"{subject.name}, label {old}", subject.stability)
    remedy = f"keep it, or deprecate the metric and declare {next_version(subject.name)!r} beside it"
    return part.breaking("TC403", f"is now called {new!r}", remedy)


def _added_label(subject: Subject, label: str) -> Change:
    """Judge a label more: it breaks each series apart, which a stable metric excludes and a beta one does not."""
    problem = f"got the label {label!r}, which breaks its series apart"
    if subject.stability == "beta":
        return subject.risky("TC402", problem, "give it wherever the metric is recorded")
    return subject.breaking("TC402", problem)


def _compare_label_values(
    subject: Subject, old: MetricContract, new: MetricContract, before: _Enumerations, after: _Enumerations
) -> Iterator[Change]:
    for label in old.labels:
        if label not in new.labels:
            continue
        mine, yours = old.values.get(label), new.values.get(label)
        told = frozenset(before.get(label, ())) ^ frozenset(after.get(label, ()))
        if mine is not None and yours is not None:
            # What an enumeration won or lost is a change of its own, and not one of each metric.
            mine, yours = mine - (told - yours), yours - (told - mine)
        yield from compare_values(subject, f"the label {label!r}", mine, yours)


def _compare_numbers(subject: Subject, noun: str, old: tuple[float, ...], new: tuple[float, ...]) -> Iterator[Change]:
    """Compare bounds or quantiles: each has a series of its own, which queries name."""
    if lost := [number for number in old if number not in new]:
        yield subject.breaking("TC407", f"{noun} lost {_numbers(lost)}")
    if more := [number for number in new if number not in old]:
        yield subject.compatible("TC407", f"{noun} got {_numbers(more)}")


def _compare_range(subject: Subject, old: tuple[float, float], new: tuple[float, float]) -> Iterator[Change]:
    if old == new:
        return
    problem = f"the range changed from {_numbers(old)} to {_numbers(new)}"
    if new[0] > old[0] or new[1] < old[1]:
        yield subject.risky("TC410", problem, "see that nothing records a value outside of it")
    else:
        yield subject.compatible("TC410", problem)


def _numbers(values: tuple[float, ...] | list[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
