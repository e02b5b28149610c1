"""Merges the metric pages of many processes into pages of the same layout, for the same writers.

A page only ever grows and its entries never move: each entry is looked at once, and from then on a merge reads cells
and nothing else. What becomes of the values of several processes is for the contract (`across`) to say. Nothing is
read from files here.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from telemetry._hotpath import TWIN, layout
from telemetry.contracts import MetricContract, Registry

from . import addition
from .quota import Quota

_WORD: Final = layout.WORD
_GAUGES: Final = {"last": addition.LAST, "sum": addition.SUM, "max": addition.MAX, "min": addition.MIN}
_OPERATIONS: Final = {
    "counter": addition.COUNTER,
    "gauge": addition.LAST,
    "histogram": addition.HISTOGRAM,
    "summary": addition.SUMMARY,
    "exponential": addition.EXPONENTIAL,
}
# Where in a merged cell, whose first copy counts, a sum stands that only rises; negative from the end.
_SUMS: Final = {"counter": 0, "histogram": -1, "summary": 3, "exponential": 4}
_FOREIGN_PARTS: Final = 6


@final
@dataclass(frozen=True, slots=True)
class Place:
    """What becomes of a series: how its cells are added, and the descriptor that it has among the merged.

    Attributes:
        foreign: It is in no contract, and stands on pages of its own.
        overflow: It lies past the limit, and is added to the series of all that do.
    """

    operation: int
    descriptor: bytes
    foreign: bool = False
    overflow: bool = False


@final
class Part:
    """A copy of one page of one process; whoever reads pages fills it again before each merge, and never moves it.

    Args:
        memory: Room for the whole page.
    """

    __slots__ = ("_next", "links", "memory")

    def __init__(self, memory: bytearray) -> None:
        self.memory = memory
        self.links = _links(memory)
        self._next = layout.HEADER_WORDS

    def entries(self) -> Iterator[tuple[str, int, bytes, int, int]]:
        """Give the kind, creation, descriptor, place and size of each entry that was not given before.

        Raises:
            ValueError: This is no page, or an entry reaches past what is written.
        """
        words = memoryview(self.memory).cast("Q")
        if words[layout.MAGIC_WORD] != layout.MAGIC or words[layout.VERSION_WORD] != layout.VERSION:
            raise ValueError(f"not a metric page of version {layout.VERSION}")
        used = words[layout.USED_WORD]
        if used > len(words):
            raise ValueError("a metric page says that it is longer than it is")
        while self._next < used:
            yield self._advance(used)

    def _advance(self, used: int) -> tuple[str, int, bytes, int, int]:
        start = self._next
        if start + layout.ENTRY_WORDS > used:
            raise ValueError("an entry of a metric page is cut off")
        size, kind, _, created_ns, length, words = layout.ENTRY.unpack_from(self.memory, start * _WORD)
        end = start + size
        if end > used or size < layout.ENTRY_WORDS + -(-length // _WORD) + words or kind >= len(layout.KINDS):
            raise ValueError("an entry of a metric page says something impossible of itself")
        text_at = (start + layout.ENTRY_WORDS) * _WORD
        self._next = end
        descriptor = bytes(self.memory[text_at : text_at + length])
        return layout.KINDS[kind], created_ns, descriptor, end - words, words


@final
class Rule:
    """Says by the contracts what becomes of a series, and counts how many there are; one serves one merged view.

    Args:
        registry: The contracts.
        keep_all: Whether a series is kept though it fits no contract; its gauges then have their last values.

    Attributes:
        refused: The names that fit no contract, each with the reason.
    """

    __slots__ = ("_keep_all", "_quota", "_registry", "refused")

    def __init__(self, registry: Registry, *, keep_all: bool = False) -> None:
        self._registry = registry
        self._keep_all = keep_all
        self._quota = Quota(registry)
        self.refused: dict[str, str] = {}

    def place(self, kind: str, descriptor: bytes, words: int) -> Place | None:
        """Say what becomes of a series that was not seen before; None where it is left out."""
        try:
            parts = json.loads(descriptor)
            if isinstance(parts, list) and len(parts) >= _FOREIGN_PARTS:
                return self._foreign(kind, parts, words)
            name, values, bounds = parts
            if name in self._registry.hidden:
                return None
            problem = self._misfit(kind, name, values, bounds, words)
        except (ValueError, TypeError, RecursionError):
            return None
        if problem and not self._keep_all:
            self.refused.setdefault(name, problem)
            return None
        contract = self._registry.metrics.get(name)
        operation = _OPERATIONS[kind]
        if kind == "gauge" and contract is not None:
            operation = _GAUGES.get(contract.across, addition.LAST)
        admitted = self._quota.admit(name, values)
        if admitted is values:
            return Place(operation, descriptor)
        return Place(operation, _encoded([name, admitted, bounds]), overflow=True)

    def _foreign(self, kind: str, parts: list[Any], words: int) -> Place:
        """Leave out the number of a series, which every process counts for itself."""
        scope, version, name, attributes, bounds, *more, _ = parts
        if words != layout.cell_words(kind, len(bounds) + 1) or not isinstance(attributes, dict):
            raise ValueError("no recorder writes such an entry")
        operation = addition.SUM if kind == "gauge" and more and more[-1] is True else _OPERATIONS[kind]
        admitted = self._quota.admit_foreign(scope, version, name, attributes)
        descriptor = _encoded([scope, version, name, admitted, bounds, *more, 0])
        return Place(operation, descriptor, foreign=True, overflow=admitted is not attributes)

    def _misfit(self, kind: str, name: str, values: list[str], bounds: list[float], words: int) -> str:
        are_texts = all(isinstance(text, str) for text in (name, *values))
        if words != layout.cell_words(kind, len(bounds) + 1) or not are_texts:
            raise ValueError("no recorder writes such an entry")
        contract = self._registry.metrics.get(name)
        if contract is None:
            return "no contract has this name"
        if kind != _kind(contract) or (kind == "histogram" and tuple(bounds) != contract.bounds):
            return "its contract has another kind, or other buckets"
        return "" if len(values) == len(contract.labels) else "its contract has other labels"


def _kind(contract: MetricContract) -> str:
    return "exponential" if contract.exponential else contract.kind


def _encoded(parts: list[Any]) -> bytes:
    return json.dumps(parts, ensure_ascii=False).encode("utf-8", "replace")


@final
class _Sheet:
    """One merged page, three times: with empty cells, as it is being merged, and as it is shown."""

    __slots__ = ("_blank", "_rising", "shown", "work")

    def __init__(self, words: int) -> None:
        self._blank = bytearray(words * _WORD)
        self.work = bytearray(words * _WORD)
        self.shown = bytearray(words * _WORD)
        self._rising = _links(self.shown)
        heads = (layout.MAGIC, layout.VERSION, 0, 0, layout.HEADER_WORDS, words)
        struct.pack_into(f"={len(heads)}Q", self._blank, 0, *heads)
        self.shown[:] = self._blank

    @property
    def used(self) -> int:
        return self._read(layout.USED_WORD)

    def allot(self, kind: str, descriptor: bytes, words: int, created_ns: int) -> int | None:
        start, padded = self.used, -(-len(descriptor) // _WORD)
        end = start + layout.ENTRY_WORDS + padded + words
        if end * _WORD > len(self._blank):
            return None
        text_at, number = (start + layout.ENTRY_WORDS) * _WORD, layout.KINDS.index(kind)
        self._blank[text_at : text_at + len(descriptor)] = descriptor
        head = (end - start, number, layout.COMMITTED, created_ns, len(descriptor), words)
        layout.ENTRY.pack_into(self._blank, start * _WORD, *head)
        self._write(layout.USED_WORD, end)
        if kind in _SUMS:
            at = end - words + _SUMS[kind] % words
            self._rising.add(addition.RISING, at, self.work, at, 1)
        return end - words

    def date_back(self, created_at: int, created_ns: int) -> None:
        if 0 < created_ns < self._read(created_at):
            self._write(created_at, created_ns)

    def clear(self) -> None:
        self.work[:] = self._blank

    def show(self) -> None:
        self._rising.run(0, living=True)
        self.shown[:] = self.work

    def snapshot(self) -> bytes:
        used: int = struct.unpack_from("=Q", self.shown, layout.USED_WORD * _WORD)[0]
        copy = self.shown[: used * _WORD]
        struct.pack_into("=Q", copy, layout.SIZE_WORD * _WORD, used)
        return bytes(copy)

    def _read(self, at: int) -> int:
        word: int = struct.unpack_from("=Q", self._blank, at * _WORD)[0]
        return word

    def _write(self, at: int, word: int) -> None:
        struct.pack_into("=Q", self._blank, at * _WORD, word)


@final
class _Target:
    """A series among the merged."""

    __slots__ = ("at", "created_at", "operation", "sheet")

    def __init__(self, sheet: _Sheet, at: int, created_at: int, operation: int) -> None:
        self.sheet = sheet
        self.at = at
        self.created_at = created_at
        self.operation = operation


@final
class MergedPages:
    """Pages with one entry for each series that any of the parts ever had.

    The value of a counter never falls by the rounding of a sum that was taken in another order: what falls is taken
    for a restart by every reader. Use it from one thread at a time; what was shown may be read from any.

    >>> merged = MergedPages(Rule(Registry()))
    >>> merged.merge([], now_ns=0)
    []
    >>> merged.snapshots()
    []
    """

    __slots__ = ("_found", "_rule", "_sheets")

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._found: dict[tuple[str, int, bytes], _Target | None] = {}
        self._sheets: dict[bool, list[_Sheet]] = {False: [], True: []}

    def merge(self, parts: Sequence[tuple[Part, bool]], now_ns: int) -> list[tuple[Part, str]]:
        """Add up all parts, each with whether its process lives; the result is shown at once.

        Gives the parts that are damaged, with what is wrong: of such a one the entries before the damage count.
        """
        damaged = [(part, problem) for part, _ in parts if (problem := self._follow(part))]
        sheets = [sheet for group in self._sheets.values() for sheet in group]
        for sheet in sheets:
            sheet.clear()
        for part, living in parts:
            part.links.run(now_ns, living=living)
        for sheet in sheets:
            sheet.show()
        return damaged

    def memory(self, first: int = 0) -> list[memoryview]:
        """Give the memory of every page under the contracts, from a number on."""
        return [memoryview(sheet.shown).toreadonly() for sheet in self._sheets[False][first:]]

    def snapshots(self, *, foreign: bool = False) -> list[bytes]:
        """Copy the pages, each as far as it is used: those under the contracts, or those in no contract."""
        return [sheet.snapshot() for sheet in self._sheets[foreign]]

    def _follow(self, part: Part) -> str:
        try:
            for kind, created_ns, descriptor, at, words in part.entries():
                self._link(part, kind, created_ns, descriptor, at, words)
        except ValueError as problem:
            return str(problem)
        return ""

    def _link(self, part: Part, kind: str, created_ns: int, descriptor: bytes, at: int, words: int) -> None:
        key = (kind, words, descriptor)
        target = self._found[key] if key in self._found else self._admit(key, created_ns)
        if target is not None:
            target.sheet.date_back(target.created_at, created_ns)
            part.links.add(target.operation, at, target.sheet.work, target.at, words)

    def _admit(self, key: tuple[str, int, bytes], created_ns: int) -> _Target | None:
        kind, words, descriptor = key
        place = self._rule.place(kind, descriptor, words)
        if place is None:
            self._found[key] = None
            return None
        if place.descriptor != descriptor:
            known = (kind, words, place.descriptor)
            target = self._found.get(known) or self._make(known, place, created_ns)
            if not place.overflow:  # of those there may come ever more
                self._found[key] = target
            return target
        self._found[key] = target = self._make(key, place, created_ns)
        return target

    def _make(self, key: tuple[str, int, bytes], place: Place, created_ns: int) -> _Target:
        kind, words, descriptor = key
        sheets = self._sheets[place.foreign]
        at = sheets[-1].allot(kind, descriptor, words, created_ns) if sheets else None
        if at is None:
            needed = layout.HEADER_WORDS + layout.ENTRY_WORDS + len(descriptor) // _WORD + 1 + words
            sheets.append(_Sheet(max(layout.PAGE_WORDS, needed)))
            at = sheets[-1].allot(kind, descriptor, words, created_ns)
            assert at is not None, "a fresh page is made large enough"
        created_at = at - -(-len(descriptor) // _WORD) - layout.ENTRY_WORDS + 1
        self._found[key] = target = _Target(sheets[-1], at, created_at, place.operation)
        return target


def parts_of(pages: Iterable[bytes]) -> list[Part]:
    """Make parts of pages that nobody will write any more."""
    return [Part(bytearray(page)) for page in pages if len(page) >= layout.HEADER_WORDS * _WORD]


def _links(memory: bytearray) -> Any:
    """Make what adds the cells of a page, in C where it was built; who only records loads neither."""
    if TWIN == "compiled":
        try:
            from .native.merging import Links  # type: ignore[import-not-found]
        except ImportError:
            pass
        else:
            return Links(memory)
    return addition.Links(memory)
