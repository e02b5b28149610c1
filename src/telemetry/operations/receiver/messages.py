"""Messages as Discord and Slack want them: short, one for many incidents, and nobody is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from .webhook import SEVERITIES

_MOST_CHARACTERS: Final = 1_800
"""Discord refuses more than 2000 in a message; Slack cuts at 40 000, and asks for 4000."""


def message(kind: str, rows: Sequence[dict[str, Any]], page_url: str) -> dict[str, Any]:
    """Make the body of a request that tells of all these changes."""
    plain = _plain_slack if kind == "slack" else _plain_discord
    text = _together([plain(row["line"]) for row in rows], rows, page_url)
    if kind == "slack":
        return {"text": text}
    return {"content": text, "allowed_mentions": {"parse": []}}


def _together(lines: list[str], rows: Sequence[dict[str, Any]], page_url: str) -> str:
    link = f"\n{page_url[:200]}" if page_url else ""
    room = _MOST_CHARACTERS - len(link) - 100
    taken: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        taken.append(line)
    left = Counter(row["severity"] for row in rows[len(taken) :])
    if left:
        each = ", ".join(f"{left[name]} {name}" for name in reversed(SEVERITIES) if left[name])
        taken.append(f"… and {left.total()} more: {each}")
    return "\n".join(taken) + link


def _plain_discord(line: str) -> str:
    """Break what would call somebody; `allowed_mentions` stops it too, but not what a reader copies on."""
    broken = line.replace("@", "@\u200b").replace("<#", "<\u200b#").replace("`", "'")
    return broken[:600]


def _plain_slack(line: str) -> str:
    """Write the three characters that Slack reads as markup as it asks for."""
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")[:600]
