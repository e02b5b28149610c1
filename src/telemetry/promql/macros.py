"""Grafana's macros and variables in an expression: which there are, and stand-ins for them.

An engine reads PromQL only; what Grafana puts in is replaced here before an expression is parsed or sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

MACROS: Final[Mapping[str, str]] = {
    "__rate_interval": "5m",
    "__interval": "1m",
    "__interval_ms": "60000",
    "__range": "1h",
    "__range_s": "3600",
    "__range_ms": "3600000",
    "__from": "0",
    "__to": "0",
}
"""What Grafana itself replaces, and a value that each may have."""

_VARIABLE: Final = re.compile(r"\$(?P<plain>\w+)|\$\{(?P<braced>\w+)(?::\w+)?\}|\[\[(?P<old>\w+)(?::\w+)?\]\]")
_PART: Final = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"|(?P<window>\[(?!\[)[^\]]*\])"
    r"|(?P<labels>\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\))"
    r"|(?P<rest>\[\[\w+(?::\w+)?\]\]|\$\w+|\$\{[^}]*\}|\w+|.)",
    re.DOTALL,
)
STANDIN: Final = "variable"
"""Stands where a variable stood in a string or among labels."""

_STANDINS: Final[Mapping[str, str]] = {"text": STANDIN, "window": "5m", "labels": STANDIN, "rest": "1"}


def expand(text: str, values: Mapping[str, str] | None = None) -> str:
    """Replace macros and variables, by `values` first, so that an engine could read the expression.

    A variable without a value becomes `STANDIN` in a string or among labels, five minutes in a window, else 1.

    >>> expand('sum by (squad) (rate(builds_total{squad=~"$squad"}[$__rate_interval]))')
    'sum by (squad) (rate(builds_total{squad=~"variable"}[5m]))'
    """
    known = {**MACROS, **(values or {})}
    return "".join(_expanded(part, known) for part in _PART.finditer(text))


def variables(text: str) -> frozenset[str]:
    """Name the variables of a dashboard that a text uses, macros left out.

    >>> sorted(variables('up{job=~"${job:regex}", env="$env"}[$__range]'))
    ['env', 'job']
    """
    return frozenset(name for match in _VARIABLE.finditer(text) if (name := _name(match)) not in MACROS)


def _expanded(part: re.Match[str], known: Mapping[str, str]) -> str:
    standin = _STANDINS[part.lastgroup or "rest"]
    return _VARIABLE.sub(lambda match: known.get(_name(match), standin), part.group())


def _name(match: re.Match[str]) -> str:
    return next(name for name in match.groups() if name is not None)
