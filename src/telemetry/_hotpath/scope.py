"""Instrumentation scopes by number: who made a span, in the 16 bits that a record has for it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable

_LIMIT = 1 << 16

OWN = 0
"""The number of our own scope."""


class Scopes:
    """A list of scopes; the first is our own, which stands as None."""

    __slots__ = ("_known", "_listed")

    def __init__(self) -> None:
        self._listed: list[Hashable] = [None]
        self._known: dict[Hashable, int] = {None: OWN}

    def number(self, scope: Hashable) -> int:
        """Give the number of a scope; past 65 536 of them, all further ones count as our own."""
        found = self._known.get(scope)
        if found is None:
            if len(self._listed) >= _LIMIT:
                return OWN
            self._listed.append(scope)  # two threads may both do so; the first place counts
            found = self._known[scope] = self._listed.index(scope) % _LIMIT
        return found

    def __getitem__(self, number: int) -> Hashable:
        return self._listed[number]
