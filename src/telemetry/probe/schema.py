"""Check the declarations and statements of a specification.

It knows which names exist, who may be assigned, and that every operator returns on every path. Expressions are the type
checker's; order of calls is the planner's. `parse` calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, final

from . import tree
from .datatypes import LONGEST_ARRAY, SCALARS, Array, Scalar, Type, is_integer
from .scope import Scope, Symbol
from .source import Source
from .tree import Place
from .typecheck import Signature, TypeChecker

_BOUND_TYPE: Final = SCALARS["u32"]


def checked(spec: tree.Spec, source: Source) -> tree.Spec:
    """Return the specification with all types and constants filled in.

    Raises:
        SpecError: It breaks a rule (`schema`); the first breach in the order of the file.
    """
    if not spec.operators:
        raise source.error(Place(1, 1), "there is no operator: a specification has at least one")
    _refuse_twins(spec, source)
    scope = Scope(source)
    tables = tuple(_constants(spec, source, scope))
    signatures = _signatures(spec, source, scope)
    operators = tuple(_operator(operator, source, scope, signatures) for operator in spec.operators)
    return replace(spec, constants=tables, operators=operators)


def _refuse_twins(spec: tree.Spec, source: Source) -> None:
    seen: dict[str, tree.Operator] = {}
    for operator in spec.operators:
        if operator.name in seen:
            line = seen[operator.name].place.line
            raise source.error(operator.place, f"operator `{operator.name}` is declared twice, first at line {line}")
        seen[operator.name] = operator


def _constants(spec: tree.Spec, source: Source, scope: Scope) -> Iterable[tree.Constant]:
    checker = TypeChecker(source, {})
    for declared in spec.constants:
        type_ = checker.named_type(declared.declared, scope)
        value = _constant_value(declared, type_, checker, scope)
        single = None if isinstance(type_, Array) else value
        scope.declare(declared.name, Symbol("constant", type_, declared.place, single))
        if isinstance(type_, Array):
            yield replace(declared, value=value, type=type_)


def _constant_value(declared: tree.Constant, type_: Type, checker: TypeChecker, scope: Scope) -> tree.Expression:
    purpose = f"the value of `{declared.name}`"
    if not isinstance(type_, Array):
        typed = checker.value(declared.value, scope, type_, purpose)
        return checker.constant(declared.value, scope, purpose, typed.type)
    initial = _Body(checker, type_).initialiser(declared.value, scope, type_)
    items = initial.items if isinstance(initial, tree.Elements) else _repeated(initial, checker, declared)
    folded = tuple(checker.constant(item, scope, purpose, type_.element) for item in items)
    return tree.Elements(declared.value.place, folded, type_)


def _repeated(initial: tree.Expression, checker: TypeChecker, declared: tree.Constant) -> tuple[tree.Expression, ...]:
    if isinstance(initial, tree.Repeat):
        return (initial.item,) * tree.constant(initial.count)
    raise checker.error(declared.value.place, f"the value of `{declared.name}` is not constant: write its elements")


def _signatures(spec: tree.Spec, source: Source, scope: Scope) -> dict[str, Signature]:
    checker = TypeChecker(source, {})
    return {
        operator.name: Signature(
            tuple(checker.named_type(parameter.declared, scope) for parameter in operator.parameters),
            checker.named_type(operator.returns, scope),
        )
        for operator in spec.operators
    }


def _operator(
    operator: tree.Operator, source: Source, outer: Scope, signatures: Mapping[str, Signature]
) -> tree.Operator:
    signature = signatures[operator.name]
    scope = outer.inner()
    parameters = tuple(
        replace(parameter, type=type_)
        for parameter, type_ in zip(operator.parameters, signature.parameters, strict=True)
    )
    for parameter in parameters:
        scope.declare(parameter.name, Symbol("parameter", parameter.type, parameter.place))
    clauses = tuple(_clause(clause, source, scope, signature.result) for clause in operator.clauses.all)
    body = _Body(TypeChecker(source, signatures), signature.result).block(operator.body, scope.inner())
    if not _returns(body):
        problem = f"`{operator.name}` can end without a result: end every path with `return`"
        raise source.error(operator.place, problem)
    return replace(operator, parameters=parameters, clauses=tree.Clauses(clauses), body=body, result=signature.result)


def _clause(clause: tree.Clause, source: Source, scope: Scope, result: Type) -> tree.Clause:
    visible = scope.inner()
    if clause.kind == "ensures":
        visible.declare("result", Symbol("result", result, clause.place))
    checker = TypeChecker(source, {}, "clause")
    return replace(clause, condition=checker.condition(clause.condition, visible, f"a `{clause.kind}` clause"))


@final
class _Body:
    """Checks the statements of one operator."""

    __slots__ = ("_checker", "_result")

    def __init__(self, checker: TypeChecker, result: Type) -> None:
        self._checker = checker
        self._result = result

    def block(self, block: tree.Block, scope: Scope) -> tree.Block:
        statements = tuple(self._statement(statement, scope) for statement in block)
        for earlier, later in pairwise(statements):
            if _returns((earlier,)):
                raise self._checker.error(later.place, "this is never reached: what stands before it returns")
        return statements

    def initialiser(self, node: tree.Expression, scope: Scope, wanted: Type | None) -> tree.Expression:
        if isinstance(node, tree.Elements):
            return self._elements(node, scope, wanted)
        if isinstance(node, tree.Repeat):
            return self._repeat(node, scope, wanted)
        if wanted is None:
            return self._checker.expression(node, scope)
        return self._checker.value(node, scope, wanted, "the initial value")

    def _statement(self, node: tree.Statement, scope: Scope) -> tree.Statement:
        rule: Callable[..., tree.Statement] = _RULES[type(node)]
        return rule(self, node, scope)

    def _let(self, node: tree.Let, scope: Scope) -> tree.Let:
        wanted = None if node.declared is None else self._checker.named_type(node.declared, scope)
        value = self.initialiser(node.value, scope, wanted)
        scope.declare(node.name, Symbol("local", value.type, node.place))
        return replace(node, value=value, type=value.type)

    def _assign(self, node: tree.Assign, scope: Scope) -> tree.Assign:
        symbol = scope.look_up(node.target.name, node.place)
        if symbol.kind != "local":
            problem = f"`{node.target.name}` is a {symbol.kind}, which keeps its value: assign to a `let` name"
            raise self._checker.error(node.place, problem)
        purpose = f"the value for `{node.target.name}`"
        if node.index is None:
            value = self._checker.named(self._checker.value(node.value, scope, symbol.type, purpose))
            return replace(node, target=replace(node.target, type=symbol.type), value=value)
        target, index = self._checker.element(node.target, node.index, scope)
        assert isinstance(target.type, Array)
        value = self._checker.value(node.value, scope, target.type.element, purpose)
        return replace(node, target=target, index=index, value=value)

    def _if(self, node: tree.If, scope: Scope) -> tree.If:
        condition = self._checker.condition(node.condition, scope, "the condition of `if`")
        then, otherwise = (self.block(block, scope.inner()) for block in (node.then, node.otherwise))
        return replace(node, condition=condition, then=then, otherwise=otherwise)

    def _for(self, node: tree.For, scope: Scope) -> tree.For:
        low, high = self._checker.turns(node.low, node.high, scope, "the loop's range")
        inner = scope.inner().with_name(node.variable, Symbol("loop variable", low.type, node.place))
        invariants = self._invariants(node.invariants, inner)
        return replace(node, low=low, high=high, invariants=invariants, body=self.block(node.body, inner.inner()))

    def _while(self, node: tree.While, scope: Scope) -> tree.While:
        condition = self._checker.condition(node.condition, scope, "the condition of `while`")
        bound = self._checker.constant(node.bound, scope, "the loop's bound", _BOUND_TYPE)
        if not is_integer(bound.type) or not 0 <= bound.value <= _BOUND_TYPE.maximum:
            raise self._checker.error(node.bound.place, f"a loop's bound is a number of turns, not {bound.value}")
        invariants = self._invariants(node.invariants, scope)
        body = self.block(node.body, scope.inner())
        return replace(node, condition=condition, bound=bound, invariants=invariants, body=body)

    def _return(self, node: tree.Return, scope: Scope) -> tree.Return:
        value = self._checker.value(node.value, scope, self._result, "the result")
        return replace(node, value=self._checker.named(value))

    def _invariants(self, invariants: Iterable[tree.Expression], scope: Scope) -> tuple[tree.Expression, ...]:
        checker = self._checker.for_clauses()
        return tuple(checker.condition(each, scope, "an invariant") for each in invariants)

    def _elements(self, node: tree.Elements, scope: Scope, wanted: Type | None) -> tree.Elements:
        element = wanted.element if isinstance(wanted, Array) else self._element_type(node.items[0], scope)
        type_ = Array(element, len(node.items))
        self._require_array(node, type_, wanted)
        items = tuple(self._checker.value(item, scope, element, "an element") for item in node.items)
        return replace(node, items=items, type=type_)

    def _repeat(self, node: tree.Repeat, scope: Scope, wanted: Type | None) -> tree.Repeat:
        element = wanted.element if isinstance(wanted, Array) else self._element_type(node.item, scope)
        count = self._checker.constant(node.count, scope, "the number of elements")
        type_ = Array(element, count.value)
        self._require_array(node, type_, wanted)
        item = self._checker.value(node.item, scope, element, "an element")
        return replace(node, item=item, count=count, type=type_)

    def _element_type(self, node: tree.Expression, scope: Scope) -> Scalar:
        type_ = self._checker.expression(node, scope).type
        if isinstance(type_, Scalar):
            return type_
        raise self._checker.error(node.place, f"an element is a number or bool, not {type_}")

    def _require_array(self, node: tree.Expression, type_: Array, wanted: Type | None) -> None:
        if wanted is not None and wanted != type_:
            raise self._checker.error(node.place, f"the initial value is {type_}, expected {wanted}")
        if not 1 <= type_.length <= LONGEST_ARRAY:
            raise self._checker.error(node.place, f"an array has 1 to {LONGEST_ARRAY} elements, not {type_.length}")


def _returns(block: tree.Block) -> bool:
    if not block:
        return False
    last = block[-1]
    if isinstance(last, tree.If):
        return _returns(last.then) and _returns(last.otherwise)
    return isinstance(last, tree.Return)


_RULES: Final[dict[type, Callable[..., Any]]] = {
    tree.Let: _Body._let,
    tree.Assign: _Body._assign,
    tree.If: _Body._if,
    tree.For: _Body._for,
    tree.While: _Body._while,
    tree.Return: _Body._return,
}
