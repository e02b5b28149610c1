"""Write the page that a scrape gets: our families, and what prometheus_client holds besides.

It knows no HTTP. `scrape` asks for a page once a request; it imports prometheus_client.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import final

from prometheus_client import exposition
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from telemetry.signals import FamilySource

from .exposition import END, expose
from .negotiation import TextFormat
from .neighbour import hidden
from .notice import Notice

_CLASSIC_SUFFIXES = {"counter": "_total", "info": "_info"}


@final
class Page:
    """One source's families together with those of a registry; where both have a name, ours stands."""

    __slots__ = ("_exposition", "_notice", "_registry", "_source")

    def __init__(self, source: FamilySource, registry: Collector) -> None:
        self._source = source
        self._exposition = expose(source)
        self._registry = registry
        self._notice = Notice()

    def render(self, form: TextFormat) -> list[bytes]:
        """Take a snapshot of everything and write it, in two parts: joining them would copy megabytes under the GIL.

        A collector of the application that raises costs the families that it and later ones would have given, never
        ours; a family that cannot be written costs itself. Both are said on stderr, once a minute.
        """
        ours = self._exposition.write(form)
        guests = b"".join(self._written(form, self._guests(ours.names)))
        return [ours.text, guests + END[form]]

    def _guests(self, ours: frozenset[str]) -> Iterator[Metric]:
        with hidden(self._source):
            guests = self._collected()
        return (guest for guest in guests if ours.isdisjoint(_names(guest)))

    def _collected(self) -> list[Metric]:
        guests: list[Metric] = []
        try:
            guests.extend(self._registry.collect())
        except Exception as problem:  # noqa: BLE001 -- a collector is code of the application, and may raise anything
            self._complain(f"a collector of prometheus_client's registry raised {problem!r}")
        return guests

    def _written(self, form: TextFormat, guests: Iterable[Metric]) -> Iterator[bytes]:
        for guest in guests:
            try:
                yield _write(form, guest)
            except Exception as problem:  # noqa: BLE001 -- values of the application's collectors may be anything
                self._complain(f"metric {guest.name!r} of prometheus_client's registry cannot be written: {problem!r}")

    def _complain(self, problem: str) -> None:
        self._notice.say(f"telemetry: {problem}; the scrape goes on without it")


@final
class _Single:
    __slots__ = ("_metric",)

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return (self._metric,)


def _write(form: TextFormat, metric: Metric) -> bytes:
    if form == "text":
        return exposition.generate_latest(_Single(metric))
    written: bytes = openmetrics.generate_latest(_Single(metric))  # type: ignore[no-untyped-call]
    return written.removesuffix(END[form])


def _names(metric: Metric) -> tuple[str, str]:
    return metric.name, metric.name + _CLASSIC_SUFFIXES.get(metric.type, "")
