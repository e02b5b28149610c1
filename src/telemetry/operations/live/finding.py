"""What a live check found: one finding for all that are equal, with their number and the first.

What a finding shows is cleaned of credentials, as it goes to terminals, pull requests and code hosts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, final

from telemetry.contracts import CODES, LEVELS, Level
from telemetry.operations.shown import shown_text

_MOST_DISTINCT: Final = 1000
_OTHERS: Final = "others"


class Breach(NamedTuple):
    """One thing that is wrong with one span, series or line.

    Attributes:
        code: A key of `CODES`.
        key: What of it is wrong: an attribute, a label; with the subject it tells which breaches are equal.
        problem: What is wrong, of the first one.
        remedy: What to do; by default what the code says.
        level: How bad it is; by default what the code says.
    """

    code: str
    key: str
    problem: str
    remedy: str = ""
    level: Level | None = None


@final
@dataclass(frozen=True, slots=True)
class LiveFinding:
    """All equal breaches.

    Attributes:
        code: A key of `CODES`.
        subject: The contract that it is about, or would be: `metric builds_total`, `span spec.parse`.
        problem: What is wrong with the first.
        remedy: What to do.
        example: Where the first was.
        count: How many there were.

    >>> print(LiveFinding("TC601", "error", "span a.b", "no contract has this name", "declare it", "span a.b (01)", 3))
    span a.b: TC601 no contract has this name; declare it (3 times, first: span a.b (01))
    """

    code: str
    level: Level
    subject: str
    problem: str
    remedy: str
    example: str
    count: int = 1

    @property
    def rule(self) -> str:
        """The short name of the code, with hyphens."""
        return CODES[self.code].name.replace("_", "-")

    def __str__(self) -> str:
        times = f"{self.count} times, first: " if self.count > 1 else ""
        return f"{self.subject}: {self.code} {self.problem}; {self.remedy} ({times}{self.example})"


@final
class Findings:
    """Collects breaches; of more than a thousand distinct ones the rest is counted by code alone."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], LiveFinding] = {}

    def add(self, subject: str, example: str, breaches: Iterable[Breach]) -> None:
        """Take the breaches of one span, series or line."""
        for breach in breaches:
            self._add(subject, example, breach)

    def all(self) -> list[LiveFinding]:
        """Give what was found, the worst first, then by code and subject."""
        return sorted(self._found.values(), key=lambda each: (LEVELS.index(each.level), each.code, each.subject))

    def _add(self, subject: str, example: str, breach: Breach) -> None:
        key: tuple[str, ...] = (breach.code, subject, breach.key, breach.level or "")
        if key not in self._found and len(self._found) >= _MOST_DISTINCT:
            key, subject = (breach.code, _OTHERS, breach.level or ""), _OTHERS
        found = self._found.get(key)
        if found is not None:
            self._found[key] = replace(found, count=found.count + 1)
            return
        kind = CODES[breach.code]
        self._found[key] = LiveFinding(
            breach.code,
            breach.level or kind.level,
            subject=shown_text(subject),
            problem=shown_text(breach.problem),
            remedy=breach.remedy or kind.remedy,
            example=shown_text(example),
        )
