"""Which metric a series belongs to: `builds_total`, its `_created`, the `_bucket` of a histogram."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, final

from telemetry.contracts import MetricContract
from telemetry.signals import MetricKind

# OpenMetrics 1.0, "Suffixes".
_SUFFIXES: Final[Mapping[MetricKind, tuple[str, ...]]] = {
    "counter": ("_total", "_created"),
    "gauge": ("",),
    "histogram": ("", "_bucket", "_sum", "_count", "_created"),
    "summary": ("", "_sum", "_count", "_created"),
}


@final
class Vocabulary:
    """The series of some metrics.

    A series that two metrics could have belongs to the one of its exact name.

    Attributes:
        metrics: The contracts by name.
        series: Each series with the name of its metric.
    """

    __slots__ = ("metrics", "series")

    def __init__(self, metrics: Iterable[MetricContract]) -> None:
        self.metrics = {each.name: each for each in metrics}
        self.series: dict[str, str] = {}
        for metric in self.metrics.values():
            for name in _series(metric):
                self.series.setdefault(name, metric.name)
        self.series.update({name: name for name in self.metrics})

    def metric_of(self, series: str) -> MetricContract | None:
        """Give the metric of a series; None where it belongs to none of them."""
        name = self.series.get(series)
        return None if name is None else self.metrics[name]


def _series(metric: MetricContract) -> Iterator[str]:
    plain = metric.name.removesuffix("_total") if metric.kind == "counter" else metric.name
    for suffix in _SUFFIXES[metric.kind]:
        yield plain + suffix
