"""A report in short, as what chat services take; nothing is sent.

Limits and escapes are those of Slack's "Formatting text" and "Blocks" references and of Discord's "Message" and
"Embed limits" references.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from .figures import Report
from .pages import moment, number

_SLACK_SECTION: Final = 3000
_SLACK_HEADER: Final = 150
_DISCORD_TITLE: Final = 256
_DISCORD_DESCRIPTION: Final = 4096
_LONGEST_LABELS: Final = 120
_CUT: Final = "… and more, in the report"


def slack(report: Report) -> dict[str, Any]:
    """Make the body of a request to an incoming webhook of Slack: a header and one section."""
    text = _fitting(_lines(report), _SLACK_SECTION, _for_slack)
    title = report.profile.title[:_SLACK_HEADER]
    return {
        "text": _for_slack(title),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}},
            {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}},
        ],
    }


def discord(report: Report) -> dict[str, Any]:
    """Make the body of a request to a webhook of Discord: one embed, which mentions nobody."""
    text = _fitting(_lines(report), _DISCORD_DESCRIPTION, _for_discord)
    embed = {"title": report.profile.title[:_DISCORD_TITLE], "description": text}
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _lines(report: Report) -> Iterable[str]:
    if report.newest_s is None:
        yield "No data."
    else:
        yield f"{'Newest sample' if report.is_fresh else 'Stale data: newest sample'} {moment(report.newest_s)}."
    for chapter in report.chapters:
        for each in chapter.figures:
            first, last = each.values[0], each.values[-1]
            labels = each.labels if len(each.labels) <= _LONGEST_LABELS else each.labels[:_LONGEST_LABELS] + "…"
            said = f"{number(last)} (first {number(first)}, mean {number(each.mean)})"
            yield f"{chapter.contract.name}, {' '.join(labels.split())}: {said} {chapter.contract.unit}"


def _fitting(lines: Iterable[str], limit: int, escape: Callable[[str], str]) -> str:
    """Join as many whole lines as a limit lets in, and say where some are left out."""
    kept: list[str] = []
    room = limit - _length(_CUT) - 1
    for each in map(escape, lines):
        room -= _length(each) + 1
        if room < 0:
            return "\n".join([*kept, _CUT])
        kept.append(each)
    return "\n".join(kept)


def _length(text: str) -> int:
    """Count as JavaScript does, which is never less than the characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _for_slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _for_discord(text: str) -> str:
    return "".join(f"\\{each}" if each in "\\`*_[]()<>|#~@:-" else each for each in text)
