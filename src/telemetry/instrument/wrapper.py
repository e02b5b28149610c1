"""The drop-in that takes a decorated function's place.

Calling it runs the function, recorded or, while no recorder is attached, just so. To everything that looks at it
- `inspect`, `typing`, `pickle`, `copy`, `asyncio` - it is the function.
"""

from __future__ import annotations

from types import MethodType

from telemetry._hotpath import switch, wrap

from .binding import bind
from .declaration import Declarations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_COPIED = ("__module__", "__name__", "__qualname__", "__doc__")


class Wrapper:
    """A function, and what is declared about it.

    `__call__` is a slot of the instance: the interpreter finds the original, or the generated twin, without a Python
    frame in between.
    """

    __slots__ = ("__call__", "__dict__", "__weakref__", "__wrapped__", "_telemetry_declarations")

    def __init__(self, function: Callable[..., Any], declarations: Declarations) -> None:
        self.__wrapped__ = function
        self.__call__ = function
        self._telemetry_declarations = declarations
        self.__dict__.update(getattr(function, "__dict__", {}))
        for name in _COPIED:
            if hasattr(function, name):
                self.__dict__[name] = getattr(function, name)
        switch.register(self)

    def _telemetry_attach(self, recorder: Any) -> None:
        """Record into `recorder` from the next call on; None for nowhere."""
        function = self.__wrapped__
        if recorder is None:
            self.__call__ = function
            return
        site = bind(self._telemetry_declarations, function, recorder)

        def first(*args: Any, **kwargs: Any) -> Any:
            """Make the recording twin; most decorated functions of a program are never called."""
            twin = wrap(function, site)
            if self.__call__ is first:
                self.__call__ = twin
            return twin(*args, **kwargs)

        self.__call__ = first

    @property  # type: ignore[misc]  # it has no setter, and needs none
    def __class__(self) -> type:  # to `inspect` and `isinstance` this is the function
        return self.__wrapped__.__class__

    def __getattr__(self, name: str) -> Any:
        """Give what only the function has, such as `__code__` and `__defaults__`."""
        if name == "__wrapped__":  # not there yet while an instance is being unpickled or copied
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __reduce__(self) -> Any:
        """Pickle by qualified name where that leads back here, else by the function and its declarations."""
        if _lookup(self) is self:
            return self.__qualname__
        return rebuild, (self.__wrapped__, self._telemetry_declarations)


def rebuild(function: Callable[..., Any], declarations: Declarations) -> Wrapper:
    """Wrap anew, where a pickle is read."""
    return Wrapper(function, declarations)


def _lookup(wrapper: Any) -> Any:
    from sys import modules

    found: Any = modules.get(wrapper.__module__)
    for name in wrapper.__qualname__.split("."):
        found = getattr(found, name, None)
    return found
