"""The syntax tree of a specification, as plain data.

It neither checks nor evaluates. The parser builds it with literals `UNTYPED`, the checker returns it with every
expression's type, and everything after that reads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Literal as OneOf
from typing import final

from .datatypes import UNTYPED, Type


@final
@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the file; line and column count from 1."""

    line: int
    column: int


@final
@dataclass(frozen=True, slots=True)
class Literal:
    """A number, `true` or `false`."""

    place: Place
    value: int
    type: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Name:
    """A parameter, local, loop variable, constant, or `result`."""

    place: Place
    name: str
    type: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Index:
    """One element of a named array."""

    place: Place
    array: Name
    index: Expression
    type: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Unary:
    """`-`, `~` or `!` before an operand."""

    place: Place
    symbol: str
    operand: Expression
    type: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands."""

    place: Place
    symbol: str
    left: Expression
    right: Expression
    type: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? then : otherwise`."""

    place: Place
    condition: Expression
    then: Expression
    otherwise: Expression
    type: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Cast:
    """`operand as type`."""

    place: Place
    operand: Expression
    target: TypeName
    type: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Call:
    """A call of another operator."""

    place: Place
    operator: str
    arguments: tuple[Expression, ...]
    type: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Quantifier:
    """`forall`, `exists` or `sum` over a constant range; in clauses only."""

    place: Place
    symbol: str
    variable: str
    low: Expression
    high: Expression
    body: Expression
    type: Type = UNTYPED

    @property
    def turns(self) -> range:
        """The values of the variable, once checked."""
        return range(constant(self.low), constant(self.high))


@final
@dataclass(frozen=True, slots=True)
class Elements:
    """`[a, b, c]`, the initial value of an array."""

    place: Place
    items: tuple[Expression, ...]
    type: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Repeat:
    """`[item; count]`, the initial value of an array."""

    place: Place
    item: Expression
    count: Expression
    type: Type = UNTYPED


Expression = Literal | Name | Index | Unary | Binary | Conditional | Cast | Call | Quantifier | Elements | Repeat


@final
@dataclass(frozen=True, slots=True)
class TypeName:
    """A type as it is written."""

    place: Place
    name: str
    length: Expression | None = None


@final
@dataclass(frozen=True, slots=True)
class Let:
    """Declare a local and give it a value."""

    place: Place
    name: str
    declared: TypeName | None
    value: Expression
    type: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Assign:
    """Give a local another value, or one element of it where `index` is there."""

    place: Place
    target: Name
    index: Expression | None
    value: Expression


@final
@dataclass(frozen=True, slots=True)
class If:
    """Take one of two blocks."""

    place: Place
    condition: Expression
    then: Block
    otherwise: Block


@final
@dataclass(frozen=True, slots=True)
class For:
    """Take a block once for each number of a constant range; the end is excluded."""

    place: Place
    variable: str
    low: Expression
    high: Expression
    invariants: tuple[Expression, ...]
    body: Block

    @property
    def turns(self) -> range:
        """The values of the loop variable, once checked."""
        return range(constant(self.low), constant(self.high))


@final
@dataclass(frozen=True, slots=True)
class While:
    """Take a block while a condition holds, at most `bound` times."""

    place: Place
    condition: Expression
    bound: Expression
    invariants: tuple[Expression, ...]
    body: Block

    @property
    def limit(self) -> int:
        """How many turns are allowed, once checked."""
        return constant(self.bound)


@final
@dataclass(frozen=True, slots=True)
class Return:
    """End the operator with a result."""

    place: Place
    value: Expression


Statement = Let | Assign | If | For | While | Return
Block = tuple[Statement, ...]


@final
@dataclass(frozen=True, slots=True)
class Clause:
    """One `requires` or `ensures`, with its text as it is written."""

    place: Place
    kind: OneOf["requires", "ensures"]
    text: str
    condition: Expression

    def __str__(self) -> str:
        return f"{self.kind} {' '.join(self.text.split())}"


@final
@dataclass(frozen=True, slots=True)
class Clauses:
    """All that one operator promises.

    >>> Clauses(()).id == hashlib.sha256(b"").hexdigest()
    True
    """

    all: tuple[Clause, ...]

    @property
    def id(self) -> str:
        """The SHA-256 of the texts, one a line, with runs of white space as one blank."""
        return hashlib.sha256("\n".join(map(str, self.all)).encode()).hexdigest()

    @property
    def requires(self) -> tuple[Clause, ...]:
        """What callers must keep."""
        return tuple(clause for clause in self.all if clause.kind == "requires")

    @property
    def ensures(self) -> tuple[Clause, ...]:
        """What the operator keeps in return."""
        return tuple(clause for clause in self.all if clause.kind == "ensures")


@final
@dataclass(frozen=True, slots=True)
class Parameter:
    """One input of an operator."""

    place: Place
    name: str
    declared: TypeName
    type: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Operator:
    """A function with its clauses."""

    place: Place
    name: str
    parameters: tuple[Parameter, ...]
    returns: TypeName
    clauses: Clauses
    body: Block
    text: str
    result: Type = UNTYPED


@final
@dataclass(frozen=True, slots=True)
class Constant:
    """A named number or table."""

    place: Place
    name: str
    declared: TypeName
    value: Expression
    type: Type = UNTYPED

    @property
    def elements(self) -> tuple[int, ...]:
        """The numbers of a table, once checked."""
        assert isinstance(self.value, Elements)
        return tuple(constant(item) for item in self.value.items)


@final
@dataclass(frozen=True, slots=True)
class Spec:
    """A whole specification.

    Attributes:
        path: The file that it was read from.
        digest: The SHA-256 of the file's bytes.
        constants: Once checked, the tables; single constants stand as literals where they are used.
        operators: In the order of the file.
    """

    path: Path
    digest: str
    constants: tuple[Constant, ...]
    operators: tuple[Operator, ...]

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    def operator(self, name: str) -> Operator:
        """Return the operator of that name.

        Raises:
            KeyError: There is none.
        """
        return next((found for found in self.operators if found.name == name), None) or _missing(name)


def constant(expression: Expression) -> int:
    """Return the number that the checker has folded an expression into."""
    assert isinstance(expression, Literal), expression
    return expression.value


def walk(node: object) -> Iterator[object]:
    """Yield a node and all below it, in the order of the text."""
    if isinstance(node, tuple):
        for item in node:
            yield from walk(item)
    elif is_dataclass(node):
        yield node
        for field in fields(node):
            yield from walk(getattr(node, field.name))


def _missing(name: str) -> Operator:
    raise KeyError(name)
