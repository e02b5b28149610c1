"""What the language's operators on integers mean, exactly.

Unsigned results wrap. A signed result that does not fit, a division by zero and a shift by the width or more are
faults. The same rules on the unbounded integer serve the clauses. The interpreter and the constant folder call it;
backends do not, so that it can be held against them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

from .datatypes import Scalar

_WIDEST_BITS = 64


@final
class Fault(ArithmeticError):  # noqa: N818 - the language's own word, as in "division by zero is a fault"
    """An operator has no result for its inputs; the text says why."""


def operate(symbol: str, left: int, right: int, type_: Scalar) -> int:
    """Apply an arithmetic operator to two values of one type.

    Raises:
        Fault: There is no result.

    >>> from .datatypes import SCALARS
    >>> operate("+", 255, 1, SCALARS["u8"]), operate("/", -7, 2, SCALARS["i32"]), operate("%", -7, 2, SCALARS["i32"])
    (0, -3, -1)
    """
    return _OPERATIONS[symbol](left, right, type_)


def negate(value: int, type_: Scalar) -> int:
    """Change the sign.

    Raises:
        Fault: The result does not fit.
    """
    return _fit(-value, type_)


def compare(symbol: str, left: int, right: int) -> bool:
    """Apply a comparison."""
    return COMPARISONS[symbol](left, right)


def _fit(value: int, type_: Scalar) -> int:
    if not type_.signed:
        return type_.wrap(value)
    if not type_.contains(value):
        raise Fault(f"{value} overflows {type_}")
    return value


def _quotient(left: int, right: int, type_: Scalar) -> int:
    if right == 0:
        raise Fault("division by zero")
    magnitude = abs(left) // abs(right)
    return _fit(magnitude if (left < 0) == (right < 0) else -magnitude, type_)


def _remainder(left: int, right: int, type_: Scalar) -> int:
    return left - right * _quotient(left, right, type_)


def _shift_left(value: int, amount: int, type_: Scalar) -> int:
    return type_.wrap(value << _amount(amount, type_))


def _shift_right(value: int, amount: int, type_: Scalar) -> int:
    return value >> _amount(amount, type_)


def _amount(amount: int, type_: Scalar) -> int:
    bits = type_.bits or _WIDEST_BITS
    if not 0 <= amount < bits:
        raise Fault(f"shift of {type_} by {amount}")
    return amount


_OPERATIONS: Final[dict[str, Callable[[int, int, Scalar], int]]] = {
    "+": lambda left, right, type_: _fit(left + right, type_),
    "-": lambda left, right, type_: _fit(left - right, type_),
    "*": lambda left, right, type_: _fit(left * right, type_),
    "/": _quotient,
    "%": _remainder,
    "<<": _shift_left,
    ">>": _shift_right,
    "&": lambda left, right, _: left & right,
    "|": lambda left, right, _: left | right,
    "^": lambda left, right, _: left ^ right,
}

COMPARISONS: Final[dict[str, Callable[[int, int], bool]]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
