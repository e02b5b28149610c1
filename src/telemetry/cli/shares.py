"""Say how much of the contracts was seen: as lines, as a table for GitHub, and for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from telemetry.operations.live import Share

from .github import table

_MOST_NAMED: Final = 12


def coverage_lines(coverage: Mapping[str, Share]) -> Iterator[str]:
    """Give a line for each kind of which the contracts declare any, with what was not seen."""
    for kind, share in coverage.items():
        if share.total:
            missing = f"; not seen: {_named(share)}" if share.missing and kind in ("metrics", "spans", "events") else ""
            yield f"coverage {_words(kind)}: {share.percent:g} % ({share.seen} of {share.total}){missing}"


def coverage_table(coverage: Mapping[str, Share]) -> Iterator[str]:
    """Give the same as Markdown; nothing where no contract declares anything."""
    rows = [
        (_words(kind), f"{share.percent:g} %", f"{share.seen} of {share.total}", _named(share))
        for kind, share in coverage.items()
        if share.total
    ]
    if rows:
        yield table(("coverage", "share", "seen", "not seen"), rows)


def coverage_as_json(coverage: Mapping[str, Share]) -> dict[str, Any]:
    """Give shares for JSON."""
    return {
        kind: {"seen": share.seen, "total": share.total, "percent": share.percent, "missing": list(share.missing)}
        for kind, share in coverage.items()
    }


def _named(share: Share) -> str:
    more = len(share.missing) - _MOST_NAMED
    return ", ".join(share.missing[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _words(kind: str) -> str:
    return f"of {kind.replace('_', ' ')}"
