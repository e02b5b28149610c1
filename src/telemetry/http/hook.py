"""The hook in a client library: one method of a class, wrapped while somebody wants it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, final
from weakref import WeakSet

from telemetry.errors import ConfigurationError

Method = Callable[..., Any]
Wrap = Callable[["Hook", Method], Method]


@final
class Hook:
    """A method that is wrapped at its class, and passes through for all whom nobody has named.

    So a client that is named beside all others is recorded once. It leaves nothing behind when nobody wants it; if
    others have wrapped it since, theirs stays, and ours in it passes through.

    Args:
        owner: The class.
        name: The method.
        wrap: Makes what takes its place, from this and the method.

    Raises:
        ConfigurationError: The class has no such method: the library is of a release that is not known here.
    """

    __slots__ = ("_clients", "_is_in", "_lock", "_name", "_original", "_owner", "_wants_all", "_wrap", "_wrapper")

    def __init__(self, owner: type, name: str, wrap: Wrap) -> None:
        self._owner = owner
        self._name = name
        self._wrap = wrap
        self._original = self._wrapper = _method(owner, name)
        self._clients: WeakSet[Any] = WeakSet()
        self._wants_all = self._is_in = False
        self._lock = Lock()

    def wants(self, client: Any) -> bool:
        """Tell whether the calls of a client are recorded."""
        return self._wants_all or client in self._clients

    def add(self, client: Any = None) -> None:
        """Record the calls of a client, or of all; a second time does nothing."""
        with self._lock:
            if client is None:
                self._wants_all = True
            else:
                self._clients.add(client)
            if not self._is_in:
                self._original = _method(self._owner, self._name)
                self._wrapper = self._wrap(self, self._original)
                setattr(self._owner, self._name, self._wrapper)
                self._is_in = True

    def remove(self, client: Any = None) -> None:
        """Undo `add` of this client; None undoes all of them."""
        with self._lock:
            if client is None:
                self._wants_all = False
                self._clients.clear()
            else:
                self._clients.discard(client)
            is_wanted = self._wants_all or len(self._clients)
            if self._is_in and not is_wanted and self._owner.__dict__.get(self._name) is self._wrapper:
                setattr(self._owner, self._name, self._original)
                self._is_in = False


def _method(owner: type, name: str) -> Method:
    found: Method | None = owner.__dict__.get(name)
    if found is None:
        raise ConfigurationError(
            f"{owner.__module__}.{owner.__qualname__} has no method {name}: this release of the library is not known "
            "to telemetry; instrument its calls by hand, or take another release"
        )
    return found
