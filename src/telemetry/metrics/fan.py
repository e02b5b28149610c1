"""A cell that stands in front of several: what is written to it is written to all of them.

Only metrics that are being renamed or are about to go have one; all others keep their bare cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, final

Write = Callable[..., None]

_OPERATIONS = ("inc", "dec", "observe", "write")


@final
class FanCell:
    """The cell of one series that has other names too.

    Attributes:
        own: The cell under the metric's own name.
        inc: Add to a counter (1 by default) or a gauge.
        dec: Take away from a gauge.
        observe: Count a value into a histogram or summary.
        write: Add to a counter, set a gauge, observe a value.
    """

    __slots__ = ("dec", "inc", "observe", "own", "write")

    inc: Write
    dec: Write
    observe: Write
    write: Write

    def __init__(self, own: Any, others: Sequence[Any], count: Callable[[], None] | None, least: float) -> None:
        self.own = own
        for name in _OPERATIONS:
            if hasattr(own, name):
                setattr(self, name, _to_all(name, own, others, count, least))


def _to_all(name: str, own: Any, others: Sequence[Any], count: Callable[[], None] | None, least: float) -> Write:
    """Give one operation on all cells; a value that they would refuse is given to the own one only, to be told once."""
    mine: Write = getattr(own, name)
    theirs = [getattr(each, name) for each in others]

    def write(value: Any = 1.0) -> None:
        if type(value) is not float:
            value = _number(value)
        mine(value)
        if least <= value < inf:
            for each in theirs:
                each(value)
        if count is not None:
            count()

    return write


def _number(value: Any) -> float:
    """Convert once, so that all cells get the same; what is no number is for the own cell to refuse."""
    try:
        return float("nan") if isinstance(value, str | bytes | bytearray) else float(value)
    except Exception:  # noqa: BLE001 -- `__float__` is the user's code, and nothing raises where something is recorded
        return float("nan")
