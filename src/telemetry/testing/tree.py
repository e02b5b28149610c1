"""Draw spans as an indented tree, one line a span, that a test compares with text.

It has names, errors and the attributes that are asked for, and neither ids nor times. `telemetry.export` draws the one
for people at a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from textwrap import dedent
from typing import Final, final

from telemetry.signals import SpanRecord

from .difference import LEGEND, difference
from .value import one_line, shown

ERROR: Final = "ERROR"
ERROR_TYPE: Final = "error.type"
ORPHAN: Final = "ORPHAN"
REMOTE: Final = "REMOTE"
GAP: Final = "  "
"""What stands between the parts of a line, so that a part may have single spaces; and a step of indentation."""


@final
@dataclass(slots=True, eq=False)
class Node:
    """A span and those below it, in the order of their start.

    Attributes:
        marks: What is odd about it: an error, or a parent that is not among the spans.
    """

    record: SpanRecord
    marks: tuple[str, ...]
    children: list[Node] = field(default_factory=list)


Describe = Callable[[Node], Sequence[str]]
"""Gives the line of a span, and lines below it that are about it."""


@final
class SpanTree:
    """An indented tree as text; it equals text that has the same lines, however far all of them are indented.

    >>> tree = SpanTree(["build", "  compile"])
    >>> tree == '''
    ...     build
    ...       compile
    ... '''
    True

    Attributes:
        lines: Its lines.
    """

    __slots__ = ("lines",)

    __hash__ = None  # type: ignore[assignment]  # it equals texts of many hashes

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)

    def differences(self, expected: SpanTree | str) -> list[str]:
        """Say how it differs from the tree that a test expects, for a failure to show."""
        wanted = expected.lines if isinstance(expected, SpanTree) else lines_of(expected)
        return [f"the trees of spans differ {LEGEND}", *difference(wanted, self.lines)]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SpanTree):
            return self.lines == other.lines
        return self.lines == tuple(lines_of(other)) if isinstance(other, str) else NotImplemented

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def __repr__(self) -> str:
        return str(self)


def lines_of(text: str) -> list[str]:
    """Split a text that was written into code: without its common indentation, blank lines, and blanks at the end."""
    return [line.rstrip() for line in dedent(text).splitlines() if line.strip()]


def forest(records: Iterable[SpanRecord]) -> list[Node]:
    """Put spans below their parents; one whose parent is not among them is a root."""
    nodes = [Node(record, _marks(record)) for record in sorted(records, key=lambda record: record.start_ns)]
    by_id = {(node.record.trace_id, node.record.span_id): node for node in reversed(nodes)}
    roots = []
    for node in nodes:
        parent_id = node.record.parent_span_id
        parent = None if parent_id is None else by_id.get((node.record.trace_id, parent_id))
        if parent is not None and parent is not node:
            parent.children.append(node)
            continue
        if parent_id is not None:
            node.marks += (REMOTE if node.record.parent_is_remote else ORPHAN,)
        roots.append(node)
    return roots


def draw(roots: Sequence[Node], describe: Describe, *, sort: bool = False) -> list[str]:
    """Give the lines of a tree; with `sort` siblings stand in the order of their text, for work done in parallel."""
    texts = _Texts(describe, sort=sort)
    # An own stack: a trace may be deeper than Python recurses.
    stack = [(node, "") for node in reversed(texts.ordered(roots))]
    lines = []
    while stack:
        node, indent = stack.pop()
        first, *rest = describe(node)
        lines += [indent + first, *(f"{indent}{GAP}{line}" for line in rest)]
        stack += [(child, indent + GAP) for child in reversed(texts.ordered(node.children))]
    return lines


def attributes_like(*patterns: str) -> Describe:
    """Describe spans by name, marks, and the attributes whose names fit; in the order of the patterns, then by name."""

    def describe(node: Node) -> list[str]:
        found = (pair for pair in node.record.attributes.items() if pair[0] != ERROR_TYPE)
        ranked = sorted((_rank(name, patterns), name, value) for name, value in found)
        parts = [f"{name}={shown(value)}" for rank, name, value in ranked if rank < len(patterns)]
        return [GAP.join((one_line(node.record.name), *parts, *node.marks))]

    return describe


def _rank(name: str, patterns: Sequence[str]) -> int:
    return next((rank for rank, pattern in enumerate(patterns) if fnmatchcase(name, pattern)), len(patterns))


def _marks(record: SpanRecord) -> tuple[str, ...]:
    if record.status != "error":
        return ()
    kind = record.attributes.get(ERROR_TYPE)
    return (ERROR if kind is None else f"{ERROR} {one_line(str(kind))}",)


@final
class _Texts:
    """Orders siblings: by start, as they are, or by the text of their whole trees."""

    __slots__ = ("_describe", "_known", "_sort")

    def __init__(self, describe: Describe, *, sort: bool) -> None:
        self._describe = describe
        self._sort = sort
        self._known: dict[Node, tuple[str, ...]] = {}

    def ordered(self, nodes: Sequence[Node]) -> Sequence[Node]:
        if not self._sort or len(nodes) < 2:
            return nodes
        return sorted(nodes, key=self._text)

    def _text(self, root: Node) -> tuple[str, ...]:
        if root not in self._known:
            lines = [line for node in _walk(root) for line in self._describe(node)]
            self._known[root] = (*self._describe(root), *sorted(lines))
        return self._known[root]


def _walk(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack += node.children
