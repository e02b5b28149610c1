"""Find every mention of a name in texts of any kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .code import code_mentions
from .dashboards import dashboard_mentions, is_dashboard
from .files import Text
from .mention import Mention
from .promql import IDENTIFIER
from .rules import read_rules

RULE_ENDINGS: Final = (".yml", ".yaml", ".rules")


def mentions(text: Text) -> Iterator[Mention]:
    """Go through the names in a text: by its syntax where that is known, else all that could be one."""
    known = _by_syntax(text)
    yield from _by_words(text.content) if known is None else known


def _by_syntax(text: Text) -> tuple[Mention, ...] | None:
    if text.ending in (".py", ".pyi"):
        return code_mentions(text.content)
    if text.ending == ".json" and is_dashboard(text.content):
        return tuple(dashboard_mentions(text.content))
    if text.ending in RULE_ENDINGS:
        rules = read_rules(text.content)
        return None if rules is None else rules.read
    return None


def _by_words(content: str) -> Iterator[Mention]:
    for number, line in enumerate(content.split("\n"), 1):
        for name in re.findall(rf"(?<![\w:]){IDENTIFIER}", line):
            yield Mention(name, number, "text")
