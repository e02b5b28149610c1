"""Write changes as Markdown, for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from telemetry.contracts import Change


def render_changes(changes: Sequence[Change]) -> str:
    """Write a table of changes for each level, breaking ones first.

    >>> print(render_changes(()), end="")
    ### Telemetry contracts
    <BLANKLINE>
    Nothing changed.
    """
    return "\n".join(["### Telemetry contracts", "", *_sections(changes)]) + "\n"


def _sections(changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        yield "Nothing changed."
        return
    stops = [change for change in changes if change.level == "error"]
    warns = [change for change in changes if change.level == "warning"]
    rest = [change for change in changes if change.level == "info"]
    yield f"{len(stops)} breaking, {len(warns)} to know of, {len(rest)} compatible."
    yield from _section("Breaking", stops)
    yield from _section("To know of", warns)
    yield from _section("Compatible", rest)


def _section(title: str, changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        return
    yield from ("", f"#### {title}", "", "| contract | change | what to do | code |", "|---|---|---|---|")
    for change in changes:
        cells = (f"`{change.subject}`", change.problem, change.remedy, change.code)
        yield f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
