"""Translate operators to a Python module that depends on nothing.

Python's integers have no width, so each operation puts its result back into range, or raises `Fault`. The rules stand
in the module's own preamble and are not shared with the interpreter, so that one can be held against the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from telemetry.probe import tree
from telemetry.probe.arithmetic import COMPARISONS
from telemetry.probe.datatypes import BOOL, Array, Scalar, Type
from telemetry.probe.plan import ExecutionGraph

from .descriptor import symbol_of
from .naming import python_name

_INDENT = "    "

_PREAMBLE = '''\
class Fault(ArithmeticError):
    """The operator has no result for its inputs."""


def fault__(problem):
    raise Fault(problem)


def wrap__(value, bits, signed):
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def exact__(value, bits):
    half = 1 << (bits - 1)
    return value if -half <= value < half else fault__("overflow")


def div__(left, right, bits, signed):
    if right == 0:
        fault__("division by zero")
    quotient = left // right
    if quotient < 0 and quotient * right != left:
        quotient += 1
    return exact__(quotient, bits) if signed else quotient


def mod__(left, right, bits, signed):
    return left - right * div__(left, right, bits, signed)


def amount__(value, bits):
    return value if 0 <= value < bits else fault__("shift out of range")


def at__(index, length):
    return index if 0 <= index < length else fault__("index out of range")


def guard__(turns, bound):
    return turns + 1 if turns < bound else fault__("loop beyond its bound")
'''


def translate(operator: tree.Operator, clauses: tree.Clauses, graph: ExecutionGraph) -> str:
    """Write the module of one operator and of all that it calls."""
    heading = f'"""Operator {operator.name} of {graph.spec.path.name}, specification sha256 {graph.spec.digest}."""\n'
    tables = "".join(f"{each.name} = {each.elements!r}\n" for each in graph.tables_of(operator))
    *callees, _ = graph.needed_by(operator)
    functions = [*(_function(each, each.clauses) for each in callees), _function(operator, clauses)]
    parts = [f"{heading}\n\n{_PREAMBLE}", tables, *functions]
    return "\n\n".join(part for part in parts if part)


def _function(operator: tree.Operator, clauses: tree.Clauses) -> str:
    parameters = ", ".join(python_name(parameter.name) for parameter in operator.parameters)
    promises = "".join(f"{_INDENT}# {clause}\n" for clause in clauses.all)
    body = "".join(f"{line}\n" for line in _block(operator.body, _INDENT))
    return f"def {symbol_of(operator.name)}({parameters}):\n{promises}{body}"


def _block(block: tree.Block, indent: str) -> Iterator[str]:
    if not block:
        yield f"{indent}pass"
    for statement in block:
        yield from (indent + line for line in _STATEMENTS[type(statement)](statement))


def _let(node: tree.Let) -> Iterator[str]:
    yield f"{python_name(node.name)} = {_copied(node.value)}"


def _assign(node: tree.Assign) -> Iterator[str]:
    name = python_name(node.target.name)
    if node.index is None:
        yield f"{name} = {_copied(node.value)}"
    else:
        yield f"{name}[{_position(node.target, node.index)}] = {_expression(node.value)}"


def _if(node: tree.If) -> Iterator[str]:
    yield f"if {_expression(node.condition)}:"
    yield from _block(node.then, _INDENT)
    if node.otherwise:
        yield "else:"
        yield from _block(node.otherwise, _INDENT)


def _for(node: tree.For) -> Iterator[str]:
    yield f"for {python_name(node.variable)} in range({node.turns.start}, {node.turns.stop}):"
    yield from _block(node.body, _INDENT)


def _while(node: tree.While) -> Iterator[str]:
    turns = f"turns__{node.place.line}_{node.place.column}"
    yield f"{turns} = 0"
    yield f"while {_expression(node.condition)}:"
    yield f"{_INDENT}{turns} = guard__({turns}, {node.limit})"
    yield from _block(node.body, _INDENT)


def _return(node: tree.Return) -> Iterator[str]:
    yield f"return {_copied(node.value)}"


def _copied(node: tree.Expression) -> str:
    text = _expression(node)
    return f"list({text})" if isinstance(node.type, Array) and isinstance(node, tree.Name) else text


def _expression(node: tree.Expression) -> str:
    return _EXPRESSIONS[type(node)](node)


def _literal(node: tree.Literal) -> str:
    if node.type == BOOL:
        return str(bool(node.value))
    return str(node.value) if node.value >= 0 else f"({node.value})"


def _name(node: tree.Name) -> str:
    return python_name(node.name)


def _index(node: tree.Index) -> str:
    return f"{python_name(node.array.name)}[{_position(node.array, node.index)}]"


def _position(array: tree.Name, index: tree.Expression) -> str:
    assert isinstance(array.type, Array)
    return f"at__({_expression(index)}, {array.type.length})"


def _unary(node: tree.Unary) -> str:
    operand = _expression(node.operand)
    if node.symbol == "!":
        return f"(not {operand})"
    return _in_range(f"{node.symbol}{operand}", node.type)


def _binary(node: tree.Binary) -> str:
    left, right = _expression(node.left), _expression(node.right)
    if node.symbol == "==>":
        return f"(not {left} or {right})"
    if node.symbol in COMPARISONS:
        return f"({left} {node.symbol} {right})"
    if node.symbol in _WORDS:
        return f"({left} {_WORDS[node.symbol]} {right})"
    return _arithmetic(node.symbol, left, right, node.type)


def _arithmetic(symbol: str, left: str, right: str, type_: Type) -> str:
    assert isinstance(type_, Scalar)
    if symbol in _DIVISIONS:
        return f"{_DIVISIONS[symbol]}({left}, {right}, {type_.bits}, {type_.signed})"
    if symbol == ">>":
        return f"({left} >> amount__({right}, {type_.bits}))"
    if symbol == "<<":
        return f"wrap__({left} << amount__({right}, {type_.bits}), {type_.bits}, {type_.signed})"
    if symbol in "&|^":
        return f"({left} {symbol} {right})"
    return _in_range(f"{left} {symbol} {right}", type_)


def _in_range(text: str, type_: Type) -> str:
    assert isinstance(type_, Scalar)
    if type_.signed:
        return f"exact__({text}, {type_.bits})"
    return f"(({text}) & {type_.maximum:#x})"


def _conditional(node: tree.Conditional) -> str:
    return f"({_expression(node.then)} if {_expression(node.condition)} else {_expression(node.otherwise)})"


def _cast(node: tree.Cast) -> str:
    assert isinstance(node.type, Scalar)
    return f"wrap__({_expression(node.operand)}, {node.type.bits}, {node.type.signed})"


def _call(node: tree.Call) -> str:
    return f"{symbol_of(node.operator)}({', '.join(map(_expression, node.arguments))})"


def _elements(node: tree.Elements) -> str:
    return f"[{', '.join(map(_expression, node.items))}]"


def _repeat(node: tree.Repeat) -> str:
    return f"[{_expression(node.item)}] * {tree.constant(node.count)}"


_WORDS: Final = {"&&": "and", "||": "or"}
_DIVISIONS: Final = {"/": "div__", "%": "mod__"}
_EXPRESSIONS: Final[dict[type, Callable[[Any], str]]] = {
    tree.Literal: _literal,
    tree.Name: _name,
    tree.Index: _index,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Conditional: _conditional,
    tree.Cast: _cast,
    tree.Call: _call,
    tree.Elements: _elements,
    tree.Repeat: _repeat,
}
_STATEMENTS: Final[dict[type, Callable[[Any], Iterator[str]]]] = {
    tree.Let: _let,
    tree.Assign: _assign,
    tree.If: _if,
    tree.For: _for,
    tree.While: _while,
    tree.Return: _return,
}
