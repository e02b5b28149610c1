"""An episode: from when an alert began to fire until it fired no more, for one set of labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

_OF_RULES = {"__name__", "alertstate", "alertname", "severity"}
_LONGEST_GAP_STEPS = 1.5


@final
@dataclass(frozen=True, slots=True)
class Episode:
    """One time that an alert fired.

    Attributes:
        alert: The name of the alert.
        severity: Its level; empty where it has none.
        labels: All others that it had.
        start: Seconds since 1970, the first evaluation at which it fired.
        end: The last one.
    """

    alert: str
    severity: str
    labels: Mapping[str, str]
    start: float
    end: float


def episodes_of(exported: Iterable[Mapping[str, Any]], step_seconds: float) -> list[Episode]:
    """Find the episodes in the `ALERTS` series that VictoriaMetrics exports, by the time of their start.

    The export has the samples that were written. A range query would fill the gaps between two episodes.
    """
    found = [episode for series in exported for episode in _episodes(series, step_seconds)]
    return sorted(found, key=lambda each: (each.start, each.alert, each.severity, sorted(each.labels.items())))


def _episodes(series: Mapping[str, Any], step_seconds: float) -> Iterator[Episode]:
    labels = series["metric"]
    rest = {label: value for label, value in labels.items() if label not in _OF_RULES}
    for start, end in _spans(sorted(series["timestamps"]), step_seconds * 1000 * _LONGEST_GAP_STEPS):
        yield Episode(labels["alertname"], labels.get("severity", ""), rest, start / 1000, end / 1000)


def _spans(times: Sequence[int], longest_gap: float) -> Iterator[tuple[int, int]]:
    """Give the first and the last of each run of times that are not further apart than the gap."""
    starts = [index for index, at in enumerate(times) if not index or at - times[index - 1] > longest_gap]
    for first, after in zip(starts, [*starts[1:], len(times)], strict=True):
        yield times[first], times[after - 1]
