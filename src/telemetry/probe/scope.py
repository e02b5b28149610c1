"""The names that are visible at one place of a specification, and what may be done with each.

A name is declared once: nothing shadows, so a reader never asks which one is meant. The checker uses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, final

from .datatypes import Type
from .source import Source, suggestion
from .tree import Expression, Place

Kind = Literal["parameter", "local", "loop variable", "constant", "quantified variable", "result"]


@final
@dataclass(frozen=True, slots=True)
class Symbol:
    """What a name stands for; `value` is there for single constants, which are replaced by it."""

    kind: Kind
    type: Type
    place: Place
    value: Expression | None = None


@final
class Scope:
    """Names by block; an inner scope sees the outer one."""

    __slots__ = ("_outer", "_source", "_symbols")

    def __init__(self, source: Source, outer: Scope | None = None) -> None:
        self._source = source
        self._outer = outer
        self._symbols: dict[str, Symbol] = {}

    def inner(self) -> Scope:
        """Open a scope for a block."""
        return Scope(self._source, self)

    def with_name(self, name: str, symbol: Symbol) -> Self:
        """Declare and return the scope itself.

        Raises:
            SpecError: The name is visible already.
        """
        self.declare(name, symbol)
        return self

    def declare(self, name: str, symbol: Symbol) -> None:
        """Add a name.

        Raises:
            SpecError: It is visible already, or it is `result`.
        """
        if name == "result" and symbol.kind != "result":
            raise self._source.error(symbol.place, "`result` is what the operator returns: choose another name")
        if (earlier := self._find(name)) is not None:
            raise self._source.error(
                symbol.place,
                f"`{name}` is declared twice: it is a {earlier.kind} since line {earlier.place.line}; "
                "choose another name",
            )
        self._symbols[name] = symbol

    def look_up(self, name: str, place: Place) -> Symbol:
        """Find a name.

        Raises:
            SpecError: It is not visible.
        """
        if (symbol := self._find(name)) is not None:
            return symbol
        if name == "result":
            raise self._source.error(place, "`result` is known in `ensures` only")
        raise self._source.error(place, f"unknown name `{name}`: {suggestion(name, self._visible())}")

    def _find(self, name: str) -> Symbol | None:
        if name in self._symbols:
            return self._symbols[name]
        return None if self._outer is None else self._outer._find(name)

    def _visible(self) -> set[str]:
        return set(self._symbols) | (self._outer._visible() if self._outer is not None else set())
