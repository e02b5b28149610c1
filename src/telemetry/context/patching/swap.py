"""One function of the standard library, and ours in its place; what others put there is left alone."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable

_DEEPEST: Final = 100
"""Wrappers around one function that are looked through; more are a ring."""


@final
class Swap:
    """A plain function in the place of another one: it pickles by name and has its signature, as the other has.

    Args:
        owner: The class.
        name: Of the function in it.
        make: Makes ours of the one that is there. While patching is off, ours must do what that does.
    """

    __slots__ = ("_before", "_make", "_name", "_ours", "_owner")

    def __init__(self, owner: type, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        self._owner = owner
        self._name = name
        self._make = make
        self._before: Any = None
        self._ours: Any = None

    def put(self) -> None:
        """Put ours there, unless it still is, below what somebody else has put around it."""
        found = vars(self._owner)[self._name]
        if not self._is_within(found):
            self._before, self._ours = found, wraps(found)(self._make(found))
            setattr(self._owner, self._name, self._ours)

    def take(self) -> None:
        """Put back what was there, unless somebody else has put theirs around ours: then ours stays, idle."""
        if vars(self._owner)[self._name] is self._ours:
            setattr(self._owner, self._name, self._before)
            self._before = self._ours = None

    def _is_within(self, found: Any) -> bool:
        for _ in range(_DEEPEST):
            if found is None or found is self._ours:
                break
            found = getattr(found, "__wrapped__", None)
        return found is not None
