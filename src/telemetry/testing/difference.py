"""Show how what was recorded differs from what was expected, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches, ndiff, unified_diff
from typing import Final

LEGEND: Final = "(- expected, + recorded)"
_LINES_LIMIT: Final = 200
"""`ndiff` compares each line with each, and its time grows with the third power of what differs."""


def difference(expected: Sequence[str], recorded: Sequence[str]) -> list[str]:
    r"""Give the lines of both, in order, each behind what says where it stands.

    >>> print("\n".join(difference(["build"], ["build", "  link"])))
      build
    +   link
    """
    if len(expected) + len(recorded) <= _LINES_LIMIT:
        return [line.rstrip() for line in ndiff(expected, recorded)]
    return [line.rstrip() for line in unified_diff(expected, recorded, "expected", "recorded", lineterm="")]


def suggestion(name: str, known: Iterable[str]) -> str:
    """Ask whether the nearest of these names was meant; empty where none is near."""
    near = get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
