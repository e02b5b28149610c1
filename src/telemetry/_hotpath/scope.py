"""Instrumentation scopes by number: who made a span, in the 16 bits that a record has for it."""

from __future__ import annotations

from itertools import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import Any

_LIMIT = 1 << 16

OWN = 0
"""The number of our own scope."""


class Scopes:
    """Scopes by number; the first is our own, which stands as None.

    `tell` is called with the number of each other one, and the scope.
    """

    __slots__ = ("_known", "_listed", "_numbers", "tell")

    def __init__(self) -> None:
        self.tell: Callable[[int, Any], object] = _tell_nobody
        self._listed: dict[int, Hashable] = {OWN: None}
        self._known: dict[Hashable, int] = {None: OWN}
        self._numbers = count(OWN + 1)

    def number(self, scope: Hashable) -> int:
        """Give the number of a scope; past 65 536 of them, all further ones count as our own."""
        found = self._known.get(scope)
        if found is None:
            number = next(self._numbers)
            if number >= _LIMIT:
                return OWN
            self._listed[number] = scope
            self.tell(number, scope)
            found = self._known.setdefault(scope, number)  # another thread's comes first, and ours is not used
        return found

    def __getitem__(self, number: int) -> Hashable:
        return self._listed[number]


def _tell_nobody(_: int, __: Hashable) -> None:
    """Keep no note of it."""
