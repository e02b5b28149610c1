"""Families as Prometheus text in a file, for node_exporter's textfile collector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum
from pathlib import Path
from typing import TYPE_CHECKING, final

from .document import SummaryError
from .figures import Family

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric


@final
class _Collector:
    """What prometheus_client asks for families."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """Give the families in their own form."""
        return map(_metric, self._families)


def write_textfile(families: Sequence[Family], path: Path) -> None:
    """Write the families; whoever reads sees the old file or the new one, never a part.

    Raises:
        SummaryError: The file cannot be written; an old one is as it was.
    """
    from prometheus_client import CollectorRegistry, write_to_textfile

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(families))
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise SummaryError(f"{path}: it cannot be written: {error.strerror or error}") from error


def _metric(family: Family) -> Metric:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    contract = family.contract
    if contract.kind == "histogram":
        histogram = HistogramMetricFamily(contract.name, contract.description, labels=contract.labels)
        for each in family.figures:
            histogram.add_metric(each.labels, buckets=family.cumulated(each), sum_value=fsum(each.observations))
        return histogram
    form = CounterMetricFamily if contract.kind == "counter" else GaugeMetricFamily
    metric = form(contract.name, contract.description, labels=contract.labels)
    for each in family.figures:
        metric.add_metric(each.labels, each.value)
    return metric
