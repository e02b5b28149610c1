"""The bounds: reads `budgets.toml`, and says of each what it compares.

A bound is a ratio within one run, never a time: to the floor, to a peer that does the same work, to a bare interpreter.
Only bytes are bounded as they are; they do not depend on the machine.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import latency
from .harness import Row
from .rows import ROWS
from .suite import OURS, Result

FILE = Path(__file__).with_name("budgets.toml")
TWINS = ("compiled", "pure")
ALONE = ("floor", "bare", "bytes")
_NEEDED: dict[str, type] = {"relative_to": str, "compiled": float, "pure": float}
_OPTIONAL: dict[str, type] = {"variant": str, "goal": float}

_HINTS = dict.fromkeys((*TWINS, "goal"), "a number above zero") | {
    "relative_to": f"{', '.join(ALONE)}, a peer such as 'opentelemetry', or a variant of ours",
    "variant": "what stands behind the comma in the name of our case",
}


class BudgetError(ValueError):
    """`budgets.toml` says something that cannot be held against a row; the message says where, and what to write."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A bound on one case: at most so many times of something, or so many times cheaper than a peer.

    Attributes:
        case: The name of the case.
        relative_to: `floor`, `bare`, `bytes`, or the case that it is compared with.
        bounds: The bound of each twin: the highest ratio that passes, or the lowest where `cheaper`.
        goal: Where the compiled twin is going, on the same scale.
        cheaper: Whether the bound says how many times cheaper than a peer ours must be.
        over_bare: Compare what both add to the bare case.
    """

    case: str
    relative_to: str
    bounds: Mapping[str, float]
    goal: float
    cheaper: bool = False
    over_bare: bool = False

    @property
    def row(self) -> str:
        """The row that the case belongs to."""
        return self.case.partition("/")[0]

    def parts(self, result: Result) -> tuple[float, float] | None:
        """Give the cost of the case and that of what it is compared with; None where one of them was not measured."""
        bare = result.find(f"{self.row}/bare")
        case, other = result.find(self.case), result.find(self.relative_to)
        base = bare.least if bare is not None and self.over_bare else 0.0
        if case is None or (self.over_bare and bare is None):
            return None
        # Where noise makes a case cheaper than its bare one, one unit stands in, and no ratio divides by zero.
        cost = max(1.0, case.least - base)
        if self.relative_to == "bytes":
            return cost, 1.0
        if self.relative_to == "bare":
            return None if bare is None else (cost, bare.least)
        if self.relative_to == "floor":
            return None if result.floor is None else (cost, result.floor.least)
        return None if other is None else (cost, max(1.0, other.least - base))

    def measure(self, result: Result) -> float | None:
        """Give the ratio that the bound is about, or None where one of its cases was not run."""
        parts = self.parts(result)
        if parts is None:
            return None
        return parts[1] / parts[0] if self.cheaper else parts[0] / parts[1]

    def keeps(self, measured: float, twin: str) -> bool:
        """Tell whether a ratio keeps the bound of a twin."""
        return measured >= self.bounds[twin] if self.cheaper else measured <= self.bounds[twin]

    def better(self, first: float, second: float) -> float:
        """Pick the one of two ratios that is further on the good side."""
        return max(first, second) if self.cheaper else min(first, second)


def read_budgets(path: Path = FILE, rows: Mapping[str, Row] = ROWS) -> tuple[Budget, ...]:
    """Read the bounds of all rows.

    Raises:
        BudgetError: The file is no TOML, or an entry names what no row has, or lacks what it needs.
    """
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BudgetError(f"{path}: {error}") from error
    return tuple(
        _budget(f"{path.name}: {row}[{index}]", row, entry, rows)
        for row, entries in document.items()
        for index, entry in enumerate(_entries(path, row, entries, rows))
    )


def _entries(path: Path, row: str, entries: object, rows: Mapping[str, Row]) -> list[Any]:
    if row not in rows:
        raise BudgetError(f"{path.name}: there is no row {row!r}; the rows are {', '.join(rows)}")
    if not isinstance(entries, list):
        raise BudgetError(f'{path.name}: {row} is a list of tables: {row} = [{{ relative_to = "floor", … }}]')
    return entries


def _budget(place: str, row: str, entry: Any, rows: Mapping[str, Row]) -> Budget:
    _check_keys(place, entry)
    names = set(_case_names(row, rows[row]))
    variant, relative_to = entry.get("variant", ""), entry["relative_to"]
    case = _named(row, OURS, variant)
    if case not in names:
        raise BudgetError(f"{place}: there is no case {case!r}; the row has {', '.join(sorted(names))}")
    other, cheaper = _other(row, variant, relative_to, names)
    if other is None:
        raise BudgetError(
            f"{place}: relative_to = {relative_to!r} is neither {', '.join(ALONE)} nor a peer or a variant of ours; "
            f"the row has {', '.join(sorted(names))}"
        )
    bounds = {twin: float(entry[twin]) for twin in TWINS}
    return Budget(case, other, bounds, float(entry.get("goal", bounds["compiled"])), cheaper, rows[row].over_bare)


def _other(row: str, variant: str, relative_to: str, names: set[str]) -> tuple[str | None, bool]:
    """Find the case that is compared with: a peer's, with our variant if it has that, or another variant of ours."""
    if relative_to in ALONE:
        return relative_to, False
    for name in (_named(row, relative_to, variant), _named(row, relative_to, "")):
        if name in names:
            return name, True
    own = _named(row, OURS, relative_to)
    return (own, False) if own in names else (None, False)


def _named(row: str, who: str, variant: str) -> str:
    return f"{row}/{who}, {variant}" if variant else f"{row}/{who}"


def _case_names(row: str, found: Row) -> Iterator[str]:
    names = (case.name for case in found.cases)
    return latency.figures(names) if found.measure is latency.measure else names


def _check_keys(place: str, entry: Any) -> None:
    if not isinstance(entry, dict):
        raise BudgetError(f'{place}: an entry is a table: {{ relative_to = "floor", compiled = 1.0, pure = 2.0 }}')
    for key in entry.keys() - _NEEDED.keys() - _OPTIONAL.keys():
        raise BudgetError(f"{place}: the key {key!r} means nothing; there are {', '.join((*_NEEDED, *_OPTIONAL))}")
    for key in _NEEDED.keys() - entry.keys():
        raise BudgetError(f"{place}: {key} is missing; write {_HINTS[key]}")
    for key, value in entry.items():
        if not _fits(value, (_NEEDED | _OPTIONAL)[key]):
            raise BudgetError(f"{place}: {key} = {value!r} will not do; write {_HINTS[key]}")


def _fits(value: object, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str)
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
