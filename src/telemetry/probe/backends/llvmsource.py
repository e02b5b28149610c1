"""Translate operators to textual LLVM IR.

Every local lives in a stack slot, which the optimiser turns into registers. Whatever is a fault branches to one block a
function, which traps. Pointers are opaque (`ptr`), as LLVM 15 and later want them, or typed, as LLVM 14 and earlier do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, final

from telemetry.probe import tree
from telemetry.probe.arithmetic import COMPARISONS
from telemetry.probe.datatypes import Array, Scalar, Type
from telemetry.probe.plan import ExecutionGraph

from .descriptor import symbol_of
from .llvmarithmetic import comparison, negation, operation, shift
from .llvmblocks import I64, Blocks, llvm_type, opaque_pointer, typed_pointer


def translate(
    operator: tree.Operator, clauses: tree.Clauses, graph: ExecutionGraph, *, opaque_pointers: bool = True
) -> str:
    """Write the module of one operator and of all that it calls."""
    heading = [f"; Operator {operator.name} of {graph.spec.path.name}, specification sha256 {graph.spec.digest}."]
    heading += [f"; {clause}" for clause in clauses.all]
    pointer = opaque_pointer if opaque_pointers else typed_pointer
    intrinsics: set[str] = set()
    *callees, _ = graph.needed_by(operator)
    functions = [_Function(each, Blocks(intrinsics, pointer)).text("internal ") for each in callees]
    functions.append(_Function(operator, Blocks(intrinsics, pointer)).text(""))
    tables = map(_table, graph.tables_of(operator))
    return "\n".join((*heading, "", *tables, *sorted(intrinsics), "", *functions))


def _table(constant: tree.Constant) -> str:
    assert isinstance(constant.type, Array)
    element = llvm_type(constant.type.element)
    numbers = ", ".join(f"{element} {int(value)}" for value in constant.elements)
    return f"@{constant.name} = private constant {llvm_type(constant.type)} [{numbers}]"


def _extension(type_: Scalar) -> str:
    """Say who widens a narrow number: the side that passes it (System V ABI, as GCC and Clang do it)."""
    if type_.bits >= 32:
        return ""
    return "signext " if type_.signed else "zeroext "


def _returned(type_: Type) -> str:
    return "void" if isinstance(type_, Array) else f"{_extension(type_)}{llvm_type(type_)}"


@final
class _Function:
    """Writes one operator; `_where` has the address of every visible name."""

    __slots__ = ("_blocks", "_operator", "_where")

    def __init__(self, operator: tree.Operator, blocks: Blocks) -> None:
        self._blocks = blocks
        self._operator = operator
        self._where: dict[str, str] = {}

    def text(self, linkage: str) -> str:
        for parameter in self._operator.parameters:
            self._receive(parameter)
        self._statements(self._operator.body)
        return f"define {linkage}{self._head()} {{\n{self._blocks.text()}\n}}\n"

    def _head(self) -> str:
        result = self._operator.result
        parameters = [self._passed(each.type, f"%{each.name}") for each in self._operator.parameters]
        if isinstance(result, Array):
            parameters.append(self._passed(result, "%result"))
        return f"{_returned(result)} @{symbol_of(self._operator.name)}({', '.join(parameters)})"

    def _passed(self, type_: Type, value: str) -> str:
        if isinstance(type_, Array):
            return f"{self._blocks.pointer(type_)} {value}"
        return f"{llvm_type(type_)} {_extension(type_)}{value}"

    def _receive(self, parameter: tree.Parameter) -> None:
        value = f"%{parameter.name}"
        if isinstance(parameter.type, Array):
            self._where[parameter.name] = value
        else:
            self._blocks.store(value, parameter.type, self._slot(parameter.name, parameter.type))

    def _slot(self, name: str, type_: Type) -> str:
        self._where[name] = self._blocks.slot(name, type_)
        return self._where[name]

    def _statements(self, block: tree.Block) -> None:
        for statement in block:
            _STATEMENTS[type(statement)](self, statement)

    def _let(self, node: tree.Let) -> None:
        if isinstance(node.type, Array):
            self._fill(self._slot(node.name, node.type), node.type, node.value)
            return
        value = self._expression(node.value)
        self._blocks.store(value, node.type, self._slot(node.name, node.type))

    def _fill(self, slot: str, type_: Array, value: tree.Expression) -> None:
        blocks, element = self._blocks, type_.element
        if isinstance(value, tree.Call):
            blocks.emit(f"call void {self._callee(value, slot)}")
        elif isinstance(value, tree.Elements):
            for position, item in enumerate(value.items):
                blocks.store(self._expression(item), element, blocks.element(slot, type_, str(position)))
        elif isinstance(value, tree.Repeat):
            repeated = self._expression(value.item)
            blocks.each(type_, lambda turn: blocks.store(repeated, element, blocks.element(slot, type_, turn)))
        else:
            assert isinstance(value, tree.Name)
            self._copy(slot, self._address(value), type_)

    def _copy(self, target: str, source: str, type_: Array) -> None:
        blocks = self._blocks

        def copy_one(turn: str) -> None:
            item = blocks.load(type_.element, blocks.element(source, type_, turn))
            blocks.store(item, type_.element, blocks.element(target, type_, turn))

        blocks.each(type_, copy_one)

    def _assign(self, node: tree.Assign) -> None:
        if node.index is not None:
            element, type_ = self._indexed(node.target, node.index)
            self._blocks.store(self._expression(node.value), type_, element)
        elif isinstance(node.target.type, Array):
            self._fill(self._address(node.target), node.target.type, node.value)
        else:
            self._blocks.store(self._expression(node.value), node.target.type, self._address(node.target))

    def _if(self, node: tree.If) -> None:
        blocks = self._blocks
        then, otherwise, end = blocks.labels("then", "else", "end")
        blocks.choose(self._expression(node.condition), then, otherwise)
        blocks.open(then)
        self._statements(node.then)
        goes_on = blocks.jump(end)
        blocks.open(otherwise)
        self._statements(node.otherwise)
        if blocks.jump(end) or goes_on:
            blocks.open(end)

    def _for(self, node: tree.For) -> None:
        blocks, type_ = self._blocks, node.low.type
        assert isinstance(type_, Scalar)
        slot = self._slot(node.variable, type_)
        head, body, end = blocks.labels("head", "body", "end")
        blocks.store(str(node.turns.start), type_, slot)
        blocks.enter(head)
        blocks.choose(comparison(blocks, "<", blocks.load(type_, slot), str(node.turns.stop), type_), body, end)
        blocks.open(body)
        self._statements(node.body)
        if blocks.block:
            blocks.store(blocks.value(f"add {llvm_type(type_)} {blocks.load(type_, slot)}, 1"), type_, slot)
        blocks.jump(head)
        blocks.open(end)

    def _while(self, node: tree.While) -> None:
        blocks = self._blocks
        slot = blocks.slot("turn", I64)
        head, body, end = blocks.labels("head", "body", "end")
        blocks.store("0", I64, slot)
        blocks.enter(head)
        blocks.choose(self._expression(node.condition), body, end)
        blocks.open(body)
        turn = blocks.load(I64, slot)
        blocks.require(blocks.value(f"icmp ult i64 {turn}, {node.limit}"))
        blocks.store(blocks.value(f"add i64 {turn}, 1"), I64, slot)
        self._statements(node.body)
        blocks.jump(head)
        blocks.open(end)

    def _return(self, node: tree.Return) -> None:
        if isinstance(node.value.type, Array):
            self._fill("%result", node.value.type, node.value)
            self._blocks.emit("ret void")
        else:
            self._blocks.emit(f"ret {llvm_type(node.value.type)} {self._expression(node.value)}")
        self._blocks.block = ""

    def _expression(self, node: tree.Expression) -> str:
        write: Callable[..., str] = _EXPRESSIONS[type(node)]
        return write(self, node)

    def _literal(self, node: tree.Literal) -> str:
        return str(int(node.value))

    def _name(self, node: tree.Name) -> str:
        address = self._address(node)
        return address if isinstance(node.type, Array) else self._blocks.load(node.type, address)

    def _index(self, node: tree.Index) -> str:
        element, type_ = self._indexed(node.array, node.index)
        return self._blocks.load(type_, element)

    def _indexed(self, array: tree.Name, index: tree.Expression) -> tuple[str, Scalar]:
        assert isinstance(array.type, Array)
        assert isinstance(index.type, Scalar)
        position = self._blocks.converted(self._expression(index), index.type, I64)
        # A negative index is a very large one when read without its sign.
        self._blocks.require(self._blocks.value(f"icmp ult i64 {position}, {array.type.length}"))
        return self._blocks.element(self._address(array), array.type, position), array.type.element

    def _unary(self, node: tree.Unary) -> str:
        operand = self._expression(node.operand)
        assert isinstance(node.type, Scalar)
        if node.symbol == "-":
            return negation(self._blocks, operand, node.type)
        return self._blocks.value(f"xor {llvm_type(node.type)} {operand}, -1")

    def _binary(self, node: tree.Binary) -> str:
        if node.symbol in ("&&", "||", "==>"):
            return self._short_circuit(node)
        left, right = self._expression(node.left), self._expression(node.right)
        assert isinstance(node.left.type, Scalar)
        assert isinstance(node.right.type, Scalar)
        if node.symbol in COMPARISONS:
            return comparison(self._blocks, node.symbol, left, right, node.left.type)
        if node.symbol in ("<<", ">>"):
            amount = self._blocks.converted(right, node.right.type, I64)
            return shift(self._blocks, node.symbol, left, amount, node.left.type)
        return operation(self._blocks, node.symbol, left, right, node.left.type)

    def _short_circuit(self, node: tree.Binary) -> str:
        blocks, left = self._blocks, self._expression(node.left)
        more, end = blocks.labels("more", "end")
        before = blocks.block
        blocks.choose(left, *((end, more) if node.symbol == "||" else (more, end)))
        blocks.open(more)
        right = self._expression(node.right)
        after = blocks.block
        blocks.enter(end)
        outcome = "false" if node.symbol == "&&" else "true"
        return blocks.value(f"phi i1 [ {outcome}, %{before} ], [ {right}, %{after} ]")

    def _conditional(self, node: tree.Conditional) -> str:
        blocks = self._blocks
        condition = self._expression(node.condition)
        then, otherwise, end = blocks.labels("then", "else", "end")
        blocks.choose(condition, then, otherwise)
        arms = []
        for label, branch in ((then, node.then), (otherwise, node.otherwise)):
            blocks.open(label)
            value = self._expression(branch)
            arms.append(f"[ {value}, %{blocks.block} ]")
            blocks.jump(end)
        blocks.open(end)
        return blocks.value(f"phi {llvm_type(node.type)} {', '.join(arms)}")

    def _cast(self, node: tree.Cast) -> str:
        assert isinstance(node.type, Scalar)
        assert isinstance(node.operand.type, Scalar)
        return self._blocks.converted(self._expression(node.operand), node.operand.type, node.type)

    def _call(self, node: tree.Call) -> str:
        return self._blocks.value(f"call {_returned(node.type)} {self._callee(node)}")

    def _callee(self, node: tree.Call, result: str = "") -> str:
        arguments = [self._passed(each.type, self._expression(each)) for each in node.arguments]
        if result:
            arguments.append(self._passed(node.type, result))
        return f"@{symbol_of(node.operator)}({', '.join(arguments)})"

    def _address(self, name: tree.Name) -> str:
        return f"@{name.name}" if name.name.isupper() else self._where[name.name]


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
