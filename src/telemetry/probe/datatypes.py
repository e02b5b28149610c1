"""The types that a specification may name: machine integers, bool, fixed-size arrays of these.

It knows ranges and wrapping and nothing of expressions. The checker, the interpreter and every backend use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final


@final
@dataclass(frozen=True, slots=True)
class Scalar:
    """A machine integer in two's complement, `bool`, or the unbounded integer of clauses.

    >>> SCALARS["u8"].wrap(257), SCALARS["i8"].wrap(200), SCALARS["i8"].contains(200)
    (1, -56, False)

    Attributes:
        name: As it is written in a specification.
        bits: The width; 0 where there is no bound.
        signed: Whether it has negative values.
    """

    name: str
    bits: int
    signed: bool

    @property
    def minimum(self) -> int:
        """The smallest value of a bounded type."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """The largest value of a bounded type."""
        return (1 << (self.bits - self.signed)) - 1

    def contains(self, value: int) -> bool:
        """Tell whether the value needs no wrapping; the unbounded integer contains every one."""
        return not self.bits or self.minimum <= value <= self.maximum

    def wrap(self, value: int) -> int:
        """Keep the low bits, as a conversion with `as` does."""
        if not self.bits:
            return value
        low = value & ((1 << self.bits) - 1)
        return low - (1 << self.bits) if low > self.maximum else low

    def __str__(self) -> str:
        return self.name


@final
@dataclass(frozen=True, slots=True)
class Array:
    """A fixed number of scalars, copied when assigned or passed."""

    element: Scalar
    length: int

    def __str__(self) -> str:
        return f"{self.element}[{self.length}]"


Type = Scalar | Array
Value = int | bool | list[int]
"""What a type's values are in Python; an array of bool is a list of bool, which is an int."""

BOOL: Final = Scalar("bool", 1, signed=False)
INTEGER: Final = Scalar("integer", 0, signed=True)
UNTYPED: Final = Scalar("untyped", 0, signed=False)

SCALARS: Final = {
    scalar.name: scalar
    for scalar in (
        *(Scalar(f"{letter}{bits}", bits, letter == "i") for letter in "iu" for bits in (8, 16, 32, 64)),
        BOOL,
    )
}

LONGEST_ARRAY: Final = 4096


def is_integer(type_: Type) -> bool:
    """Tell whether arithmetic is defined on values of the type."""
    return isinstance(type_, Scalar) and type_ not in (BOOL, UNTYPED)
