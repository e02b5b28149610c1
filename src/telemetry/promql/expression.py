"""A PromQL expression, read: each selection with the functions and aggregations around it.

It knows PromQL, and nothing of contracts: whether a metric exists is for whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, final

from telemetry.errors import TelemetryError

from .macros import expand


@final
class PromQLError(TelemetryError, ValueError):
    """An expression is not PromQL."""


@final
@dataclass(frozen=True, slots=True)
class Step:
    """One function or aggregation around a selection.

    Attributes:
        name: Such as `rate` or `sum`.
        by: The labels that an aggregation keeps; None where it names none to keep.
        without: The labels that an aggregation drops; None where it names none to drop.
    """

    name: str
    by: tuple[str, ...] | None = None
    without: tuple[str, ...] | None = None


@final
@dataclass(frozen=True, slots=True)
class Selection:
    """One selection of series.

    Attributes:
        name: The series; empty where only matchers name it.
        matchers: The labels that are asked for, each with the operator and the value.
        steps: What is done with it, from the outside to the inside.
        window_seconds: How far back it looks, an enclosing subquery included; None for an instant.
        beside: `and` or `unless`, where it is a side of one: there it matters which series there are.
    """

    name: str
    matchers: tuple[tuple[str, str, str], ...]
    steps: tuple[Step, ...] = ()
    window_seconds: float | None = None
    beside: str = ""

    @property
    def function(self) -> str:
        """What is done to it first; empty where nothing is."""
        return self.steps[-1].name if self.steps else ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it asks for."""
        return tuple(label for label, _, _ in self.matchers)


@final
@dataclass(frozen=True, slots=True)
class Grouping:
    """Labels that an aggregation or a match of two sides asks for.

    Attributes:
        where: `by`, `without`, `on`, `ignoring` or `group`.
        names: The series that could have them.
        made: Labels that functions such as `label_replace` add to those.
    """

    where: str
    labels: tuple[str, ...]
    names: tuple[str, ...]
    made: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Expression:
    """A PromQL expression, read.

    Attributes:
        text: The expression as an engine would read it.
        selections: Every selection of series in it, from left to right.
        groupings: Every list of labels in it.
    """

    text: str
    selections: tuple[Selection, ...]
    groupings: tuple[Grouping, ...]

    @property
    def window_seconds(self) -> float:
        """The longest time that it looks back over; 0 for an instant."""
        return max((each.window_seconds or 0.0 for each in self.selections), default=0.0)


def read_expression(text: str) -> Expression:
    """Read an expression; Grafana's macros may be in it.

    >>> read_expression("sum by (job) (rate(up_total[5m]))").selections[0].function
    'rate'

    Raises:
        PromQLError: It is not PromQL.
    """
    import promql_parser

    expanded = expand(text)
    try:
        root = promql_parser.parse(expanded)
    except ValueError as error:
        raise PromQLError(f"is not PromQL: {' '.join(str(error).split())}") from None
    return Expression(expanded, tuple(_selections(root)), tuple(_groupings(root)))


def _selections(
    node: Any, steps: tuple[Step, ...] = (), window: float | None = None, beside: str = ""
) -> Iterator[Selection]:
    kind = type(node).__name__
    if kind == "VectorSelector":
        yield _selection(node, steps, window, beside)
    elif kind == "MatrixSelector":
        yield _selection(node.vector_selector, steps, _further(window, node.range), beside)
    elif kind == "SubqueryExpr":
        yield from _selections(node.expr, steps, _further(window, node.range), beside)
    elif kind == "BinaryExpr":
        beside = str(node.op) if str(node.op) in ("and", "unless") else ""
        for child in (node.lhs, node.rhs):
            yield from _selections(child, steps, window, beside)
    else:
        step = _step(node)
        for child in _children(node):
            yield from _selections(child, (*steps, step) if step else steps, window, "" if step else beside)


def _selection(node: Any, steps: tuple[Step, ...], window: float | None, beside: str) -> Selection:
    matchers = [*node.matchers.matchers, *(each for group in node.matchers.or_matchers for each in group)]
    found = tuple((each.name, _OPERATORS[str(each.op).rpartition(".")[2]], each.value) for each in matchers)
    named = next((value for label, operator, value in found if (label, operator) == ("__name__", "=")), "")
    rest = tuple(each for each in found if each[:2] != ("__name__", "="))
    return Selection(node.name or named, rest, steps, window, beside)


_OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def _further(window: float | None, span: timedelta) -> float:
    return (window or 0.0) + span.total_seconds()


def _step(node: Any) -> Step | None:
    kind = type(node).__name__
    if kind == "Call":
        return Step(node.func.name)
    if kind != "AggregateExpr":
        return None
    name = str(node.op)
    if node.modifier is None:
        return Step(name, by=())
    labels = tuple(node.modifier.labels)
    return Step(name, by=labels) if _is_by(node.modifier) else Step(name, without=labels)


def _is_by(modifier: Any) -> bool:
    return str(modifier.type).endswith("By")


def _children(node: Any) -> Iterator[Any]:
    for key in ("lhs", "rhs", "expr", "param", "vector_selector"):
        child = getattr(node, key, None)
        if child is not None:
            yield child
    yield from getattr(node, "args", None) or ()


def _groupings(node: Any) -> Iterator[Grouping]:
    names, made = tuple(each.name for each in _selections(node)), tuple(_made(node))
    kind, modifier = type(node).__name__, getattr(node, "modifier", None)
    if kind == "AggregateExpr" and modifier is not None:
        yield Grouping("by" if _is_by(modifier) else "without", tuple(modifier.labels), names, made)
    elif kind == "BinaryExpr" and modifier is not None:
        if modifier.matching is not None:
            where = "on" if str(modifier.matching.type).endswith("Include") else "ignoring"
            for side in (node.lhs, node.rhs):
                found = tuple(each.name for each in _selections(side))
                yield Grouping(where, tuple(modifier.matching.labels), found, tuple(_made(side)))
        if modifier.group_labels:
            yield Grouping("group", tuple(modifier.group_labels), names, made)
    for child in _children(node):
        yield from _groupings(child)


def _made(node: Any) -> Iterator[str]:
    """Name the labels that functions add below a node."""
    if type(node).__name__ == "Call" and node.func.name in ("label_replace", "label_join"):
        yield node.args[1].val
    if type(node).__name__ == "AggregateExpr" and str(node.op) == "count_values":
        yield node.param.val
    for child in _children(node):
        yield from _made(child)
