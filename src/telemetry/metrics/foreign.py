"""Metrics in no contract: instruments of OpenTelemetry's API, under their own names and limit.

Their values lie in pages like all others; what a scrape shows of them has the scope among the labels, as
OpenTelemetry's rules for Prometheus have it.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from math import inf
from time import time_ns
from typing import Any, final

from telemetry._hotpath import CounterCell, Entry, GaugeCell, Region, clean, layout, text, twin, walk
from telemetry.contracts import OVERFLOW_ATTRIBUTE, MetricContract
from telemetry.signals import Attributes as Kept
from telemetry.signals import Family, MetricKind, Origin, Series

from .collect import SCOPE_LABELS
from .collect import _value as value_of
from .exemplar import Exemplars
from .pages import Pages
from .wanted import DEFAULT_BOUNDS, Attributes, Measurement, Wanted

Count = Callable[[str, str], None]
Key = tuple[tuple[str, str, Any], ...]

OVERFLOW = {OVERFLOW_ATTRIBUTE: True}
"""The attributes of the one series that takes what lies past the limit (OpenTelemetry, Metrics SDK, Cardinality)."""


def kind_of(wanted: Wanted) -> MetricKind:
    """Give the kind as Prometheus sees it: what goes up and down is a gauge."""
    return "gauge" if wanted.kind == "up_down_counter" else wanted.kind


@final
class _Point:
    """One series.

    Attributes:
        cell: Where its value is; None where callbacks give it.
        value: What callbacks gave last; None where they no longer do.
        kept: What of it is in the cell, once it has one.
    """

    __slots__ = ("cell", "exemplars", "kept", "origin", "start_ns", "value")

    def __init__(self, origin: Origin, bounds: tuple[float, ...]) -> None:
        self.origin = origin
        self.cell: Any = None
        self.exemplars = Exemplars(bounds)
        self.start_ns = time_ns()
        self.value: float | None = None
        self.kept = 0.0


@final
class _Shelf:
    """The pages that all foreign instruments of one runtime share; a cell is found by the number of its point.

    Attributes:
        is_read: Whether others may read the pages.
    """

    __slots__ = ("_lock", "_pages", "_points", "is_read")

    def __init__(self, region: Region | None) -> None:
        self.is_read = region is not None and region.is_file
        self._lock = threading.RLock()
        self._pages = Pages(region)
        self._points: list[_Point] = []

    def place(self, point: _Point, wanted: Wanted, bounds: tuple[float, ...], refuse: Callable[..., None]) -> None:
        """Give a point its cell."""
        kind, origin = kind_of(wanted), point.origin
        with self._lock:
            number = len(self._points)
            self._points.append(point)
        named = [
            *(origin.scope.name, origin.scope.version, wanted.name, dict(origin.attributes), bounds),
            *(wanted.unit, wanted.description, wanted.kind == "up_down_counter", number),
        ]
        descriptor = json.dumps(named, ensure_ascii=False).encode("utf-8", "replace")
        page, at = self._pages.allot(kind, descriptor, layout.cell_words(kind, len(bounds) + 1))
        if kind == "counter":
            point.cell = CounterCell(page, at, refuse)
        elif kind == "gauge":
            point.cell = GaugeCell(page, at, refuse)
        else:
            point.cell = twin.HistogramCell(page, at, refuse, bounds)

    def entries(self) -> dict[int, tuple[_Point, Entry]]:
        """Take a snapshot of all cells, by the identity of their points."""
        entries = (entry for snapshot in self._pages.snapshots() for entry in walk(snapshot))
        found = ((self._points[json.loads(entry.descriptor)[-1]], entry) for entry in entries)
        return {id(point): (point, entry) for point, entry in found}

    def restart(self) -> None:
        """Make the lock anew, in a forked child; the pages are empty already."""
        self._lock = threading.RLock()


@final
class ForeignInstrument:
    """One instrument of one scope.

    Args:
        wanted: What the application asked for.
        bounds: The buckets of a histogram.
        shelf: Where its cells are.
        limit: The greatest number of series.
        count: Called with a reason and a detail for what is refused.

    Attributes:
        overflowed: How many measurements went past the limit.
    """

    __slots__ = ("_contract", "_count", "_limit", "_lock", "_points", "_shelf", "bounds", "overflowed", "wanted")

    def __init__(self, wanted: Wanted, bounds: tuple[float, ...], shelf: _Shelf, *, limit: int, count: Count) -> None:
        self.wanted = wanted
        self.bounds = bounds
        self._contract = MetricContract(wanted.name, kind_of(wanted), "", "", "", bounds=bounds)
        self._shelf = shelf
        self._limit = limit
        self._count = count
        self._points: dict[Key, _Point] = {}
        self.overflowed = 0
        self._lock = threading.RLock()  # a finaliser that runs inside may record too

    def record(self, amount: float, attributes: Attributes, context: Any) -> None:
        """Add to a counter, or observe a value."""
        point = self._point(attributes)
        if self.wanted.kind == "up_down_counter":
            point.cell.inc(amount)
        elif isinstance(amount, int | float) and 0.0 <= amount < inf:
            point.cell.write(amount)
            point.exemplars.offer(amount, context)
        else:
            self.refuse("value_out_of_range", amount)

    def set(self, amount: float, attributes: Attributes, context: Any) -> None:
        """Set a gauge."""
        del context  # a gauge has no exemplars
        self._point(attributes).cell.write(amount)

    def observe(self, measurements: Iterable[Measurement]) -> None:
        """Take absolute values; a series that the callbacks no longer give is no longer shown.

        Of what lies past the limit the overflow series has the sum, and of gauges the last value.
        """
        with self._lock:
            for point in self._points.values():
                point.value = None
            for value, attributes in measurements:
                point = self._point(attributes)
                adds_up = point is self._points.get(_OVERFLOW_KEY) and self.wanted.kind != "gauge"
                point.value = value + point.value if adds_up and point.value is not None else value

    def keep(self) -> None:
        """Put what callbacks gave last into the pages, for whoever reads them."""
        with self._lock:
            given = [point for point in self._points.values() if point.value is not None]
            for point in given if self.wanted.is_observed and self._shelf.is_read else ():
                self._keep(point, point.value or 0.0)

    def refuse(self, reason: str, value: object) -> None:
        """Count a measurement that cannot be recorded."""
        self._count(reason, f"{self.wanted.name}: {value!r}")

    def series(self, entries: Mapping[int, tuple[_Point, Entry]]) -> list[Series]:
        """Give all series, without labels, which depend on those of its namesakes; `entries` are those of the shelf."""
        with self._lock:
            points = list(self._points.values())
        if self.wanted.is_observed:
            return [
                Series((), point.value, point.start_ns, (), point.origin) for point in points if point.value is not None
            ]
        return [self._shown(point, entries[id(point)][1]) for point in points if id(point) in entries]

    def restart(self) -> None:
        """Start over, in a forked child."""
        self._lock = threading.RLock()
        self.overflowed = 0
        for point in self._points.values():
            point.exemplars.clear()
            point.kept = 0.0
            if isinstance(point.cell, GaugeCell):
                point.cell.restart()

    def _keep(self, point: _Point, value: float) -> None:
        if point.cell is None:
            self._shelf.place(point, self.wanted, self.bounds, self.refuse)
        if kind_of(self.wanted) == "gauge":
            point.cell.write(value)
        else:  # one that fell has begun anew, as under a contract
            point.cell.inc(value - point.kept if value >= point.kept else value)
        point.kept = value

    def _shown(self, point: _Point, entry: Entry) -> Series:
        value = value_of(entry, self._contract)
        return Series((), value, entry.created_ns, point.exemplars.kept(), point.origin)

    def _point(self, attributes: Attributes) -> _Point:
        key = _key(attributes) if attributes else ()
        found = self._points.get(key)
        if found is not None:
            return found
        with self._lock:
            if key not in self._points and len(self._points) - (_OVERFLOW_KEY in self._points) >= self._limit:
                self._count_overflow(attributes)
                key = _OVERFLOW_KEY
            if key not in self._points:
                self._points[key] = self._make({name: value for name, _, value in key})
            return self._points[key]

    def _count_overflow(self, attributes: Attributes) -> None:
        detail = ""
        if not self.overflowed:
            from .callsite import call_site  # as for instruments of the registry

            pairs = ", ".join(f"{text(name)}={text(value)!r}" for name, value in (attributes or {}).items())
            where = call_site()
            first = f"the first past it was {pairs}{f', at {where}' if where else ''}"
            detail = f"{self.wanted.name}: more than {self._limit} series; {first}"
        self.overflowed += 1
        self._count("cardinality_overflow", detail)

    def _make(self, attributes: Kept) -> _Point:
        point = _Point(Origin(self.wanted.scope, attributes), self.bounds)
        if not self.wanted.is_observed:
            self._shelf.place(point, self.wanted, self.bounds, self.refuse)
        return point


@final
class ForeignMetrics:
    """All instruments of one runtime that are in no contract.

    Args:
        limit: The greatest number of series of one of them.
        count: Called with a reason and a detail for what is refused.
        region: Where the cells are kept; None for memory of their own.
    """

    __slots__ = ("_count", "_instruments", "_limit", "_lock", "_shelf")

    def __init__(self, *, limit: int, count: Count, region: Region | None = None) -> None:
        self._limit = limit
        self._count = count
        self._shelf = _Shelf(region)
        self._instruments: dict[str, list[ForeignInstrument]] = {}
        self._lock = threading.RLock()

    def instrument(self, wanted: Wanted) -> ForeignInstrument | None:
        """Give an instrument; None, which is counted, where another scope has its name for something else.

        Under one name there is one kind, one unit, and one row of buckets: a scrape can tell them apart in no way.
        """
        bounds = (wanted.bounds or DEFAULT_BOUNDS) if wanted.kind == "histogram" else ()
        with self._lock:
            namesakes = self._instruments.setdefault(_exposed(wanted.name), [])
            for other in namesakes:
                if other.wanted.scope == wanted.scope and _same(other.wanted, wanted):
                    return other
            if namesakes and not _same(namesakes[0].wanted, wanted):
                first = namesakes[0].wanted
                self._count(
                    "foreign_metric_refused",
                    f"{wanted.name} of {wanted.scope.name!r} is a {wanted.kind} in {wanted.unit!r}, and "
                    f"{first.name} of {first.scope.name!r} is a {first.kind} in {first.unit!r}",
                )
                return None
            bounds = namesakes[0].bounds if namesakes else bounds
            made = ForeignInstrument(wanted, bounds, self._shelf, limit=self._limit, count=self._count)
            namesakes.append(made)
            return made

    def families(self) -> list[Family]:
        """Take a snapshot, one family a name, whatever the scopes."""
        with self._lock:
            groups = [list(group) for group in self._instruments.values()]
        entries = self._shelf.entries()
        made = ([series for each in group for series in each.series(entries)] for group in groups)
        return [_family(group[0], series) for group, series in zip(groups, made, strict=True) if series]

    def keep(self) -> None:
        """Put what callbacks gave last into the pages."""
        with self._lock:
            instruments = [each for group in self._instruments.values() for each in group]
        for instrument in instruments:
            instrument.keep()

    def overflowed(self) -> dict[str, int]:
        """Count the measurements past the limit by the name of the instrument, whatever its scope."""
        counts: Counter[str] = Counter()
        with self._lock:
            for each in (each for group in self._instruments.values() for each in group if each.overflowed):
                counts[each.wanted.name] += each.overflowed
        return dict(counts)

    def restart(self) -> None:
        """Make all locks anew, in a forked child: a thread that is not there may hold one."""
        self._lock = threading.RLock()
        self._shelf.restart()
        for group in self._instruments.values():
            for instrument in group:
                instrument.restart()


def _same(one: Wanted, other: Wanted) -> bool:
    return (one.kind, one.unit, one.is_observed) == (other.kind, other.unit, other.is_observed)


def _exposed(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", name).lower()


def _family(first: ForeignInstrument, found: list[Series]) -> Family:
    rows = [_labels(series.origin) for series in found if series.origin is not None]
    labels = (*sorted({name for row in rows for name in row}.difference(SCOPE_LABELS)), *SCOPE_LABELS)
    wanted = first.wanted
    return Family(
        name=wanted.name,
        kind=kind_of(wanted),
        unit=wanted.unit,
        description=wanted.description,
        labels=labels,
        series=tuple(
            replace(series, labels=tuple(row.get(name, "") for name in labels))
            for row, series in zip(rows, found, strict=True)
        ),
        bounds=first.bounds,
        time_ns=time_ns(),
        additive=wanted.kind == "up_down_counter",
    )


def _labels(origin: Origin) -> dict[str, str]:
    """Give the labels of a series; attributes whose names become one share it, as OpenTelemetry's rules have it."""
    made: dict[str, str] = {}
    for name, value in sorted(origin.attributes.items()):
        exposed = re.sub(r"[^a-zA-Z0-9_]", "_", name)
        made[exposed] = f"{made[exposed]};{text(value)}" if exposed in made else text(value)
    return {**made, "otel_scope_name": origin.scope.name, "otel_scope_version": origin.scope.version}


def _key(attributes: Mapping[str, Any]) -> Key:
    """Make a key of attributes, in which 1, 1.0 and True differ."""
    pairs = ((text(name), clean(value)) for name, value in attributes.items())
    return tuple(sorted((name, type(value).__name__, value) for name, value in pairs if value is not None))


_OVERFLOW_KEY = _key(OVERFLOW)
