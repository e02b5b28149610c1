"""One place where a name is mentioned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

How = Literal["query", "rule", "call", "literal", "attribute", "text"]
"""In a dashboard's query, in a rule, in a call that records, as a text or a name in code, in any other text."""


@final
@dataclass(frozen=True, slots=True)
class Mention:
    """A name at a line.

    Attributes:
        name: A series, a metric, a span or an event.
        line: From 1.
        function: For a call, what records: `record_metric`, `metric`, `instrument_span` or `span`.
    """

    name: str
    line: int
    how: How
    function: str = ""


def line_at(text: str, position: int) -> int:
    """Give the line of a position in a text, from 1."""
    return text.count("\n", 0, position) + 1
