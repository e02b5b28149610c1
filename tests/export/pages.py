"""Sources whose cells lie in pages, filled with any bits that a cell can have, for the ways that read them in place."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from telemetry._hotpath import Page, layout
from telemetry.contracts import MetricContract, Registry
from telemetry.metrics import collect
from telemetry.signals import Exemplar, Family, MetricKind, Series

from .families import legal_label_names

ODD_TEXT = 'ab\\"\n\r\t {}=,#%()é😀\x00\ud800'


@dataclass(slots=True)
class Paged:
    """A source of its own pages; a test writes the words of its cells."""

    registry: Registry
    pages: list[Page] = field(default_factory=lambda: [Page()])
    followed: frozenset[str] = frozenset()
    exemplified: frozenset[str] = frozenset()
    time_ns: int = 0

    def memory(self, first: int = 0) -> list[memoryview]:
        """Give the pages as they stand."""
        return [memoryview(page.memory) for page in self.pages[first:]]

    def families(self) -> Sequence[Family]:
        """Read the pages in the general way; at `time_ns`, where that is set."""
        found = collect([page.snapshot() for page in self.pages], self.registry.metrics)
        return [replace(family, time_ns=self.time_ns or family.time_ns) for family in found]

    def measure(self) -> None:
        """Do nothing: all values lie in the pages."""

    def completed(self, families: Sequence[Family]) -> list[Family]:
        """Give families as they are."""
        return list(families)

    def unpaged(self, families: Sequence[Family]) -> list[Family]:
        """Give nothing beside the pages."""
        return []

    def add(self, name: str, labels: Sequence[str], cell: bytes, kind: str = "") -> None:
        """Add a series, its cell filled with these words; a full page gets a neighbour."""
        descriptor = json.dumps([name, labels, []]).encode()
        words = len(cell) // layout.WORD
        at = self.pages[-1].allot(kind or self.registry.metrics[name].kind, descriptor, words)
        if at is None:
            self.pages.append(Page())
            return self.add(name, labels, cell, kind)
        self.pages[-1].memory[at * layout.WORD : (at + words) * layout.WORD] = cell
        return None


class Exemplified(Paged):
    """A source whose families all have an exemplar in their first series."""

    def families(self) -> Sequence[Family]:
        """Read the pages in the general way."""
        return self.completed(super().families())

    def completed(self, families: Sequence[Family]) -> list[Family]:
        """Give families with their exemplars."""
        return [replace(family, series=(_with_exemplar(family), *family.series[1:])) for family in families]


def _with_exemplar(family: Family) -> Series:
    return replace(family.series[0], exemplars=(Exemplar(1.5, 1_700_000_000_000_000_000, 0xABC, 0xDEF),))


def histogram_cell(buckets: Sequence[int], total: float) -> bytes:
    """Lay out a histogram's words."""
    return struct.pack(f"={len(buckets)}Qd", *buckets, total)


def gauge_cell(active: int, first: float, second: float) -> bytes:
    """Lay out a gauge's words."""
    return struct.pack("=QdQdQ", active, first, 1, second, 2)


def summary_cell(active: int, place: int, zeros: int, total: float, bins: dict[int, int]) -> bytes:
    """Lay out a summary's words; the copy that does not count is full of ones."""
    counts = [bins.get(number, 0) for number in range(layout.SUMMARY_BINS)]
    copy = struct.pack(f"=QQd{len(counts)}Q", place, zeros, total, *counts)
    other = b"\x01" * len(copy)
    return struct.pack("=Q", active) + (other + copy if active else copy + other)


_stems = st.builds("{}{}".format, st.sampled_from("ab_"), st.text("ab0_9Z", max_size=6))
_units = st.sampled_from(["", "seconds", "bytes", "count", "modules/week"])
_numbers = st.floats(allow_nan=True, allow_infinity=True)
_counts = st.integers(0, 2**50)


@st.composite
def contracts(draw: st.DrawFn) -> MetricContract:
    """Draw any contract of any kind."""
    kind: MetricKind = draw(st.sampled_from(["counter", "gauge", "histogram", "summary"]))
    unit = draw(_units)
    name = draw(_stems) + (f"_{unit}" if unit.isalpha() and draw(st.booleans()) else "")
    name += "_total" if kind == "counter" else ""
    bounds = draw(st.lists(st.floats(-10, 1e9), max_size=5, unique=True)) if kind == "histogram" else []
    quantiles = draw(st.lists(st.floats(0, 1), max_size=4, unique=True)) if kind == "summary" else []
    labels = draw(st.lists(legal_label_names, max_size=4, unique=True))
    text = draw(st.text(ODD_TEXT, max_size=12))
    contract = MetricContract(name, kind, unit, text, "me", tuple(labels))
    return replace(contract, bounds=tuple(sorted(bounds)), quantiles=tuple(sorted(quantiles)))


@st.composite
def cells(draw: st.DrawFn, contract: MetricContract) -> bytes:
    """Draw any words that a recorder could leave in a cell."""
    if contract.kind == "counter":
        return struct.pack("=d", draw(_numbers))
    if contract.kind == "gauge":
        return gauge_cell(draw(st.integers(0, 1)), draw(_numbers), draw(_numbers))
    if contract.kind == "histogram":
        buckets = draw(st.lists(_counts, min_size=len(contract.bounds) + 1, max_size=len(contract.bounds) + 1))
        return histogram_cell(buckets, draw(_numbers))
    place = draw(st.one_of(st.just(0), st.integers(28_000, 101_000)))
    bins = draw(st.dictionaries(st.integers(0, layout.SUMMARY_BINS - 1), st.integers(0, 2**30), max_size=6))
    return summary_cell(draw(st.integers(0, 1)), place, draw(st.integers(0, 9)), draw(_numbers), bins)


@st.composite
def additions(draw: st.DrawFn, registry: Registry) -> list[tuple[str, list[str], bytes]]:
    """Draw series to add: a name, label values and a filled cell for each."""
    found = []
    for name in draw(st.lists(st.sampled_from(sorted(registry.metrics)), max_size=6)):
        contract = registry.metrics[name]
        count = len(contract.labels)
        labels = draw(st.lists(st.text(ODD_TEXT, max_size=8), min_size=count, max_size=count))
        found.append((name, labels, draw(cells(contract))))
    return found


@st.composite
def growths(draw: st.DrawFn) -> tuple[Registry, list[list[tuple[str, list[str], bytes]]]]:
    """Draw a registry, and what is added to its pages in three steps."""
    drawn = draw(st.lists(contracts(), min_size=1, max_size=4, unique_by=lambda contract: contract.name))
    registry = Registry(metrics={contract.name: contract for contract in drawn})
    return registry, [draw(additions(registry)) for _ in range(3)]


def many_series(count: int) -> Paged:
    """Fill pages with some thousands of series of all kinds, of values that a program could have."""
    chance = random.Random(count)
    kinds: list[MetricKind] = ["counter", "gauge", "histogram", "summary"]
    known = {}
    for kind in kinds:
        name = f"work_{kind}_seconds" + ("_total" if kind == "counter" else "")
        bounds = (0.001, 0.01, 0.1, 1.0, 2.5, 10.0) if kind == "histogram" else ()
        quantiles = (0.5, 0.9, 0.99) if kind == "summary" else ()
        known[name] = MetricContract(
            name, kind, "seconds", "Work.", "me", ("shop", "zone"), bounds=bounds, quantiles=quantiles
        )
    source = Paged(Registry(metrics=known))
    for number in range(count):
        contract = known[chance.choice(list(known))]
        source.add(
            contract.name, [f"shop-{number}", chance.choice(["é", 'a"b', "c\\d", "x"])], _filled(contract, chance)
        )
    return source


def _filled(contract: MetricContract, chance: random.Random) -> bytes:
    value = chance.choice([0.0, 1.0, 12345.0, 1e6, 987654321.0, chance.random(), chance.uniform(-1e9, 1e9)])
    if contract.kind == "counter":
        return struct.pack("=d", abs(value))
    if contract.kind == "gauge":
        return gauge_cell(chance.randrange(2), value, -value)
    if contract.kind == "histogram":
        return histogram_cell([chance.randrange(3000) for _ in range(len(contract.bounds) + 1)], abs(value))
    bins = {chance.randrange(layout.SUMMARY_BINS): chance.randrange(50) for _ in range(9)}
    return summary_cell(chance.randrange(2), 65_000, chance.randrange(3), abs(value), bins)
