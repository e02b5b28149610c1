"""Follows the pages of one source, and keeps of each series the bytes that stand beside its value.

It writes nothing: `exposition` and `encoder` say which bytes those are, and hand the rows to the compiled writer. A
page only ever grows and its entries never move, so each entry is looked at once.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any, Generic, Protocol, TypeVar, final, runtime_checkable
from weakref import WeakSet

from telemetry._hotpath import TWIN, layout
from telemetry.contracts import MetricContract, Registry
from telemetry.metrics import collect
from telemetry.signals import Family, FamilySource

try:
    from .native.rendering import Reader, Rows, Writer  # type: ignore[import-not-found]
except ImportError:
    COMPILED = False
else:
    COMPILED = TWIN == "compiled"

Labels = tuple[str, ...]

_decode = json.JSONDecoder().raw_decode


@runtime_checkable
class PagedSource(FamilySource, Protocol):
    """A source whose cells can be read in place, such as `ExecutionMetrics`.

    `families()` is what its pages hold, in the order of the contracts and completed, followed by what `unpaged` gives.
    """

    registry: Registry

    @property
    def followed(self) -> frozenset[str]:
        """The names of the families that `unpaged` needs."""

    @property
    def exemplified(self) -> frozenset[str]:
        """The names of the families that `completed` changes."""

    def measure(self) -> None:
        """Call what gives values only when it is asked; before the pages are read."""

    def completed(self, families: Sequence[Family]) -> list[Family]:
        """Give families of the pages with their exemplars."""

    def unpaged(self, families: Sequence[Family]) -> list[Family]:
        """Give the families that stand in no page."""

    def memory(self, first: int = 0) -> Sequence[memoryview]:
        """Give the memory of every page from a number on."""


class Outline(Protocol):
    """What a format keeps of one family: its rows, and what it adds to them for each series."""

    rows: Any

    def pieces(self, values: Labels) -> tuple[bytes, ...]:
        """Give the bytes that never change of a series."""


OutlineOf = TypeVar("OutlineOf", bound=Outline)


@final
class Plan(Generic[OutlineOf]):
    """The families of one source in one format, in the order of the contracts, and what writes them.

    Attributes:
        writer: Writes rows and bytes; only within `grown`.
        unreadable: How often something was left out: an entry that says nothing of any contract, or a whole family.
    """

    __slots__ = (
        "__weakref__",
        "_growing",
        "_lock",
        "_outline",
        "_outlines",
        "_readers",
        "_source",
        "unreadable",
        "writer",
    )

    def __init__(self, source: PagedSource, outline: Callable[[MetricContract], OutlineOf]) -> None:
        self._source = source
        self._outline = outline
        self._begin()
        _alive.add(self)

    @contextmanager
    def grown(self) -> Iterator[list[tuple[str, OutlineOf]]]:
        """Take in what was added to the pages; give the families with series, and keep other threads out meanwhile."""
        self._source.measure()  # callbacks of the application: outside of our lock
        with self._lock:
            self._grow()
            yield [(name, self._outlines[name]) for name in self._source.registry.metrics if name in self._outlines]

    def families(self, names: Iterable[str]) -> dict[str, Family]:
        """Read some families the general way; one that cannot be read so either is left out."""
        present = (self._outlines[name].rows for name in names if name in self._outlines)
        read = [family for rows in present for family in self._read(rows.entries())]
        return {family.name: family for family in self._source.completed(read)}

    def _begin(self) -> None:
        self._lock = RLock()
        self._readers: list[Any] = []
        self._outlines: dict[str, OutlineOf] = {}
        self._growing = False
        self.writer = Writer()
        self.unreadable = 0

    def _read(self, entries: bytes) -> list[Family]:
        try:
            return collect([_page(entries)], self._source.registry.metrics)
        except (ValueError, LookupError, struct.error):
            self.unreadable += 1
            return []

    def _grow(self) -> None:
        if self._growing:
            return  # a finaliser that ran in the middle of it, and that writes what is there so far
        self._growing = True
        try:
            self._follow()
        finally:
            self._growing = False

    def _follow(self) -> None:
        self._readers += map(Reader, self._source.memory(len(self._readers)))
        for reader in self._readers:
            while reader.advance():
                self._place(reader)

    def _place(self, reader: Any) -> None:
        name, values = _described(reader.descriptor)
        contract = self._source.registry.metrics.get(name)
        if contract is None and name in self._source.registry.hidden:
            return
        if contract is None or len(values) != len(contract.labels):
            self.unreadable += 1
            return
        outline = self._outlines.get(name) or self._outlines.setdefault(name, self._outline(contract))
        if outline.rows.fits(reader):
            outline.rows.add(reader, outline.pieces(values))
            return
        outline.rows.give_up()
        outline.rows.add(reader)


def rows_of(contract: MetricContract, *, pieces: int, head: bytes = b"", marks: Iterable[bytes] = ()) -> Any:
    """Make the rows of a family, with `pieces` of bytes for each series, as yet without any."""
    numbers = contract.bounds if contract.kind == "histogram" else contract.quantiles
    # A name that is a label twice over, or that a format adds itself, is left to the general way.
    unique = len({*contract.labels, "le", "quantile"}) == len(contract.labels) + 2
    kind = contract.kind if unique else ""
    cell_words = layout.cell_words(contract.kind, len(contract.bounds) + 1)
    return Rows(kind, cell_words, head=head, marks=list(marks), numbers=numbers, pieces=pieces)


def _described(descriptor: bytes) -> tuple[str, Labels]:
    try:
        (name, values, _), _ = _decode(descriptor.decode("utf-8", "surrogatepass"))
    except (ValueError, TypeError, RecursionError):
        return "", ()
    if isinstance(name, str) and isinstance(values, list) and all(isinstance(value, str) for value in values):
        return name, tuple(values)
    return "", ()


def _page(entries: bytes) -> bytes:
    header = [0] * layout.HEADER_WORDS
    header[layout.MAGIC_WORD] = layout.MAGIC
    header[layout.VERSION_WORD] = layout.VERSION
    header[layout.USED_WORD] = layout.HEADER_WORDS + len(entries) // layout.WORD
    return struct.pack(f"={len(header)}Q", *header) + entries


_alive: WeakSet[Plan[Any]] = WeakSet()


def _begin_all_in_child() -> None:
    for plan in list(_alive):
        plan._begin()  # another thread may have held the lock, or been in the middle of an entry


os.register_at_fork(after_in_child=_begin_all_in_child)
