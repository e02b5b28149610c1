"""Read a tree of spans that a test wrote, and see whether recorded spans are like it.

A line is a span; what it does not say of attributes is not looked at. A line `...` stands for any number of spans.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from telemetry.signals import Attributes

from .difference import LEGEND, difference
from .tree import ERROR, GAP, ORPHAN, REMOTE, Node, draw, lines_of
from .value import one_line, read, shown

_REST: Final = "..."


@final
@dataclass(slots=True, eq=False)
class SpanPattern:
    """A line of the tree, and those below it.

    Attributes:
        name: The span's name, or `...`.
        attributes: What it must have, each value as `shown` writes it.
        marks: The errors and oddities that it must have; no others are allowed.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    children: list[SpanPattern] = field(default_factory=list)

    def line(self) -> str:
        """Write it as `problem` writes spans."""
        attributes = (f"{name}={text}" for name, text in sorted(self.attributes.items()))
        return GAP.join((self.name, *attributes, *self.marks))

    def fits(self, node: Node) -> bool:
        """Tell whether a span, and all below it, are like this."""
        record = node.record
        return (
            one_line(record.name) == self.name
            and all(_has(record.attributes, name, text) for name, text in self.attributes.items())
            and len(node.marks) == len(self.marks)
            and all(map(_is_marked, self.marks, node.marks))
            and fit(self.children, node.children)
        )


def read_pattern(text: str) -> list[SpanPattern]:
    """Read a tree.

    Raises:
        ValueError: A line is not a span; with its number among those that are not blank.
    """
    roots: list[SpanPattern] = []
    above: list[tuple[int, list[SpanPattern]]] = [(-1, roots)]
    for number, line in enumerate(lines_of(text), 1):
        indent = len(line) - len(line.lstrip())
        while above[-1][0] >= indent:
            above.pop()
        pattern = _read_line(line.strip(), number)
        above[-1][1].append(pattern)
        above.append((indent, pattern.children))
    return roots


def fit(patterns: Sequence[SpanPattern], nodes: Sequence[Node]) -> bool:
    """Tell whether siblings are like the lines, in order; each `...` takes as few of them as it can."""
    at = taken = 0
    rest: tuple[int, int] | None = None
    while taken < len(nodes):
        if at < len(patterns) and patterns[at].name == _REST:
            rest = (at, taken)
            at += 1
        elif at < len(patterns) and patterns[at].fits(nodes[taken]):
            at, taken = at + 1, taken + 1
        elif rest is not None:
            rest = (rest[0], rest[1] + 1)
            at, taken = rest[0] + 1, rest[1]
        else:
            return False
    return all(pattern.name == _REST for pattern in patterns[at:])


def problem(patterns: Sequence[SpanPattern], roots: Sequence[Node]) -> str | None:
    """Say how spans differ from a tree; None where they do not."""
    if fit(patterns, roots):
        return None
    asked: dict[str, set[str]] = {}
    for _, pattern in _walk(patterns):
        asked.setdefault(pattern.name, set()).update(pattern.attributes)
    expected = [GAP * level + pattern.line() for level, pattern in _walk(patterns) if pattern.name != _REST]
    recorded = draw(roots, lambda node: [_line(node, asked.get(one_line(node.record.name), set()))])
    has_rest = any(pattern.name == _REST for _, pattern in _walk(patterns))
    note = f"; '{_REST}' may stand for some of the lines with +" if has_rest else ""
    return "\n".join((f"the spans are not as expected {LEGEND}{note}:", *difference(expected, recorded)))


def _line(node: Node, names: set[str]) -> str:
    attributes = node.record.attributes
    parts = (f"{name}={shown(attributes[name])}" for name in sorted(names) if name in attributes)
    return GAP.join((one_line(node.record.name), *parts, *node.marks))


def _walk(patterns: Sequence[SpanPattern]) -> Iterator[tuple[int, SpanPattern]]:
    stack = [(0, pattern) for pattern in reversed(patterns)]
    while stack:
        level, pattern = stack.pop()
        yield level, pattern
        stack += [(level + 1, child) for child in reversed(pattern.children)]


def _read_line(line: str, number: int) -> SpanPattern:
    name, *parts = (part.strip() for part in line.split(GAP) if part.strip())
    pattern = SpanPattern(name)
    for part in parts:
        key, equals, text = part.partition("=")
        if part.split(" ")[0] in (ERROR, ORPHAN, REMOTE):
            pattern.marks += (part,)
        elif equals and key:
            pattern.attributes[key] = shown(read(text))
        else:
            raise ValueError(
                f"line {number} of the tree, {line!r}: {part!r} is neither name=value nor {ERROR}, {ORPHAN} or"
                f" {REMOTE}; put two spaces between the parts of a line, and one inside of them"
            )
    return pattern


def _has(attributes: Attributes, name: str, text: str) -> bool:
    return name in attributes and shown(attributes[name]) == text


def _is_marked(wanted: str, found: str) -> bool:
    return wanted == found or (wanted == ERROR and found.startswith(f"{ERROR} "))
