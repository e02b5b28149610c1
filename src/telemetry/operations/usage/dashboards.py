"""Read the queries of a dashboard of Grafana, each with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from .mention import Mention, line_at
from .promql import by_tokens, metric_names

_KEYS: Final = frozenset({"expr", "query", "definition"})
_CHOICES: Final = frozenset({"datasource", "custom", "constant", "interval", "textbox"})
_STRING: Final = r'"(?:[^"\\]|\\.)*"'
_LABEL_QUERY: Final = r"\s*(?:label_values|query_result|metrics|label_names)\s*\((.*)\)\s*"


def is_dashboard(text: str) -> bool:
    """Tell whether a JSON text has panels, or is a library panel."""
    return '"panels"' in text or '"targets"' in text or '"expr"' in text


def dashboard_mentions(text: str) -> Iterator[Mention]:
    """Go through the series that a dashboard reads: in each `expr`, and in the queries of its variables."""
    others = frozenset(_others(text))
    for line, query in queries(text):
        for name in sorted(_names(query)) if query not in others else ():
            yield Mention(name, line, "query")


def queries(text: str) -> Iterator[tuple[int, str]]:
    """Go through all queries, each with the line on which it stands; the text need not be right JSON as a whole."""
    key = ""
    for found in re.finditer(rf"({_STRING})(\s*:)?", text):
        value = _unquoted(found[1])
        if found[2]:
            key = value
        elif key in _KEYS and value:
            yield line_at(text, found.start()), value
            key = ""
        else:
            key = ""


def _others(text: str) -> Iterator[str]:
    """Give the queries that read no series: of variables that choose a source or a text, and of stores of logs."""
    try:
        yield from _other_queries(json.loads(text, strict=False))
    except (ValueError, RecursionError):
        return


def _other_queries(node: Any) -> Iterator[str]:
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for each in below:
        yield from _other_queries(each)
    if isinstance(node, dict) and (node.get("type") in _CHOICES or _reads_logs(node.get("datasource"))):
        yield from (query for key in sorted(_KEYS) if isinstance(query := node.get(key), str))


def _reads_logs(source: object) -> bool:
    return isinstance(source, dict) and "logs" in str(source.get("type", ""))


def _unquoted(literal: str) -> str:
    try:
        return str(json.loads(literal, strict=False))
    except ValueError:
        return ""


def _names(query: str) -> frozenset[str]:
    label_query = re.fullmatch(_LABEL_QUERY, query, re.DOTALL)
    if label_query is None:
        return metric_names(query)
    inner, comma, _ = label_query[1].rpartition(",")
    return by_tokens(inner if comma else "")
