"""The figures of a report: how each series began and where it is, and whether data are fresh."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from statistics import fmean
from typing import Final, final

from telemetry.contracts import MetricContract, Registry
from telemetry.operations.history import History, Query, Sample, Series

from .profile import Profile

FRESH_SECONDS: Final = 2 * 3600.0
_UNSAID: Final = frozenset({"instance", "job"})


@final
@dataclass(frozen=True, slots=True)
class Figure:
    """One series over the time of a report.

    Attributes:
        labels: Its labels, in a line.
        points: Time and value. Of a counter it is what was added since the point before; of a histogram or summary
            the mean of the observations since then.
        weights: How many observations each point stands for; of a gauge or counter, one.
    """

    labels: str
    points: Sequence[tuple[float, float]]
    weights: Sequence[float]

    @property
    def values(self) -> list[float]:
        """The values alone."""
        return [value for _, value in self.points]

    @property
    def mean(self) -> float:
        """The mean: of a histogram or summary that of all observations, else that of the values."""
        return fmean(self.values, self.weights)


@final
@dataclass(frozen=True, slots=True)
class Chapter:
    """One metric, with its series."""

    contract: MetricContract
    figures: Sequence[Figure]

    @property
    def reading(self) -> str:
        """How the values are to be read: a sentence; empty for a gauge, whose values are as they were measured."""
        if self.contract.kind == "gauge":
            return ""
        if self.contract.kind == "counter":
            return "Each value is what was added since the sample before."
        return "Each value is the mean of what was observed since the sample before; the mean is of all observations."


@final
@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is shown.

    Attributes:
        newest_s: When the newest sample was taken; None where there is none.
        problems: What was left out of the samples, and why.
    """

    profile: Profile
    source: str
    at_s: float
    chapters: Sequence[Chapter]
    newest_s: float | None
    problems: Sequence[str]

    @property
    def is_fresh(self) -> bool:
        """Whether the newest sample is at most two hours old."""
        return self.newest_s is not None and self.at_s - self.newest_s <= FRESH_SECONDS


def gather(chosen: Profile, history: History, registry: Registry, at_s: float) -> Report:
    """Read what a profile asks for, up to a moment.

    Raises:
        HistoryError: The source cannot be read.
    """
    chapters: list[Chapter] = []
    problems: list[str] = []
    times: list[float] = []
    for name in chosen.metrics:
        contract = registry.metric(name)
        reading = history.read(Query(name, contract.kind, at_s - chosen.hours * 3600, at_s))
        problems += reading.problems
        times += [each.time_s for series in reading.series for each in series.samples]
        figures = [_figure(contract, each) for each in reading.series]
        found = sorted((each for each in figures if each.points), key=lambda each: (each.labels, each.points[0]))
        chapters.append(Chapter(contract, found))
    return Report(chosen, history.name, at_s, chapters, max(times, default=None), problems)


def _line(labels: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(labels) if name not in _UNSAID) or "all"


def _figure(contract: MetricContract, series: Series) -> Figure:
    whole = [each for each in series.samples if isfinite(each.value)]
    labels = _line(series.labels.items())
    if contract.kind == "gauge":
        return Figure(labels, [(each.time_s, each.value) for each in whole], [1.0] * len(whole))
    if contract.kind == "counter":
        added = [(late.time_s, _added(early.value, late.value)) for early, late in pairwise(whole)]
        return Figure(labels, added, [1.0] * len(added))
    observed = [(late.time_s, *_observed(early, late)) for early, late in pairwise(whole)]
    some = [each for each in observed if each[2] > 0]
    return Figure(labels, [(at_s, total / count) for at_s, total, count in some], [count for *_, count in some])


def _added(early: float, late: float) -> float:
    return late - early if late >= early else late  # it began anew


def _observed(early: Sample, late: Sample) -> tuple[float, float]:
    """Give the sum and the number; the number alone tells a new start, for a sum may fall."""
    if late.count < early.count:
        return late.value, late.count
    return late.value - early.value, late.count - early.count
