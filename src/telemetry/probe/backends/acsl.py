"""Write clauses and invariants in ACSL, the language in which Frama-C is told what C code promises.

Clauses count in unbounded integers, and so does ACSL; so the text means the same. (ACSL 1.17, 2.2.) The C backend
calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from telemetry.probe import tree
from telemetry.probe.datatypes import BOOL, Array, Scalar

from .cprimitives import type_name
from .naming import c_name


def predicate(node: tree.Expression) -> str:
    """Write a condition."""
    if isinstance(node, tree.Literal):
        return "\\true" if node.value else "\\false"
    if isinstance(node, tree.Name | tree.Index):
        return f"({_WRITERS[type(node)](node)} != 0)"
    return term(node)


def term(node: tree.Expression) -> str:
    """Write a number, or a condition where it is not a plain name."""
    return _WRITERS[type(node)](node)


def elements(name: str, type_: Array) -> str:
    """Write all elements of an array as places that are assigned.

    >>> elements("a", Array(BOOL, 4))
    'a[0 .. 3]'
    """
    return f"{name}[0 .. {type_.length - 1}]"


def pointers(name: str, type_: Array) -> str:
    """Write the addresses of all elements of an array.

    >>> pointers("a", Array(BOOL, 4))
    'a + (0 .. 3)'
    """
    return f"{name} + (0 .. {type_.length - 1})"


def _operand(node: tree.Expression) -> str:
    return predicate(node) if node.type == BOOL else term(node)


def _literal(node: tree.Literal) -> str:
    return str(node.value) if node.value >= 0 else f"({node.value})"


def _name(node: tree.Name) -> str:
    if node.name == "result" and not isinstance(node.type, Array):
        return "\\result"
    return c_name(node.name)


def _index(node: tree.Index) -> str:
    return f"{c_name(node.array.name)}[{term(node.index)}]"


def _unary(node: tree.Unary) -> str:
    return f"({node.symbol}{_operand(node.operand)})"


def _binary(node: tree.Binary) -> str:
    left, right = _operand(node.left), _operand(node.right)
    if node.left.type == BOOL and node.symbol in ("==", "!="):
        equivalence = f"({left} <==> {right})"
        return equivalence if node.symbol == "==" else f"(!{equivalence})"
    return f"({left} {node.symbol} {right})"


def _conditional(node: tree.Conditional) -> str:
    then, otherwise = _operand(node.then), _operand(node.otherwise)
    return f"({predicate(node.condition)} ? {then} : {otherwise})"


def _cast(node: tree.Cast) -> str:
    assert isinstance(node.type, Scalar)
    if node.operand.type == BOOL:
        return f"({predicate(node.operand)} ? 1 : 0)"
    return f"(({type_name(node.type)})({term(node.operand)}))"


def _quantifier(node: tree.Quantifier) -> str:
    variable, turns = c_name(node.variable), node.turns
    body = _operand(node.body)
    if node.symbol == "sum":
        return f"\\sum({turns.start}, {turns.stop - 1}, \\lambda integer {variable}; {body})"
    arrow = "==>" if node.symbol == "forall" else "&&"
    return f"(\\{node.symbol} integer {variable}; {turns.start} <= {variable} < {turns.stop} {arrow} {body})"


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    tree.Literal: _literal,
    tree.Name: _name,
    tree.Index: _index,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Conditional: _conditional,
    tree.Cast: _cast,
    tree.Quantifier: _quantifier,
}
