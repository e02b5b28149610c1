"""The queries of a runbook, held against the registry: who is woken at night has no time to mend them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .expressions import Known, check_expression
from .notes import Notes

KEY: Final = "queries"
_QUERY: Final = re.compile(r"^([^\n]+):\n\n```promql\n(.*?)\n```", re.MULTILINE | re.DOTALL)


def runbook_queries(text: str) -> Mapping[str, Any]:
    """Read the queries of a page in Markdown, by the line above each."""
    return {KEY: dict(_QUERY.findall(text))}


def check_runbook(content: Mapping[str, Any], known: Known, notes: Notes) -> None:
    """Note what is wrong with the queries of a runbook."""
    for title, query in content[KEY].items():
        check_expression(query, known, notes, (KEY, title))
