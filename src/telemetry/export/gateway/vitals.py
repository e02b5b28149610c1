"""Shows how the gateway itself is: how many processes it serves, and what it cannot read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import final

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .roster import Census


@final
class Vitals(Collector):
    """The gateway's own families, for the page that it serves; in no contract, as what every client library adds.

    Args:
        census: Gives the processes of the last scrape.
        refused: Gives the number of metrics that fit no contract.
        leads: Tells whether this gateway ships.
    """

    __slots__ = ("_census", "_leads", "_refused")

    def __init__(self, census: Callable[[], Census], refused: Callable[[], int], leads: Callable[[], bool]) -> None:
        self._census = census
        self._refused = refused
        self._leads = leads

    def collect(self) -> Iterator[Metric]:
        """Give the families as they are."""
        census = self._census()
        text = "Processes by state: they record, are gone, or are gone and among the totals of the dead."
        processes = GaugeMetricFamily("telemetry_gateway_processes", text, labels=("state",))
        for state in ("living", "dead", "folded"):
            processes.add_metric((state,), getattr(census, state))
        yield processes
        text = "Journals that cannot be read, or not to their end."
        yield GaugeMetricFamily("telemetry_gateway_unreadable_journals", text, census.unreadable)
        text = "Metrics that are not shown, because they fit no contract of the gateway."
        yield GaugeMetricFamily("telemetry_gateway_refused_metrics", text, self._refused())
        text = "Whether this gateway ships and adds up the dead; another one does where it is 0."
        yield GaugeMetricFamily("telemetry_gateway_leads", text, float(self._leads()))
