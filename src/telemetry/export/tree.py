"""Draw finished spans as trees, one a trace, for people at a terminal.

It draws what it is given and reads nothing else. The command line and the tests call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from telemetry.signals import AttributeValue, SpanRecord

from .console import Piece, cut, line, printable

_VALUE_WIDTH: Final = 40
_UNITS: Final = ((1, "ns"), (1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s"))


@final
@dataclass(slots=True)
class _Node:
    record: SpanRecord
    children: list[_Node] = field(default_factory=list)
    mark: str = ""
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line to be drawn: a node, or the number of spans that a bound hides."""

    what: _Node | int
    level: int
    branch: str
    below: str


@dataclass(frozen=True, slots=True)
class _Bounds:
    depth: int
    breadth: int


def render_tree(
    records: Iterable[SpanRecord],
    *,
    width: int = 120,
    depth: int = 16,
    breadth: int = 64,
    color: bool = False,
    ascii: bool = False,  # noqa: A002 -- says it best
) -> str:
    r"""Draw spans as trees: name, duration, status and attributes, with children in the order of their start.

    A span whose parent is not among the records stands at the root and says so.

    >>> spans = [SpanRecord("build", 1, 1, None, 0, 2_000_000), SpanRecord("lower", 1, 2, 1, 0, 1_500)]
    >>> print(render_tree(spans))
    trace 00000000000000000000000000000001  2 spans  2 ms
    build  2 ms
    └─ lower  1.5 µs

    Args:
        records: Finished spans of any number of traces, in any order.
        width: The most characters in a line.
        depth: The most levels below a root; how many spans lie deeper is said.
        breadth: The most children shown of one span; how many more there are is said.
        color: Paint names, errors and attributes by ANSI codes.
        ascii: Use no character beyond ASCII.
    """
    bounds = _Bounds(depth, breadth)
    lines = (
        line(pieces, width=width, color=color, ascii=ascii)
        for trace in _traces(records)
        for pieces in _trace_lines(trace, bounds)
    )
    return "\n".join(lines)


def _traces(records: Iterable[SpanRecord]) -> Iterator[list[SpanRecord]]:
    traces: dict[int, list[SpanRecord]] = {}
    for record in sorted(records, key=lambda record: record.start_ns):
        traces.setdefault(record.trace_id, []).append(record)
    yield from traces.values()


def _trace_lines(trace: Sequence[SpanRecord], bounds: _Bounds) -> Iterator[list[Piece]]:
    lasted = max(record.end_ns for record in trace) - trace[0].start_ns
    yield [Piece(f"trace {trace[0].trace_id:032x}  {_spans(len(trace))}  {_duration(lasted)}", "dim")]
    nodes = [_Node(record) for record in trace]
    for root in _roots(nodes):
        yield from _node_lines(root, bounds)
    # What no root reaches has itself among its ancestors.
    for node in nodes:
        if not node.drawn:
            node.mark = "is its own ancestor"
            yield from _node_lines(node, bounds)


def _roots(nodes: Sequence[_Node]) -> list[_Node]:
    by_id = {node.record.span_id: node for node in reversed(nodes)}
    roots = []
    for node in nodes:
        parent_id = node.record.parent_span_id
        parent = None if parent_id is None else by_id.get(parent_id)
        if parent is not None:
            parent.children.append(node)
            continue
        if parent_id is not None:
            where = "is in another process" if node.record.parent_is_remote else "is missing"
            node.mark = f"parent {parent_id:016x} {where}"
        roots.append(node)
    return roots


def _node_lines(root: _Node, bounds: _Bounds) -> Iterator[list[Piece]]:
    # An own stack: a trace may be deeper than Python recurses.
    stack = [_Entry(root, 0, "", "")]
    while stack:
        entry = stack.pop()
        if isinstance(entry.what, int):
            yield [Piece(f"{entry.branch}… {_spans(entry.what)} more", "dim")]
            continue
        entry.what.drawn = True
        yield _span_line(entry.branch, entry.what)
        stack.extend(reversed(list(_children(entry, entry.what, bounds))))


def _children(parent: _Entry, node: _Node, bounds: _Bounds) -> Iterator[_Entry]:
    children = [child for child in node.children if not child.drawn]
    shown = children[: bounds.breadth] if parent.level < bounds.depth else []
    hidden = sum(_take_all(child) for child in children[len(shown) :])
    entries: list[_Node | int] = [*shown, hidden] if hidden else [*shown]
    for number, what in enumerate(entries, 1):
        last = number == len(entries)
        branch, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
        yield _Entry(what, parent.level + 1, parent.below + branch, parent.below + below)


def _take_all(root: _Node) -> int:
    stack, count = [root], 0
    while stack:
        node = stack.pop()
        if not node.drawn:
            node.drawn = True
            count += 1
            stack.extend(node.children)
    return count


def _span_line(branch: str, node: _Node) -> list[Piece]:
    record = node.record
    pieces = [
        Piece(branch, "dim"),
        Piece(printable(record.name), "bold"),
        Piece(f"  {_duration(record.end_ns - record.start_ns)}"),
    ]
    if record.running_ns is not None:
        pieces.append(Piece(f" (running {_duration(record.running_ns)})"))
    if record.status == "error":
        pieces.append(Piece(f"  ERROR {printable(record.status_description)}".rstrip(), "red"))
    if record.status == "ok":
        pieces.append(Piece("  ok"))
    if node.mark:
        pieces.append(Piece(f"  [{node.mark}]", "red"))
    pieces.extend(Piece(f"  {printable(key)}={_value(value)}", "dim") for key, value in record.attributes.items())
    return pieces


def _value(value: AttributeValue) -> str:
    text = value if isinstance(value, str) else str(value)
    shown = printable(text)
    return cut(repr(text) if " " in shown or not shown else shown, _VALUE_WIDTH)


def _duration(nanoseconds: int) -> str:
    size, unit = next(((size, unit) for size, unit in reversed(_UNITS) if nanoseconds >= size), _UNITS[0])
    return f"{nanoseconds / size:.4g} {unit}"


def _spans(count: int) -> str:
    return "1 span" if count == 1 else f"{count} spans"
