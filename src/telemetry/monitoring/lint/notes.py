"""What a check finds in one file, noted with its place."""

from __future__ import annotations

from typing import final

from telemetry.contracts import CODES, Finding


@final
class Notes:
    """The findings of one file.

    >>> notes = Notes("a.json")
    >>> notes.add("TC702", ("panels", 0), "there is no metric 'bilds_total'")
    >>> notes.findings[0].pointer
    '/panels/0'
    """

    __slots__ = ("findings", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[Finding] = []

    def add(self, code: str, keys: tuple[str | int, ...], problem: str, remedy: str = "") -> None:
        """Note what is wrong at a place; without a remedy, that of the code."""
        kind = CODES[code]
        pointer = "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)
        self.findings.append(Finding(code, kind.level, self.path, pointer, problem, remedy or kind.remedy))
