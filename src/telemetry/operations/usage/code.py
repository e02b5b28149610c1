"""Find the names of contracts in Python code, by its syntax: calls, texts, and names of handles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from .mention import Mention
from .promql import IDENTIFIER, by_tokens

RECORDS_METRICS: Final = ("record_metric", "metric")
RECORDS_SPANS: Final = ("instrument_span", "span")
_RECORDS: Final = frozenset((*RECORDS_METRICS, *RECORDS_SPANS))
_NAME: Final = rf"{IDENTIFIER}(?:\.{IDENTIFIER})*"
_QUERY: Final = r"[({\[]"


def code_mentions(text: str) -> tuple[Mention, ...] | None:
    """Give all names that a module has; None where it is no Python.

    A name counts as a call where one of telemetry's own functions gets it, under whatever name the module has that.
    Texts that are documentation do not count.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    functions = _functions(tree)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    calls = {id(mention[0]): mention[1] for node in ast.walk(tree) if (mention := _call(node, functions))}
    return tuple(
        mention
        for node in ast.walk(tree)
        if id(node) not in told
        for mention in ([calls[id(node)]] if id(node) in calls else _plain(node))
    )


def _functions(tree: ast.AST) -> dict[str, str]:
    """Give what the module calls telemetry's functions, each with the function: `metric`, or `t.metric`."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "telemetry" and not node.level:
            found.update({each.asname or each.name: each.name for each in node.names if each.name in _RECORDS})
        elif isinstance(node, ast.Import):
            modules = [each.asname or each.name for each in node.names if each.name == "telemetry"]
            found.update({f"{module}.{name}": name for module in modules for name in _RECORDS})
    return found


def _call(node: ast.AST, functions: dict[str, str]) -> tuple[ast.Constant, Mention] | None:
    if not isinstance(node, ast.Call) or not node.args:
        return None
    called, first = _dotted(node.func), node.args[0]
    if called not in functions or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return None
    return first, Mention(first.value, first.lineno, "call", functions[called])


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _plain(node: ast.AST) -> Iterator[Mention]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from (Mention(name, node.lineno, "literal") for name in sorted(_names(node.value)))
    elif isinstance(node, ast.Attribute):
        yield Mention(node.attr, node.end_lineno or node.lineno, "attribute")
    elif isinstance(node, ast.ImportFrom):
        yield from (Mention(each.name, each.lineno, "attribute") for each in node.names)


def _names(text: str) -> frozenset[str]:
    """Give the name that a text is, or the series that it reads where it is a query."""
    if re.fullmatch(_NAME, text):
        return frozenset((text,))
    return by_tokens(text) if re.search(_QUERY, text) else frozenset()
