"""Find the names of metrics in a PromQL expression, by its parser or by its tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

IDENTIFIER: Final = r"[a-zA-Z_:][a-zA-Z0-9_:]*"

# What dashboards put in place of durations: $__rate_interval, ${window:text}, [[window]].
_VARIABLE: Final = r"\$\{?\w+(?::\w+)?\}?|\[\[\w+\]\]"
_STRING: Final = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`"
_PARTS: Final = ("lhs", "rhs", "expr", "args", "vector_selector", "param")
_LABEL_LISTS: Final = r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)"
_WORDS: Final = frozenset(
    {
        "and",
        "atan2",
        "bool",
        "by",
        "default",
        "end",
        "group_left",
        "group_right",
        "ignoring",
        "inf",
        "nan",
        "offset",
        "on",
        "or",
        "start",
        "unless",
        "without",
    }
)


def metric_names(expression: str) -> frozenset[str]:
    """Give the names of the series that an expression reads.

    >>> sorted(metric_names('sum by (team) (rate(builds_total{team="red"}[5m])) / queue_depth'))
    ['builds_total', 'queue_depth']
    """
    try:
        from promql_parser import parse
    except ImportError:
        return by_tokens(expression)
    try:
        return frozenset(_walk(parse(_plain(expression))))
    except ValueError:
        return by_tokens(expression)


def by_tokens(expression: str) -> frozenset[str]:
    """Give the names by the tokens alone, which also reads what is no whole expression.

    >>> sorted(by_tokens('label_values(builds_total, team)'))
    ['builds_total', 'team']
    """
    named = re.findall(rf"__name__\s*=~?\s*[\"']({IDENTIFIER}(?:\|{IDENTIFIER})*)[\"']", expression)
    text = re.sub(r"#[^\n]*", " ", re.sub(_STRING, '""', expression))
    for pattern in (r"\{[^{}]*\}", _VARIABLE, r"\[[^\]]*\]", _LABEL_LISTS):
        text = re.sub(pattern, " ", text)
    found = re.findall(rf"(?<![\w:.$]){IDENTIFIER}(?![\w:])(?!\s*\()", text)
    return frozenset(name for name in found if name.lower() not in _WORDS).union(*(each.split("|") for each in named))


def _plain(expression: str) -> str:
    """Put something in place of the variables of a dashboard, which no parser knows."""
    strings = re.split(rf"({_STRING})", expression)
    return "".join(part if index % 2 else re.sub(_VARIABLE, _stand_in, part) for index, part in enumerate(strings))


def _stand_in(found: re.Match[str]) -> str:
    before = found.string[: found.start()].rstrip()
    return "5m" if before.endswith(("[", ":", "offset")) else "1"


def _walk(node: Any) -> Iterator[str]:
    if type(node).__name__ == "VectorSelector":
        yield from _selected(node)
    for part in _PARTS:
        below = getattr(node, part, None)
        for each in below if isinstance(below, list) else [below]:
            if each is not None and not isinstance(each, str):
                yield from _walk(each)


def _selected(selector: Any) -> Iterator[str]:
    if selector.name:
        yield selector.name
    for matcher in selector.matchers.matchers:
        if matcher.name == "__name__":
            yield from re.findall(IDENTIFIER, matcher.value)
