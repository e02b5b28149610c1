"""Give every expression its type, or say what is wrong with it.

In bodies, both sides of an operator have one machine type. In clauses, numbers are unbounded integers, so that a clause
never overflows and may compare any two numbers. Statements and declarations are the schema's; it calls this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, final

from telemetry.errors import SpecError

from . import tree
from .arithmetic import COMPARISONS, Fault
from .datatypes import BOOL, INTEGER, LONGEST_ARRAY, SCALARS, UNTYPED, Array, Scalar, Type, is_integer
from .interpreter import Interpreter
from .scope import Scope, Symbol
from .source import Source, suggestion

_WIDEST_QUANTIFIER = 4096


@final
@dataclass(frozen=True, slots=True)
class Signature:
    """What a call needs to know of an operator."""

    parameters: tuple[Type, ...]
    result: Type


@final
class TypeChecker:
    """Checks the expressions of one operator's body, of its clauses, or of a constant.

    Args:
        source: Where errors point.
        signatures: The operators that may be called.
        mode: Whether numbers are machine integers (`body`) or unbounded (`clause`).
    """

    __slots__ = ("_source", "mode", "signatures", "width")

    def __init__(
        self, source: Source, signatures: Mapping[str, Signature], mode: Literal["body", "clause"] = "body"
    ) -> None:
        self._source = source
        self.signatures = signatures
        self.mode = mode
        self.width = 1

    def expression(self, node: tree.Expression, scope: Scope, hint: Type | None = None) -> tree.Expression:
        """Return the expression with its type; `hint` is what a number without a suffix becomes.

        Raises:
            SpecError: It breaks a rule.
        """
        checked: tree.Expression = _RULES[type(node)](self, node, scope, hint)
        return checked

    def value(self, node: tree.Expression, scope: Scope, wanted: Type, purpose: str) -> tree.Expression:
        """Check an expression that has to have a certain type.

        Raises:
            SpecError: It has another one.
        """
        checked = self.expression(node, scope, wanted)
        if not self.agree(checked.type, wanted):
            remedy = _remedy(checked.type, wanted)
            raise self.error(node.place, f"{purpose} is {checked.type}, expected {wanted}{remedy}")
        return checked

    def for_clauses(self) -> TypeChecker:
        """Return a checker for the invariants of this body."""
        return TypeChecker(self._source, {}, "clause")

    def error(self, place: tree.Place, problem: str) -> SpecError:
        """Make an error of this source."""
        return self._source.error(place, problem)

    def named(self, value: tree.Expression) -> tree.Expression:
        """Return the expression, which may be an array only if it is a name.

        Raises:
            SpecError: It is an array that a call makes.
        """
        if isinstance(value.type, Array) and not isinstance(value, tree.Name):
            raise self.error(value.place, "this is a whole array: give it a name with `let` first")
        return value

    def condition(self, node: tree.Expression, scope: Scope, purpose: str) -> tree.Expression:
        """Check an expression that has to be `bool`.

        Raises:
            SpecError: It is not.
        """
        checked = self.expression(node, scope)
        if checked.type != BOOL:
            raise self.error(node.place, f"{purpose} is {checked.type}, expected bool: compare it with something")
        return checked

    def constant(self, node: tree.Expression, scope: Scope, purpose: str, hint: Type | None = None) -> tree.Literal:
        """Check and fold an expression that has to be known before the operator runs.

        Raises:
            SpecError: It depends on what is known only then, or has no value.
        """
        checked = self.expression(node, scope, hint)
        unknown = next((each for each in tree.walk(checked) if isinstance(each, tree.Name | tree.Call)), None)
        if unknown is not None:
            name = unknown.name if isinstance(unknown, tree.Name) else unknown.operator
            raise self.error(
                unknown.place, f"{purpose} is not constant, for `{name}` is not: use numbers and single constants"
            )
        try:
            return tree.Literal(node.place, Interpreter({}, {}).evaluate(checked, {}), checked.type)
        except Fault as fault:
            raise self.error(node.place, f"{purpose} has no value: {fault}") from None

    def turns(
        self, low: tree.Expression, high: tree.Expression, scope: Scope, purpose: str
    ) -> tuple[tree.Literal, tree.Literal]:
        """Check the ends of a constant range, which get one type.

        Raises:
            SpecError: They are not constant, or not integers of one type.
        """
        left, right = self.pair(low, high, scope, None)
        if not is_integer(left.type) or not self.agree(left.type, right.type):
            raise self.error(
                high.place, f"{purpose} goes from {left.type} to {right.type}, expected two integers of one type"
            )
        return self.constant(low, scope, purpose, left.type), self.constant(high, scope, purpose, left.type)

    def named_type(self, written: tree.TypeName, scope: Scope) -> Type:
        """Return the type that a name stands for.

        Raises:
            SpecError: There is none of that name, or the length is not a number from 1 to 4096.
        """
        element = SCALARS.get(written.name)
        if element is None:
            problem = f"unknown type `{written.name}`: {suggestion(written.name, SCALARS)}"
            raise self.error(written.place, problem)
        if written.length is None:
            return element
        length = self.constant(written.length, scope, "the length of an array")
        if not is_integer(length.type) or not 1 <= length.value <= LONGEST_ARRAY:
            problem = f"an array has 1 to {LONGEST_ARRAY} elements, not {length.value}"
            raise self.error(written.length.place, problem)
        return Array(element, length.value)

    def element(self, array: tree.Name, index: tree.Expression, scope: Scope) -> tuple[tree.Name, tree.Expression]:
        """Check `array[index]`, and the index against the length where it is a number.

        Raises:
            SpecError: It names no array, or the index is no integer, or out of range.
        """
        symbol = scope.look_up(array.name, array.place)
        if not isinstance(symbol.type, Array):
            raise self.error(array.place, f"`{array.name}` is {symbol.type}, which has no elements")
        checked = self.expression(index, scope)
        if not is_integer(checked.type):
            raise self.error(index.place, f"an index is an integer, not {checked.type}")
        if isinstance(checked, tree.Literal) and not 0 <= checked.value < symbol.type.length:
            raise self.error(
                index.place, f"index {checked.value} of `{array.name}`, which has {symbol.type.length} elements"
            )
        return replace(array, type=symbol.type), checked

    def pair(
        self, left: tree.Expression, right: tree.Expression, scope: Scope, hint: Type | None
    ) -> tuple[tree.Expression, tree.Expression]:
        """Check two expressions that should have one type; numbers without a suffix follow the other side.

        Raises:
            SpecError: One of them breaks a rule.
        """
        if _takes_any_type(left) and not _takes_any_type(right):
            checked_right = self.expression(right, scope, hint)
            return self.expression(left, scope, checked_right.type), checked_right
        checked_left = self.expression(left, scope, hint)
        return checked_left, self.expression(right, scope, checked_left.type)

    def agree(self, one: Type, other: Type) -> bool:
        """Tell whether values of the two types may meet: in clauses, all integers may."""
        return one == other or (self.mode == "clause" and is_integer(one) and is_integer(other))

    def arithmetic(self, type_: Type) -> Type:
        """Return the type of a sum of such values."""
        return INTEGER if self.mode == "clause" else type_


def _literal(checker: TypeChecker, node: tree.Literal, _: Scope, hint: Type | None) -> tree.Literal:
    type_ = node.type
    if type_ == UNTYPED:
        type_ = hint if hint is not None and is_integer(hint) else SCALARS["i32"]
    if checker.mode == "clause" and type_ != BOOL and node.type == UNTYPED:
        type_ = INTEGER
    assert isinstance(type_, Scalar)
    if not type_.contains(node.value):
        raise checker.error(
            node.place,
            f"{node.value} does not fit {type_} ({type_.minimum} to {type_.maximum}): "
            "give it a suffix, such as `u64`, or a wider type",
        )
    return replace(node, type=type_)


def _name(checker: TypeChecker, node: tree.Name, scope: Scope, _: Type | None) -> tree.Expression:
    symbol = scope.look_up(node.name, node.place)
    return replace(node, type=symbol.type) if symbol.value is None else replace(symbol.value, place=node.place)


def _index(checker: TypeChecker, node: tree.Index, scope: Scope, _: Type | None) -> tree.Index:
    array, index = checker.element(node.array, node.index, scope)
    assert isinstance(array.type, Array)
    return tree.Index(node.place, array, index, array.type.element)


def _unary(checker: TypeChecker, node: tree.Unary, scope: Scope, hint: Type | None) -> tree.Unary:
    operand = checker.expression(node.operand, scope, hint)
    if node.symbol == "!":
        if operand.type != BOOL:
            raise checker.error(node.place, f"`!` needs bool, got {operand.type}")
        return replace(node, operand=operand, type=BOOL)
    if not is_integer(operand.type):
        raise checker.error(node.place, f"`{node.symbol}` needs an integer, got {operand.type}")
    type_ = checker.arithmetic(operand.type)
    assert isinstance(type_, Scalar)
    if node.symbol == "-" and not type_.signed:
        raise checker.error(node.place, f"`-` needs a signed integer, got {type_}: write `0 - …` to wrap")
    return replace(node, operand=operand, type=type_)


def _binary(checker: TypeChecker, node: tree.Binary, scope: Scope, hint: Type | None) -> tree.Binary:
    if node.symbol in ("&&", "||", "==>"):
        purpose = f"an operand of `{node.symbol}`"
        left, right = (checker.condition(each, scope, purpose) for each in (node.left, node.right))
        return replace(node, left=left, right=right, type=BOOL)
    if node.symbol in ("<<", ">>"):
        return _shift(checker, node, scope, hint)
    return _matched(checker, node, scope, None if node.symbol in COMPARISONS else hint)


def _matched(checker: TypeChecker, node: tree.Binary, scope: Scope, hint: Type | None) -> tree.Binary:
    left, right = checker.pair(node.left, node.right, scope, hint)
    if not checker.agree(left.type, right.type):
        raise checker.error(
            node.place,
            f"`{node.symbol}` needs two operands of one type, got {left.type} and {right.type}"
            f"{_remedy(right.type, left.type)}",
        )
    equality = node.symbol in ("==", "!=")
    if not (is_integer(left.type) or (equality and left.type == BOOL)):
        raise checker.error(node.place, f"`{node.symbol}` is not defined for {left.type}")
    type_ = BOOL if node.symbol in COMPARISONS else checker.arithmetic(left.type)
    return replace(node, left=left, right=right, type=type_)


def _shift(checker: TypeChecker, node: tree.Binary, scope: Scope, hint: Type | None) -> tree.Binary:
    left = checker.expression(node.left, scope, hint)
    right = checker.expression(node.right, scope, left.type)
    if not (is_integer(left.type) and is_integer(right.type)):
        raise checker.error(node.place, f"`{node.symbol}` needs two integers, got {left.type} and {right.type}")
    return replace(node, left=left, right=right, type=checker.arithmetic(left.type))


def _conditional(checker: TypeChecker, node: tree.Conditional, scope: Scope, hint: Type | None) -> tree.Conditional:
    condition = checker.condition(node.condition, scope, "the condition of `?`")
    then, otherwise = checker.pair(node.then, node.otherwise, scope, hint)
    if not checker.agree(then.type, otherwise.type):
        problem = f"`?` chooses between {then.type} and {otherwise.type}: both have to have one type"
        raise checker.error(node.place, problem)
    if isinstance(then.type, Array):
        raise checker.error(node.place, "`?` does not choose between arrays: use `if`")
    type_ = then.type if then.type == otherwise.type else INTEGER
    return replace(node, condition=condition, then=then, otherwise=otherwise, type=type_)


def _cast(checker: TypeChecker, node: tree.Cast, scope: Scope, _: Type | None) -> tree.Cast:
    target = checker.named_type(node.target, scope)
    operand = checker.expression(node.operand, scope, _cast_hint(node.operand, target))
    if not is_integer(target):
        raise checker.error(node.target.place, f"`as {target}` is not defined: convert to an integer type")
    if not isinstance(operand.type, Scalar):
        raise checker.error(node.place, f"`as` converts numbers and bool, not {operand.type}")
    return replace(node, operand=operand, type=target)


def _call(checker: TypeChecker, node: tree.Call, scope: Scope, _: Type | None) -> tree.Call:
    if checker.mode == "clause":
        raise checker.error(node.place, f"a clause cannot call `{node.operator}`: say what it returns instead")
    signature = checker.signatures.get(node.operator)
    if signature is None:
        problem = f"unknown operator `{node.operator}`: {suggestion(node.operator, checker.signatures)}"
        raise checker.error(node.place, problem)
    if len(node.arguments) != len(signature.parameters):
        count = len(signature.parameters)
        problem = f"`{node.operator}` takes {count} argument{'s' * (count != 1)}, got {len(node.arguments)}"
        raise checker.error(node.place, problem)
    arguments = tuple(
        checker.named(checker.value(argument, scope, type_, f"argument {number} of `{node.operator}`"))
        for number, (argument, type_) in enumerate(zip(node.arguments, signature.parameters, strict=True), 1)
    )
    return replace(node, arguments=arguments, type=signature.result)


def _quantifier(checker: TypeChecker, node: tree.Quantifier, scope: Scope, _: Type | None) -> tree.Quantifier:
    if checker.mode == "body":
        raise checker.error(node.place, f"`{node.symbol}` is for clauses and invariants: use a loop")
    low, high = checker.turns(node.low, node.high, scope, f"the range of `{node.symbol}`")
    width = max(1, high.value - low.value)
    checker.width *= width
    if checker.width > _WIDEST_QUANTIFIER:
        problem = f"`{node.symbol}` takes {checker.width} turns, more than the {_WIDEST_QUANTIFIER} that can be checked"
        raise checker.error(node.place, problem)
    inner = scope.inner().with_name(node.variable, Symbol("quantified variable", INTEGER, node.place))
    purpose = f"the body of `{node.symbol}`"
    wanted = INTEGER if node.symbol == "sum" else BOOL
    body = (
        checker.value(node.body, inner, INTEGER, purpose)
        if node.symbol == "sum"
        else checker.condition(node.body, inner, purpose)
    )
    checker.width //= width
    return replace(node, low=low, high=high, body=body, type=wanted)


def _list(checker: TypeChecker, node: tree.Elements | tree.Repeat, _: Scope, __: Type | None) -> tree.Expression:
    raise checker.error(node.place, "a list is an initial value: give it a name with `let` first")


def _remedy(given: Type, wanted: Type) -> str:
    convertible = is_integer(wanted) and isinstance(given, Scalar)
    return f": convert it with `as {wanted}`" if convertible else ""


def _takes_any_type(node: tree.Expression) -> bool:
    if isinstance(node, tree.Literal):
        return node.type == UNTYPED
    if isinstance(node, tree.Binary):
        return node.symbol not in COMPARISONS and _takes_any_type(node.left) and _takes_any_type(node.right)
    if isinstance(node, tree.Conditional):
        return _takes_any_type(node.then) and _takes_any_type(node.otherwise)
    return isinstance(node, tree.Unary) and _takes_any_type(node.operand)


def _cast_hint(operand: tree.Expression, target: Type) -> Type | None:
    # `-1 as u32` wraps, so a number that does not fit the target is not of the target's type.
    unfit = isinstance(operand, tree.Literal) and not (isinstance(target, Scalar) and target.contains(operand.value))
    return None if unfit else target


_RULES: Final[dict[type, Callable[..., Any]]] = {
    tree.Literal: _literal,
    tree.Name: _name,
    tree.Index: _index,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Conditional: _conditional,
    tree.Cast: _cast,
    tree.Call: _call,
    tree.Quantifier: _quantifier,
    tree.Elements: _list,
    tree.Repeat: _list,
}
