"""Translate operators to C11, with their clauses as ACSL contracts.

The C is the same for gcc and for clang. The operator is exported; what it calls is static. Scalars are passed by
value, arrays by pointer: parameters are read only, and an array result is written through the last pointer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, final

from telemetry.probe import tree
from telemetry.probe.arithmetic import COMPARISONS
from telemetry.probe.datatypes import BOOL, Array, Scalar, Type
from telemetry.probe.plan import ExecutionGraph

from . import acsl
from .cprimitives import PRELUDE, literal, primitive, type_name
from .descriptor import symbol_of
from .naming import c_name

_CHECKED = {"+": "add", "-": "sub", "*": "mul"}
_ALWAYS_CHECKED = {"/": "div", "%": "mod"}
_SHIFTS = {"<<": "shl", ">>": "shr"}
_COMPOSITE = (tree.Binary, tree.Conditional, tree.Cast, tree.Unary)
_INDENT = "    "
_TURN = "@"


def translate(operator: tree.Operator, clauses: tree.Clauses, graph: ExecutionGraph) -> str:
    """Write the translation unit of one operator and of all that it calls."""
    used: set[str] = set()
    *callees, _ = graph.needed_by(operator)
    functions = [_Function(each, each.clauses, used).text(exported=False) for each in callees]
    functions.append(_Function(operator, clauses, used).text(exported=True))
    heading = f"/* Operator {operator.name} of {graph.spec.path.name}, specification sha256 {graph.spec.digest}. */\n"
    tables = map(_table, graph.tables_of(operator))
    return "\n".join((heading + PRELUDE, *map(primitive, sorted(used)), *tables, *functions))


def _table(constant: tree.Constant) -> str:
    assert isinstance(constant.type, Array)
    element = constant.type.element
    numbers = ", ".join(literal(value, element) for value in constant.elements)
    return f"static const {_array(c_name(constant.name), constant.type)} = {{{numbers}}};\n"


def _array(name: str, type_: Type) -> str:
    assert isinstance(type_, Array)
    return f"{type_name(type_.element)} {name}[{type_.length}]"


def _declaration(name: str, type_: Type) -> str:
    return _array(name, type_) if isinstance(type_, Array) else f"{type_name(type_)} {name}"


@final
class _Function:
    """Writes one operator; notes in `used` which checked operations it needs."""

    __slots__ = ("_clauses", "_operator", "_serial", "_used")

    def __init__(self, operator: tree.Operator, clauses: tree.Clauses, used: set[str]) -> None:
        self._operator = operator
        self._clauses = clauses
        self._used = used
        self._serial = 0

    def text(self, *, exported: bool) -> str:
        linkage = '__attribute__((visibility("default")))\n' if exported else "static "
        body = "".join(f"{line}\n" for line in self._block(self._operator.body, _INDENT))
        prototype = "" if not exported else f"{self._head()};\n\n"
        return f"{prototype}{self._contract()}{linkage}{self._head()}\n{{\n{body}}}\n"

    def _head(self) -> str:
        parameters = [
            f"{'const ' if isinstance(each.type, Array) else ''}{_declaration(c_name(each.name), each.type)}"
            for each in self._operator.parameters
        ]
        if isinstance(self._operator.result, Array):
            parameters.append(_array("result", self._operator.result))
            result = "void"
        else:
            result = type_name(self._operator.result)
        return f"{result} {symbol_of(self._operator.name)}({', '.join(parameters) or 'void'})"

    def _contract(self) -> str:
        lines = [*self._memory_contract()]
        lines += [f"requires {acsl.predicate(clause.condition)};" for clause in self._clauses.requires]
        result = self._operator.result
        assigned = acsl.elements("result", result) if isinstance(result, Array) else "\\nothing"
        lines += [f"assigns {assigned};", "exits \\false;"]
        lines += [f"ensures {acsl.predicate(clause.condition)};" for clause in self._clauses.ensures]
        return "/*@ " + "\n    ".join(lines) + " */\n"

    def _memory_contract(self) -> Iterator[str]:
        arrays = [
            acsl.pointers(c_name(each.name), each.type)
            for each in self._operator.parameters
            if isinstance(each.type, Array)
        ]
        yield from (f"requires \\valid_read({place});" for place in arrays)
        if isinstance(self._operator.result, Array):
            result = acsl.pointers("result", self._operator.result)
            yield f"requires \\valid({result});"
            yield from (f"requires \\separated({result}, {place});" for place in arrays)

    def _block(self, block: tree.Block, indent: str) -> Iterator[str]:
        for statement in block:
            write: Callable[..., Iterator[str]] = _STATEMENTS[type(statement)]
            yield from (indent + line for line in write(self, statement))

    def _braced(self, opening: str, block: tree.Block, first: str = "") -> Iterator[str]:
        yield f"{opening} {{"
        if first:
            yield _INDENT + first
        yield from self._block(block, _INDENT)
        yield "}"

    def _let(self, node: tree.Let) -> Iterator[str]:
        name = c_name(node.name)
        if not isinstance(node.type, Array):
            yield f"{_declaration(name, node.type)} = {self._expression(node.value)};"
            return
        if isinstance(node.value, tree.Elements):
            items = ", ".join(self._expression(item) for item in node.value.items)
            yield f"{_declaration(name, node.type)} = {{{items}}};"
            return
        yield f"{_declaration(name, node.type)};"
        yield from self._fill(name, node.type, node.value)

    def _fill(self, name: str, type_: Array, value: tree.Expression) -> Iterator[str]:
        if isinstance(value, tree.Call):
            yield f"{self._call(value, name)};"
        elif isinstance(value, tree.Repeat):
            item = f"item__{self._next()}"
            yield f"{type_name(type_.element)} {item} = {self._expression(value.item)};"
            yield from self._each(name, type_, item)
        else:
            assert isinstance(value, tree.Name)
            yield from self._copy(name, value)

    def _copy(self, name: str, value: tree.Name) -> Iterator[str]:
        assert isinstance(value.type, Array)
        yield from self._each(name, value.type, f"{c_name(value.name)}[{_TURN}]")

    def _each(self, name: str, type_: Array, item: str) -> Iterator[str]:
        turn, length = f"i__{self._next()}", type_.length
        promised, value = item.replace(_TURN, "k__"), item.replace(_TURN, turn)
        yield f"/*@ loop invariant 0 <= {turn} <= {length};"
        yield f"    loop invariant \\forall integer k__; 0 <= k__ < {turn} ==> {name}[k__] == {promised};"
        yield f"    loop assigns {turn}, {acsl.elements(name, type_)};"
        yield f"    loop variant {length} - {turn}; */"
        yield f"for (int32_t {turn} = 0; {turn} < {length}; {turn}++) {name}[{turn}] = {value};"

    def _assign(self, node: tree.Assign) -> Iterator[str]:
        name = c_name(node.target.name)
        if node.index is not None:
            yield f"{name}[{self._position(node.target, node.index)}] = {self._expression(node.value)};"
        elif isinstance(node.value, tree.Name) and isinstance(node.value.type, Array):
            yield from self._copy(name, node.value)
        else:
            yield f"{name} = {self._expression(node.value)};"

    def _if(self, node: tree.If) -> Iterator[str]:
        yield from self._braced(f"if ({self._expression(node.condition)})", node.then)
        if node.otherwise:
            yield from self._braced("else", node.otherwise)

    def _for(self, node: tree.For) -> Iterator[str]:
        turns, variable = node.turns, c_name(node.variable)
        if not turns:
            return
        scalar = node.low.type
        assert isinstance(scalar, Scalar)
        yield f"/*@ loop invariant {turns.start} <= {variable} <= {turns.stop};"
        yield from self._annotations(node.invariants, node.body, variable)
        yield f"    loop variant {turns.stop} - {variable}; */"
        start, stop = literal(turns.start, scalar), literal(turns.stop, scalar)
        head = f"for ({type_name(scalar)} {variable} = {start}; {variable} < {stop}; {variable}++)"
        yield from self._braced(head, node.body)

    def _while(self, node: tree.While) -> Iterator[str]:
        turns = f"turns__{self._next()}"
        yield f"uint32_t {turns} = 0u;"
        yield f"/*@ loop invariant 0 <= {turns} <= {node.limit};"
        yield from self._annotations(node.invariants, node.body, turns)
        yield f"    loop variant {node.limit} - {turns}; */"
        guard = f"if ({turns}++ >= {node.limit}u) fault__();"
        yield from self._braced(f"while ({self._expression(node.condition)})", node.body, guard)

    def _annotations(self, invariants: tuple[tree.Expression, ...], body: tree.Block, turn: str) -> Iterator[str]:
        yield from (f"    loop invariant {acsl.predicate(invariant)};" for invariant in invariants)
        yield f"    loop assigns {', '.join([turn, *_assigned(body)])};"

    def _return(self, node: tree.Return) -> Iterator[str]:
        if isinstance(node.value.type, Array):
            assert isinstance(node.value, tree.Name)
            yield from self._copy("result", node.value)
            yield "return;"
        else:
            yield f"return {self._expression(node.value)};"

    def _expression(self, node: tree.Expression) -> str:
        write: Callable[..., str] = _EXPRESSIONS[type(node)]
        return write(self, node)

    def _operand(self, node: tree.Expression) -> str:
        text = self._expression(node)
        return f"({text})" if isinstance(node, _COMPOSITE) or text.startswith("-") else text

    def _literal(self, node: tree.Literal) -> str:
        assert isinstance(node.type, Scalar)
        return literal(node.value, node.type)

    def _name(self, node: tree.Name) -> str:
        return c_name(node.name)

    def _index(self, node: tree.Index) -> str:
        return f"{c_name(node.array.name)}[{self._position(node.array, node.index)}]"

    def _position(self, array: tree.Name, index: tree.Expression) -> str:
        if isinstance(index, tree.Literal):
            return str(index.value)
        assert isinstance(array.type, Array)
        check = "at__u64" if index.type == _U64 else "at__i64"
        return f"{self._use(check)}({self._expression(index)}, {array.type.length})"

    def _unary(self, node: tree.Unary) -> str:
        assert isinstance(node.type, Scalar)
        if node.symbol == "-":
            return f"{self._use(f'sub__{node.type}')}(0, {self._expression(node.operand)})"
        operand = self._operand(node.operand)
        return f"!{operand}" if node.symbol == "!" else f"({type_name(node.type)})~{operand}"

    def _binary(self, node: tree.Binary) -> str:
        left, right = node.left, node.right
        if node.symbol == "==>":
            return f"!{self._operand(left)} || {self._operand(right)}"
        if node.symbol in COMPARISONS or node.type == BOOL:
            return f"{self._operand(left)} {node.symbol} {self._operand(right)}"
        assert isinstance(node.type, Scalar)
        if checked := self._checked(node.symbol, node.type):
            return f"{self._use(checked)}({self._expression(left)}, {self._expression(right)})"
        return self._wrapping(node, node.type)

    def _checked(self, symbol: str, type_: Scalar) -> str | None:
        always = {**_ALWAYS_CHECKED, **_SHIFTS, **(_CHECKED if type_.signed else {})}
        return f"{always[symbol]}__{type_}" if symbol in always else None

    def _wrapping(self, node: tree.Binary, type_: Scalar) -> str:
        left, right = self._operand(node.left), self._operand(node.right)
        if type_.bits >= 32:
            return f"{left} {node.symbol} {right}"
        # Narrow operands are promoted to int, where the product of two uint16_t overflows.
        if type_.signed:
            return f"({type_name(type_)})({left} {node.symbol} {right})"
        return f"({type_name(type_)})((uint32_t){left} {node.symbol} (uint32_t){right})"

    def _conditional(self, node: tree.Conditional) -> str:
        return " ".join(
            (self._operand(node.condition), "?", self._operand(node.then), ":", self._operand(node.otherwise))
        )

    def _cast(self, node: tree.Cast) -> str:
        assert isinstance(node.type, Scalar)
        return f"({type_name(node.type)}){self._operand(node.operand)}"

    def _call(self, node: tree.Call, result: str = "") -> str:
        arguments = [self._expression(argument) for argument in node.arguments]
        return f"{symbol_of(node.operator)}({', '.join([*arguments, *([result] if result else [])])})"

    def _use(self, name: str) -> str:
        self._used.add(name)
        return name

    def _next(self) -> int:
        self._serial += 1
        return self._serial


def _assigned(body: tree.Block) -> list[str]:
    """List what a loop changes outside of itself."""
    nodes = list(tree.walk(body))
    inside = {node.name for node in nodes if isinstance(node, tree.Let)}
    targets = {node.target.name: node.target.type for node in nodes if isinstance(node, tree.Assign)}
    return [
        acsl.elements(c_name(name), type_) if isinstance(type_, Array) else c_name(name)
        for name, type_ in sorted(targets.items())
        if name not in inside
    ]


_U64: Final = Scalar("u64", 64, signed=False)
_EXPRESSIONS: Final[dict[type, Callable[..., Any]]] = {
    tree.Literal: _Function._literal,
    tree.Name: _Function._name,
    tree.Index: _Function._index,
    tree.Unary: _Function._unary,
    tree.Binary: _Function._binary,
    tree.Conditional: _Function._conditional,
    tree.Cast: _Function._cast,
    tree.Call: _Function._call,
}
_STATEMENTS: Final[dict[type, Callable[..., Any]]] = {
    tree.Let: _Function._let,
    tree.Assign: _Function._assign,
    tree.If: _Function._if,
    tree.For: _Function._for,
    tree.While: _Function._while,
    tree.Return: _Function._return,
}
