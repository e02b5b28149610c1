"""Say what a runtime refused, dropped or lost, so that a test can fail for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

_MEANT: Final = ("sampled_out", "foreign_span")
"""What is counted without anything being wrong."""
_DETAILS_LIMIT: Final = 5


def violations(
    losses: Mapping[str, int], named: Iterable[tuple[str, str]], allowed: Iterable[str] = ()
) -> dict[str, str]:
    """Give a line for each reason that is not allowed, with the number of cases and those that were named.

    Args:
        losses: How often each reason came up.
        named: Distinct cases: the reason, which is `log` for all of log lines, and the problem.
        allowed: Reasons, or patterns of some (`fnmatch`).
    """
    patterns = (*_MEANT, *allowed)
    cases = list(named)
    return {
        reason: f"{reason} ({count})" + _details(reason, cases)
        for reason, count in losses.items()
        if not any(fnmatchcase(reason, pattern) for pattern in patterns)
    }


def _details(reason: str, named: Iterable[tuple[str, str]]) -> str:
    found = [_problem(reason, kind, text) for kind, text in named]
    shown = [text for text in found if text]
    more = [f"and {len(shown) - _DETAILS_LIMIT} more"] if len(shown) > _DETAILS_LIMIT else []
    return "".join(f"\n    {text}" for text in (*shown[:_DETAILS_LIMIT], *more))


def _problem(reason: str, kind: str, text: str) -> str:
    if kind == reason:
        return text
    subject = reason.removeprefix("log_")
    return text.removeprefix(subject).lstrip(": ") if kind == "log" and text.startswith(f"{subject}:") else ""
