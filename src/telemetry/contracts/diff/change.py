"""One change between two registries, and whether it may be made.

Stable promises hold, and experimental ones may break. The levels follow the stability classes of Kubernetes: an alpha
metric promises nothing, a beta metric loses nothing, a stable metric does not change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, final

from telemetry.contracts.metric import LEAVING, State

Level = Literal["error", "warning", "info"]
"""`error` must not be merged, `warning` wants to be known, `info` harms nobody."""

_RANKS: Final[Mapping[Level, int]] = {"error": 0, "warning": 1, "info": 2}

CHANGES: Final[Mapping[str, str]] = {
    "TC401": "something was removed",
    "TC402": "something was added",
    "TC403": "something was renamed",
    "TC404": "the kind changed",
    "TC405": "the unit changed",
    "TC406": "the type changed",
    "TC407": "buckets or quantiles changed",
    "TC408": "values were removed, or an open label or attribute was closed",
    "TC409": "values were added, or a closed label or attribute was opened",
    "TC410": "the same values mean something else: share, merging, range, severity",
    "TC411": "it must be given from now on, or need not be given any more",
    "TC412": "its values reach more or fewer people",
    "TC413": "its stability changed",
    "TC414": "a limit or a policy of the registry changed",
    "TC415": "words changed: description, owner, successor, order",
}
"""What each code of a change means; the codes stay as they are."""


@final
@dataclass(frozen=True, slots=True)
class Change:
    """What is different in one contract.

    Attributes:
        code: One of `CHANGES`.
        breaking: Whether a query, an alert or a program that relied on the old contract fails with the new one.
        subject: What it is about, such as `metric builds_total`.
        remedy: What to do in its place; empty where there is nothing to do.

    >>> Change("TC402", "info", False, "metric builds_total", "was added").line
    'info TC402 metric builds_total: was added'
    """

    code: str
    level: Level
    breaking: bool
    subject: str
    problem: str
    remedy: str = ""

    @property
    def line(self) -> str:
        """The change as one line of text."""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.level} {self.code} {self.subject}: {self.problem}{remedy}"

    @property
    def order(self) -> tuple[int, str, str, str]:
        """What to sort changes by: the worst come first, then by subject."""
        return _RANKS[self.level], self.subject, self.code, self.problem


@final
@dataclass(frozen=True, slots=True)
class Subject:
    """What changes are about, and how stable it was promised to be."""

    noun: str
    name: str
    stability: State = "stable"

    def breaking(self, code: str, problem: str, remedy: str = "") -> Change:
        """Note what breaks: an error, and a warning where the contract was experimental."""
        if self.stability == "experimental":
            return self._change(code, "warning", True, problem, "")
        return self._change(code, "error", True, problem, remedy or self._versioned())

    def risky(self, code: str, problem: str, remedy: str) -> Change:
        """Note what breaks no reader, and that those who record should know."""
        return self._change(code, "warning", False, problem, remedy)

    def compatible(self, code: str, problem: str) -> Change:
        """Note what nobody has to act on."""
        return self._change(code, "info", False, problem, "")

    def removed(self) -> Change:
        """Note that it is gone; the end of what was deprecated was announced."""
        if self.stability in LEAVING:
            return self.compatible("TC401", "was deprecated, and is removed")
        return self.breaking("TC401", "was removed", "keep it, deprecated, until nobody uses it")

    def _change(self, code: str, level: Level, breaking: bool, problem: str, remedy: str) -> Change:
        return Change(code, level, breaking, f"{self.noun} {self.name}", problem, remedy)

    def _versioned(self) -> str:
        if self.noun not in ("metric", "span", "event"):
            return "keep it as it was, and add another beside it"
        return f"keep it, deprecated, and declare {next_version(self.name)!r} beside it"


def next_version(name: str) -> str:
    """Give the name for the next meaning of a contract.

    >>> next_version("parse_duration_ms"), next_version("parse_duration_ms_v2")
    ('parse_duration_ms_v2', 'parse_duration_ms_v3')
    """
    found = re.fullmatch("(.*)_v([0-9]+)", name)
    return f"{found[1]}_v{int(found[2]) + 1}" if found else f"{name}_v2"
