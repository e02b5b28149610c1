"""Translate operators to textual LLVM IR.

Every local lives in a stack slot, which the optimiser turns into registers. Whatever is a fault branches to one block a
function, which traps. Pointers are opaque (`ptr`), the default since LLVM 15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, final

from .. import tree
from ..arithmetic import COMPARISONS
from ..datatypes import BOOL, SCALARS, Array, Scalar, Type
from ..plan import ExecutionGraph
from .descriptor import symbol_of

_OVERFLOWING = {"+": "add", "-": "sub", "*": "mul"}
_BITWISE = {"&": "and", "|": "or", "^": "xor"}
_PREDICATES = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_I64: Final = SCALARS["i64"]


def translate(operator: tree.Operator, clauses: tree.Clauses, graph: ExecutionGraph) -> str:
    """Write the module of one operator and of all that it calls."""
    heading = [f"; Operator {operator.name} of {graph.spec.path.name}, specification sha256 {graph.spec.digest}."]
    heading += [f"; {clause}" for clause in clauses.all]
    tables = [_table(constant) for constant in graph.tables_of(operator)]
    intrinsics = {"declare void @llvm.trap()"}
    functions = [_Function(each, intrinsics).text("internal ") for each in graph.needed_by(operator)[:-1]]
    functions.append(_Function(operator, intrinsics).text(""))
    return "\n".join((*heading, "", *tables, *sorted(intrinsics), "", *functions))


def _table(constant: tree.Constant) -> str:
    assert isinstance(constant.type, Array)
    element = _type(constant.type.element)
    numbers = ", ".join(f"{element} {_number(value)}" for value in constant.elements)
    return f"@{constant.name} = private constant {_type(constant.type)} [{numbers}]"


def _type(type_: Type) -> str:
    if isinstance(type_, Array):
        return f"[{type_.length} x {_type(type_.element)}]"
    return f"i{type_.bits}"


def _number(value: int) -> str:
    return str(int(value))


def _passed(type_: Type) -> str:
    """Write how C passes a type: narrow numbers are extended by the caller (System V ABI, as GCC and Clang do it)."""
    if isinstance(type_, Array):
        return "ptr"
    if type_.bits >= 32:
        return _type(type_)
    return f"{_type(type_)} {'signext' if type_.signed else 'zeroext'}"


def _returned(type_: Type) -> str:
    if isinstance(type_, Array):
        return "void"
    return " ".join(reversed(_passed(type_).split()))


@final
class _Function:
    """Writes one operator; notes in `intrinsics` what it needs declared."""

    __slots__ = ("_block_name", "_body", "_intrinsics", "_operator", "_serial", "_slots", "_types")

    def __init__(self, operator: tree.Operator, intrinsics: set[str]) -> None:
        self._operator = operator
        self._intrinsics = intrinsics
        self._slots: list[str] = []
        self._body: list[str] = []
        self._types: dict[str, Type] = {}
        self._serial = 0
        self._block_name = "start__"

    def text(self, linkage: str) -> str:
        self._parameters()
        self._statements(self._operator.body)
        lines = ["entry__:", *self._slots, "  br label %start__", "start__:", *self._body]
        if any("label %fault__" in line for line in self._body):
            lines += ["fault__:", "  call void @llvm.trap()", "  unreachable"]
        return f"define {linkage}{self._head()} {{\n{chr(10).join(lines)}\n}}\n"

    def _head(self) -> str:
        result = self._operator.result
        parameters = [f"{_passed(each.type)} %{each.name}" for each in self._operator.parameters]
        if isinstance(result, Array):
            parameters.append("ptr %result")
        return f"{_returned(result)} @{symbol_of(self._operator.name)}({', '.join(parameters)})"

    def _parameters(self) -> None:
        for parameter in self._operator.parameters:
            if isinstance(parameter.type, Scalar):
                self._slot(f"{parameter.name}__", parameter.type)
                self._emit(f"store {_type(parameter.type)} %{parameter.name}, ptr %{parameter.name}__")

    def _statements(self, block: tree.Block) -> None:
        for statement in block:
            _STATEMENTS[type(statement)](self, statement)

    def _let(self, node: tree.Let) -> None:
        # Two blocks may declare one name, each with its own type.
        slot = f"{node.name}__"
        if isinstance(node.type, Scalar):
            value = self._expression(node.value)
            self._slot(self._renamed(node), node.type)
            self._store(value, node.type, self._where(node.name))
            return
        self._slot(self._renamed(node), node.type)
        self._fill(self._where(node.name), node.type, node.value)
        assert slot

    def _fill(self, slot: str, type_: Array, value: tree.Expression) -> None:
        if isinstance(value, tree.Call):
            self._call_into(value, slot)
        elif isinstance(value, tree.Elements):
            for position, item in enumerate(value.items):
                self._store(self._expression(item), type_.element, self._element(slot, type_, str(position)))
        elif isinstance(value, tree.Repeat):
            self._repeat(slot, type_, self._expression(value.item))
        else:
            assert isinstance(value, tree.Name)
            self._copy(slot, self._where(value.name), type_)
