"""Order the operators of a specification so that each comes after those that it calls.

Stages after this one take operators from the graph. It neither lowers nor runs them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import final

from .source import Source
from .tree import Call, Constant, Name, Operator, Spec, walk


@final
@dataclass(frozen=True, slots=True)
class Node:
    """One operator of the graph and the names of those that it calls itself, sorted."""

    operator: Operator
    callees: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class ExecutionGraph:
    """The operators of a specification, callees first.

    Attributes:
        spec: What was planned.
        nodes: In topological order; by name where the calls leave a choice.
    """

    spec: Spec
    nodes: tuple[Node, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of the operators' text, constants and calls; layout between operators does not count."""
        constants = [[each.name, str(each.type), *each.elements] for each in self.spec.constants]
        operators = [[node.operator.text, *node.callees] for node in self.nodes]
        return hashlib.sha256(json.dumps([constants, operators]).encode()).hexdigest()

    @property
    def depth(self) -> int:
        """How many operators the longest chain of calls has."""
        depths: dict[str, int] = {}
        for node in self.nodes:
            depths[node.operator.name] = 1 + max((depths[name] for name in node.callees), default=0)
        return max(depths.values())

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The operators, callees first."""
        return tuple(node.operator for node in self.nodes)

    def needed_by(self, operator: Operator) -> tuple[Operator, ...]:
        """Return the operators that this one calls, directly or not, and itself at the end."""
        needed = {operator.name}
        for node in reversed(self.nodes):
            if node.operator.name in needed:
                needed.update(node.callees)
        return tuple(each for each in self.operators if each.name in needed)

    def tables_of(self, operator: Operator) -> tuple[Constant, ...]:
        """Return the tables that an operator, or one that it calls, reads or names in a clause."""
        names = {node.name for node in walk(self.needed_by(operator)) if isinstance(node, Name)}
        return tuple(constant for constant in self.spec.constants if constant.name in names)


def plan(spec: Spec) -> ExecutionGraph:
    """Put the operators into the order of their calls.

    Raises:
        SpecError: Operators call each other in a circle (`schema`).
    """
    calls = {operator.name: tuple(sorted(_callees(operator))) for operator in spec.operators}
    try:
        order = tuple(_ordered(calls))
    except CycleError as error:
        circle: list[str] = error.args[1]
        raise _circle(spec, circle[::-1]) from None
    return ExecutionGraph(spec, tuple(Node(spec.operator(name), calls[name]) for name in order))


def _callees(operator: Operator) -> set[str]:
    return {node.operator for node in walk(operator.body) if isinstance(node, Call)}


def _ordered(calls: dict[str, tuple[str, ...]]) -> Iterator[str]:
    sorter = TopologicalSorter(calls)
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from ready
        sorter.done(*ready)


def _circle(spec: Spec, names: list[str]) -> Exception:
    caller = spec.operator(names[0])
    place = next(node.place for node in walk(caller.body) if isinstance(node, Call) and node.operator == names[1])
    path = " -> ".join(f"`{name}`" for name in names)
    return Source(spec.path, "").error(place, f"operators call each other in a circle: {path}; use a loop instead")
