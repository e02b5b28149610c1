"""Read the expressions of Prometheus rules, each name with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

from .mention import Mention
from .promql import metric_names


@final
@dataclass(frozen=True, slots=True)
class Rules:
    """What a rule file has.

    Attributes:
        recorded: The series that its recording rules make.
        read: The series that its expressions read.
    """

    recorded: frozenset[str]
    read: tuple[Mention, ...]


def read_rules(text: str) -> Rules | None:
    """Read a rule file; None where the text is none, or PyYAML is not installed."""
    try:
        import yaml
    except ImportError:
        return None
    try:
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return None
    rules = [rule for document in documents for group in _items(document, "groups") for rule in _items(group, "rules")]
    if not rules:
        return None
    expressions = [node for rule in rules if (node := _member(rule, "expr")) is not None]
    lines = text.split("\n")
    return Rules(
        recorded=frozenset(str(node.value) for rule in rules if (node := _member(rule, "record")) is not None),
        read=tuple(mention for node in expressions for mention in _mentions(node, lines)),
    )


def _mentions(node: Any, lines: list[str]) -> Iterator[Mention]:
    first, last = node.start_mark.line, node.end_mark.line
    for name in sorted(metric_names(str(node.value))):
        pattern = rf"(?<![\w:]){re.escape(name)}(?![\w:])"
        at = next(
            (each for each in range(first, last + 1) if each < len(lines) and re.search(pattern, lines[each])), first
        )
        yield Mention(name, at + 1, "rule")


def _items(node: Any, key: str) -> list[Any]:
    found = _member(node, key)
    return list(found.value) if found is not None and type(found).__name__ == "SequenceNode" else []


def _member(node: Any, key: str) -> Any:
    if type(node).__name__ != "MappingNode":
        return None
    return next((value for name, value in node.value if name.value == key), None)
