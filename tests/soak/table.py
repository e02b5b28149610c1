"""A table of results, in Markdown, and what of it is not as it must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final


@final
@dataclass(slots=True)
class Table:
    """Rows of one part.

    Attributes:
        title: The heading.
        header: The names of the columns.
        rows: The cells, as text.
        faults: What must not be: each a sentence that says where and what.
        note: A sentence below the table.
    """

    title: str
    header: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    note: str = ""

    def add(self, *cells: object, fault: str = "") -> None:
        """Add a row, and what is wrong with it."""
        self.rows.append([f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells])
        if fault:
            self.faults.append(f"{cells[0]}: {fault}")

    def markdown(self) -> str:
        """Write the table."""
        lines = [f"#### {self.title}", "", _line(self.header), _line(["---"] * len(self.header))]
        lines += [_line(row) for row in self.rows]
        return "\n".join([*lines, *(["", self.note] if self.note else [])]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
