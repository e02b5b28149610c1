"""Find the names of metrics in a PromQL expression, by its parser or by its tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from telemetry.promql import Expression, PromQLError, read_expression

IDENTIFIER: Final = r"[a-zA-Z_:][a-zA-Z0-9_:]*"

# What dashboards put in place of durations: $__rate_interval, ${window:text}, [[window]].
_VARIABLE: Final = r"\$\{?\w+(?::\w+)?\}?|\[\[\w+\]\]"
_STRING: Final = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`"
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
        return frozenset(_selected(read_expression(expression)))
    except (ImportError, PromQLError):
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


def _selected(expression: Expression) -> Iterator[str]:
    for selection in expression.selections:
        if selection.name:
            yield selection.name
        for label, _, value in selection.matchers:
            if label == "__name__":
                yield from re.findall(IDENTIFIER, value)
