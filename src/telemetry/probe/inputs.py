"""Choose inputs for an operator, boundary values and random ones, the same ones every time.

Each call has its own generator with its own seed; Python's global one is neither read nor moved.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import final

from .datatypes import BOOL, Array, Scalar, Type, Value
from .tree import Literal, Operator, walk

_MOST_CORNERS = 128


def candidates(operator: Operator, seed: int) -> Iterator[tuple[Value, ...]]:
    """Yield inputs without end: combinations of boundary values in turn with random ones, then only these.

    An operator without parameters has one input.
    """
    chooser = _Chooser(operator, random.Random(seed))  # noqa: S311 - tests want the same numbers again
    if not operator.parameters:
        yield ()
        return
    for corner in chooser.corners():
        yield corner
        yield chooser.anything()
    while True:
        yield chooser.anything()


@final
class _Chooser:
    """Draws values of an operator's types, near the numbers that its text names."""

    __slots__ = ("_named", "_random", "_types")

    def __init__(self, operator: Operator, source: random.Random) -> None:
        self._random = source
        self._types = tuple(parameter.type for parameter in operator.parameters)
        literals = {node.value for node in walk(operator) if isinstance(node, Literal) and node.type != BOOL}
        self._named = sorted(literals)

    def corners(self) -> Iterator[tuple[Value, ...]]:
        """Yield all combinations of boundary values, or a sample where there are too many."""
        pools = [self._pool(type_) for type_ in self._types]
        combinations = 1
        for pool in pools:
            combinations *= len(pool)
        if combinations <= _MOST_CORNERS:
            yield from itertools.product(*pools)
            return
        for _ in range(_MOST_CORNERS):
            yield tuple(self._random.choice(pool) for pool in pools)

    def anything(self) -> tuple[Value, ...]:
        """Draw one value for each parameter."""
        return tuple(self._array(type_) if isinstance(type_, Array) else self._scalar(type_) for type_ in self._types)

    def _pool(self, type_: Type) -> Sequence[Value]:
        if not isinstance(type_, Array):
            return self._boundaries(type_)
        constant: list[Value] = [[value] * type_.length for value in self._boundaries(type_.element)]
        return [*constant, *(self._array(type_) for _ in range(8))]

    def _boundaries(self, type_: Scalar) -> list[int]:
        if type_ == BOOL:
            return [False, True]
        near = (number + offset for number in self._named for offset in (-1, 0, 1))
        edges = (type_.minimum, type_.minimum + 1, -1, 0, 1, 2, type_.maximum - 1, type_.maximum)
        return sorted(
            {value for value in (*edges, *near) if type_.contains(value)}, key=lambda value: (abs(value), value)
        )

    def _scalar(self, type_: Scalar) -> int:
        if type_ == BOOL:
            return self._random.random() < 0.5
        if self._random.random() < 0.25:
            return self._random.choice(self._boundaries(type_))
        # A random width makes small numbers as likely as large ones.
        magnitude = self._random.getrandbits(self._random.randint(1, type_.bits))
        return type_.wrap(-magnitude if type_.signed and self._random.random() < 0.5 else magnitude)

    def _array(self, type_: Array) -> Value:
        if self._random.random() < 0.25:
            pool = [self._scalar(type_.element) for _ in range(2)]
            values = self._random.choices(pool, k=type_.length)
        else:
            values = [self._scalar(type_.element) for _ in range(type_.length)]
        return sorted(values) if self._random.random() < 0.4 else values
