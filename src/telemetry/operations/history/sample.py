"""What every source of history gives: series of samples, and what was wrong with them.

Times are seconds since the epoch. Counters, histograms and summaries are cumulative, as Prometheus has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from telemetry.signals import MetricKind


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of a series.

    Attributes:
        value: The value of a counter or gauge; the sum of a histogram or summary.
        count: How many observations a histogram or summary has.
        buckets: How many observations of a histogram are at most each upper bound; infinity is one of the bounds.
    """

    time_s: float
    value: float
    count: float = 0.0
    buckets: Mapping[float, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series:
    """All samples of one series, by their time.

    Attributes:
        labels: Names and values, without `le` and `quantile`.
        origin: Who recorded it, to name in a message; empty where nobody says.
    """

    labels: Mapping[str, str]
    samples: Sequence[Sample]
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: the series of a metric that have these labels, from `start_s` up to `end_s`, both included."""

    metric: str
    kind: MetricKind
    start_s: float
    end_s: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer.

    Attributes:
        series: What was found; none is not an error.
        problems: What was left out, and why; a sentence each.
    """

    series: Sequence[Series] = ()
    problems: Sequence[str] = ()


class History(Protocol):
    """A source of samples."""

    @property
    def name(self) -> str:
        """What it is called in messages."""
        ...

    def read(self, query: Query) -> Reading:
        """Give the samples that a query is about.

        Raises:
            HistoryError: The source cannot be read.
        """
        ...
