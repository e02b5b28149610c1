"""Run an operator straight from its tree: this is what the language means.

It is slow and plain on purpose. `verify` compares every backend with it; the checker folds constants with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, final

from . import tree
from .arithmetic import COMPARISONS, Fault, compare, negate, operate
from .datatypes import Array, Scalar, Value

Names = dict[str, Value]

_STEPS = 500_000


@final
class Exhausted(RuntimeError):  # noqa: N818 - says what happened, as the language's `Fault` does
    """The interpreter was stopped; the operator may still have a result."""


@final
class Interpreter:
    """Runs the operators of a checked specification, each run for a limited number of statements.

    Args:
        operators: By name, with all that they call.
        tables: The elements of the constants, by name.
        steps: How many statements one run may take before `Exhausted`.
    """

    __slots__ = ("_left", "_operators", "_steps", "_tables")

    def __init__(
        self,
        operators: Mapping[str, tree.Operator],
        tables: Mapping[str, Sequence[int]],
        *,
        steps: int = _STEPS,
    ) -> None:
        self._operators = operators
        self._tables: Names = {name: list(elements) for name, elements in tables.items()}
        self._steps = self._left = steps

    def run(self, operator: tree.Operator, inputs: Sequence[Value]) -> Value:
        """Return what the operator returns for these inputs.

        Raises:
            Fault: It has no result: an overflow, a division by zero, an index or shift out of range, a loop beyond its
                bound, or a call that breaks the callee's `requires`.
            Exhausted: The run took too many steps.
        """
        self._left = self._steps
        return self._run(operator, inputs)

    def holds(self, clause: tree.Clause, values: Mapping[str, Value]) -> bool:
        """Tell whether a clause is true of inputs and `result`; one that faults is not."""
        try:
            return bool(self.evaluate(clause.condition, {**self._tables, **values}))
        except Fault:
            return False

    def evaluate(self, node: tree.Expression, names: Names) -> Any:
        """Return the value of an expression.

        Raises:
            Fault: It has none.
        """
        return _EXPRESSIONS[type(node)](self, node, names)

    def _run(self, operator: tree.Operator, inputs: Sequence[Value]) -> Value:
        names = {**self._tables, **{each.name: value for each, value in zip(operator.parameters, inputs, strict=True)}}
        for clause in operator.clauses.requires:
            if not self.holds(clause, names):
                raise Fault(f"`{operator.name}` called against its `{clause}`")
        result = self._block(operator.body, names)
        assert result is not None, f"{operator.name} returned nothing, which the checker excludes"
        return result

    def _block(self, block: tree.Block, names: Names) -> Value | None:
        for statement in block:
            self._left -= 1
            if self._left < 0:
                raise Exhausted(f"stopped after {self._steps} steps")
            result = _STATEMENTS[type(statement)](self, statement, names)
            if result is not None:
                return result
        return None

    def _let(self, node: tree.Let, names: Names) -> None:
        names[node.name] = _copy(self.evaluate(node.value, names))

    def _assign(self, node: tree.Assign, names: Names) -> None:
        if node.index is None:
            names[node.target.name] = _copy(self.evaluate(node.value, names))
            return
        position = self._position(node.target, node.index, names)
        names[node.target.name][position] = self.evaluate(node.value, names)  # type: ignore[index]

    def _if(self, node: tree.If, names: Names) -> Value | None:
        return self._block(node.then if self.evaluate(node.condition, names) else node.otherwise, names)

    def _for(self, node: tree.For, names: Names) -> Value | None:
        for turn in node.turns:
            names[node.variable] = turn
            result = self._block(node.body, names)
            if result is not None:
                return result
        return None

    def _while(self, node: tree.While, names: Names) -> Value | None:
        turns = 0
        while self.evaluate(node.condition, names):
            if turns == node.limit:
                raise Fault(f"the loop at line {node.place.line} goes beyond its bound of {node.limit}")
            turns += 1
            result = self._block(node.body, names)
            if result is not None:
                return result
        return None

    def _return(self, node: tree.Return, names: Names) -> Value:
        return _copy(self.evaluate(node.value, names))

    def _literal(self, node: tree.Literal, _: Names) -> Value:
        return node.value

    def _name(self, node: tree.Name, names: Names) -> Value:
        return names[node.name]

    def _index(self, node: tree.Index, names: Names) -> Any:
        return names[node.array.name][self._position(node.array, node.index, names)]  # type: ignore[index]

    def _position(self, array: tree.Name, index: tree.Expression, names: Names) -> int:
        position: int = self.evaluate(index, names)
        assert isinstance(array.type, Array)
        if not 0 <= position < array.type.length:
            raise Fault(f"index {position} of `{array.name}`, which has {array.type.length} elements")
        return position

    def _unary(self, node: tree.Unary, names: Names) -> int:
        value = self.evaluate(node.operand, names)
        if node.symbol == "!":
            return not value
        assert isinstance(node.type, Scalar)
        return negate(value, node.type) if node.symbol == "-" else node.type.wrap(~value)

    def _binary(self, node: tree.Binary, names: Names) -> int:
        if node.symbol in _SHORT_CIRCUITS:
            return self._short_circuit(node, names)
        left, right = self.evaluate(node.left, names), self.evaluate(node.right, names)
        if node.symbol in COMPARISONS:
            return compare(node.symbol, left, right)
        assert isinstance(node.type, Scalar)
        return operate(node.symbol, left, right, node.type)

    def _short_circuit(self, node: tree.Binary, names: Names) -> bool:
        decisive, outcome = _SHORT_CIRCUITS[node.symbol]
        return outcome if bool(self.evaluate(node.left, names)) is decisive else bool(self.evaluate(node.right, names))

    def _conditional(self, node: tree.Conditional, names: Names) -> Any:
        return self.evaluate(node.then if self.evaluate(node.condition, names) else node.otherwise, names)

    def _cast(self, node: tree.Cast, names: Names) -> int:
        assert isinstance(node.type, Scalar)
        return node.type.wrap(int(self.evaluate(node.operand, names)))

    def _call(self, node: tree.Call, names: Names) -> Value:
        arguments = [_copy(self.evaluate(argument, names)) for argument in node.arguments]
        return self._run(self._operators[node.operator], arguments)

    def _quantifier(self, node: tree.Quantifier, names: Names) -> int:
        values = (self.evaluate(node.body, {**names, node.variable: turn}) for turn in node.turns)
        return _QUANTIFIERS[node.symbol](values)

    def _elements(self, node: tree.Elements, names: Names) -> list[int]:
        return [self.evaluate(item, names) for item in node.items]

    def _repeat(self, node: tree.Repeat, names: Names) -> list[int]:
        return [self.evaluate(node.item, names)] * tree.constant(node.count)


def _copy(value: Value) -> Value:
    return list(value) if isinstance(value, list) else value


# Which value of the left operand decides, and the outcome then.
_SHORT_CIRCUITS: Final = {"&&": (False, False), "||": (True, True), "==>": (False, True)}
_QUANTIFIERS: Final[dict[str, Callable[[Any], int]]] = {"forall": all, "exists": any, "sum": sum}

_EXPRESSIONS: Final[dict[type, Callable[..., Any]]] = {
    tree.Literal: Interpreter._literal,
    tree.Name: Interpreter._name,
    tree.Index: Interpreter._index,
    tree.Unary: Interpreter._unary,
    tree.Binary: Interpreter._binary,
    tree.Conditional: Interpreter._conditional,
    tree.Cast: Interpreter._cast,
    tree.Call: Interpreter._call,
    tree.Quantifier: Interpreter._quantifier,
    tree.Elements: Interpreter._elements,
    tree.Repeat: Interpreter._repeat,
}
_STATEMENTS: Final[dict[type, Callable[..., Value | None]]] = {
    tree.Let: Interpreter._let,
    tree.Assign: Interpreter._assign,
    tree.If: Interpreter._if,
    tree.For: Interpreter._for,
    tree.While: Interpreter._while,
    tree.Return: Interpreter._return,
}
