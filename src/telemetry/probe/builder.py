"""Turn what the grammar recognised into the syntax tree.

It gives names and numbers their form and checks nothing but that. `parse` calls it; each method is a grammar rule.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, cast, final
from typing import Literal as OneOf

from lark import Token, Transformer, v_args
from lark.tree import Meta

from . import tree
from .datatypes import BOOL, SCALARS, UNTYPED
from .source import Source
from .tree import Place

_NUMBER = re.compile(r"(0x)?([0-9A-Fa-f_]+?)([iu](?:8|16|32|64))?")


@final
@v_args(meta=True, inline=True)
class Builder(Transformer[Token, tree.Spec]):
    """Builds the tree of one source; each method makes the node of the rule it is named after."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def start(self, _: Meta, *items: tree.Constant | tree.Operator) -> tree.Spec:
        """Build the whole specification."""
        return tree.Spec(
            path=self._source.path,
            digest=hashlib.sha256(self._source.text.encode()).hexdigest(),
            constants=tuple(item for item in items if isinstance(item, tree.Constant)),
            operators=tuple(item for item in items if isinstance(item, tree.Operator)),
        )

    def constant(self, _: Meta, name: Token, declared: tree.TypeName, value: tree.Expression) -> tree.Constant:
        """Build a constant."""
        return tree.Constant(_place(name), str(name), declared, value)

    def operator(
        self,
        meta: Meta,
        name: Token,
        parameters: tuple[tree.Parameter, ...],
        returns: tree.TypeName,
        clauses: tree.Clauses,
        body: tree.Block,
    ) -> tree.Operator:
        """Build an operator."""
        return tree.Operator(_place(name), str(name), parameters, returns, clauses, body, self._text(meta))

    def parameters(self, _: Meta, *parameters: tree.Parameter | None) -> tuple[tree.Parameter, ...]:
        """Build a parameter list; the placeholder of an empty one is dropped."""
        return tuple(parameter for parameter in parameters if parameter is not None)

    def parameter(self, _: Meta, name: Token, declared: tree.TypeName) -> tree.Parameter:
        """Build a parameter."""
        return tree.Parameter(_place(name), str(name), declared)

    def type(self, _: Meta, name: Token, length: tree.Expression | None) -> tree.TypeName:
        """Build a type as written."""
        return tree.TypeName(_place(name), str(name), length)

    def clauses(self, _: Meta, *clauses: tree.Clause) -> tree.Clauses:
        """Build the clauses of an operator."""
        return tree.Clauses(clauses)

    def clause(self, meta: Meta, kind: Token, condition: tree.Expression) -> tree.Clause:
        """Build a clause, whose text is that of its condition without comments."""
        text = re.sub(r"#[^\n]*", "", self._text(meta)).removeprefix(kind).strip()
        return tree.Clause(_place(kind), cast(OneOf["requires", "ensures"], str(kind)), text, condition)

    def block(self, _: Meta, *statements: tree.Statement) -> tree.Block:
        """Build a block."""
        return statements

    def let(self, _: Meta, name: Token, declared: tree.TypeName | None, value: tree.Expression) -> tree.Let:
        """Build a declaration."""
        return tree.Let(_place(name), str(name), declared, value)

    def assign(self, _: Meta, target: tree.Name, index: tree.Expression | None, value: tree.Expression) -> tree.Assign:
        """Build an assignment."""
        return tree.Assign(target.place, target, index, value)

    def branch(
        self, meta: Meta, condition: tree.Expression, then: tree.Block, otherwise: tree.Block | tree.If | None
    ) -> tree.If:
        """Build a branch; `else if` is a block of one statement."""
        rest = (otherwise,) if isinstance(otherwise, tree.If) else otherwise or ()
        return tree.If(_start(meta), condition, then, rest)

    def for_loop(
        self,
        _: Meta,
        variable: Token,
        low: tree.Expression,
        high: tree.Expression,
        invariants: tuple[tree.Expression, ...],
        body: tree.Block,
    ) -> tree.For:
        """Build a counting loop."""
        return tree.For(_place(variable), str(variable), low, high, invariants, body)

    def while_loop(
        self,
        meta: Meta,
        condition: tree.Expression,
        bound: tree.Expression,
        invariants: tuple[tree.Expression, ...],
        body: tree.Block,
    ) -> tree.While:
        """Build a conditional loop."""
        return tree.While(_start(meta), condition, bound, invariants, body)

    def invariants(self, _: Meta, *conditions: tree.Expression) -> tuple[tree.Expression, ...]:
        """Build the invariants of a loop."""
        return conditions

    def return_(self, meta: Meta, value: tree.Expression) -> tree.Return:
        """Build a return."""
        return tree.Return(_start(meta), value)

    def elements(self, meta: Meta, *items: tree.Expression | None) -> tree.Elements:
        """Build a list; the placeholder of its last comma is dropped."""
        return tree.Elements(_start(meta), tuple(item for item in items if item is not None))

    def repeat(self, meta: Meta, item: tree.Expression, count: tree.Expression) -> tree.Repeat:
        """Build a list of equal items."""
        return tree.Repeat(_start(meta), item, count)

    def conditional(
        self, _: Meta, condition: tree.Expression, then: tree.Expression, otherwise: tree.Expression
    ) -> tree.Conditional:
        """Build a choice."""
        return tree.Conditional(condition.place, condition, then, otherwise)

    def binary(self, _: Meta, left: tree.Expression, symbol: Token, right: tree.Expression) -> tree.Binary:
        """Build an operation; its place is the operator's."""
        return tree.Binary(_place(symbol), str(symbol), left, right)

    def unary(self, _: Meta, symbol: Token, operand: tree.Expression) -> tree.Expression:
        """Build a sign or negation; a negative number is one literal, for `-128i8` has no positive counterpart."""
        if symbol == "-" and isinstance(operand, tree.Literal) and operand.type != BOOL and operand.value >= 0:
            return tree.Literal(_place(symbol), -operand.value, operand.type)
        return tree.Unary(_place(symbol), str(symbol), operand)

    def cast(self, _: Meta, operand: tree.Expression, target: tree.TypeName) -> tree.Cast:
        """Build a conversion."""
        return tree.Cast(operand.place, operand, target)

    def quantifier(
        self,
        _: Meta,
        symbol: Token,
        variable: Token,
        low: tree.Expression,
        high: tree.Expression,
        body: tree.Expression,
    ) -> tree.Quantifier:
        """Build a quantifier."""
        return tree.Quantifier(_place(symbol), str(symbol), str(variable), low, high, body)

    def index(self, _: Meta, array: tree.Name, index: tree.Expression) -> tree.Index:
        """Build the reading of an element."""
        return tree.Index(array.place, array, index)

    def call(self, _: Meta, operator: Token, *arguments: tree.Expression | None) -> tree.Call:
        """Build a call; the placeholder of an empty argument list is dropped."""
        return tree.Call(_place(operator), str(operator), tuple(each for each in arguments if each is not None))

    def name(self, _: Meta, name: Token) -> tree.Name:
        """Build the use of a name."""
        return tree.Name(_place(name), str(name))

    def number(self, _: Meta, number: Token) -> tree.Literal:
        """Build a number; without a suffix, its type is found by the checker."""
        match = _NUMBER.fullmatch(number)
        assert match is not None, number
        hexadecimal, digits, suffix = match.groups()
        return tree.Literal(_place(number), int(digits, 16 if hexadecimal else 10), SCALARS.get(suffix or "", UNTYPED))

    def boolean(self, _: Meta, word: Token) -> tree.Literal:
        """Build `true` or `false`."""
        return tree.Literal(_place(word), word == "true", BOOL)

    def _text(self, meta: Meta) -> str:
        return self._source.text[meta.start_pos : meta.end_pos]


def _place(token: Token) -> Place:
    return Place(cast(Any, token.line), cast(Any, token.column))


def _start(meta: Meta) -> Place:
    return Place(meta.line, meta.column)
