"""The drop-in that takes a decorated function's place.

Calling it runs the function, recorded or, while no recorder is attached, just so. To everything that looks at it
- `inspect`, `typing`, `pickle`, `copy`, `asyncio` - it is the function.
"""

from __future__ import annotations

from types import MethodType

from telemetry._hotpath import DropIn, callable_type, switch, wrap
from telemetry.errors import ContractError

from .binding import bind
from .declaration import Declarations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


@callable_type
class Wrapper(DropIn):
    """A function, and what is declared about it; every attribute but its own few is the function's."""

    __slots__ = ("__weakref__", "__wrapped__", "_telemetry_declarations", "_telemetry_function")

    def __init__(self, function: Callable[..., Any], declarations: Declarations) -> None:
        self._telemetry_function = self.__wrapped__ = function
        self._telemetry_route(function)
        self._telemetry_declarations = declarations
        switch.register(self)

    @property
    def _telemetry_names(self) -> tuple[str, ...]:
        """What flags know it by: its span, or without one its metrics."""
        declarations = self._telemetry_declarations
        return (declarations.span.name,) if declarations.span else tuple(each.name for each in declarations.metrics)

    def _telemetry_attach(self, recorder: Any) -> None:
        """Record into `recorder` from the next call on; None for nowhere, and a flag that is off for the same."""
        function, declarations = self._telemetry_function, self._telemetry_declarations
        if recorder is None:
            self._telemetry_route(function)
            return
        try:
            site = bind(declarations, function, recorder)
        except ContractError as error:
            if not declarations.is_lenient:
                raise
            recorder.count("target_refused", "; ".join(error.findings))
            self._telemetry_route(function)
            return
        share = recorder.flags.share(declarations.span.name) if declarations.span else 1.0
        if not share or not (site.name or site.fail):
            self._telemetry_route(function)
            return

        def first(*args: Any, **kwargs: Any) -> Any:
            """Make the recording twin; most decorated functions of a program are never called."""
            twin = wrap(function, site) if share >= 1.0 or not site.name else _gated(function, site, share)
            with switch.held():  # another recorder may come in meanwhile
                if self._telemetry_target is first:
                    self._telemetry_route(twin)
            return twin(*args, **kwargs)

        self._telemetry_route(first)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __getattribute__(self, name: str) -> Any:
        if name in _OWN:
            return object.__getattribute__(self, name)
        return getattr(object.__getattribute__(self, "_telemetry_function"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self._telemetry_function, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._telemetry_function, name)

    def __repr__(self) -> str:
        return repr(self._telemetry_function)

    def __copy__(self) -> Wrapper:
        """Give itself, as a function does."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Wrapper:
        """Give itself, as a function does."""
        return self

    def __reduce__(self) -> Any:
        """Pickle by qualified name where that leads back here, else by the function and its declarations."""
        if _lookup(self) is self:
            return self.__qualname__
        return Wrapper, (self._telemetry_function, self._telemetry_declarations)


# pydoc asks `object` for the text, and so gets past `__getattribute__`.
Wrapper.__doc__ = property(lambda wrapper: wrapper._telemetry_function.__doc__)  # type: ignore[assignment]

_OWN = frozenset(
    (
        *Wrapper.__slots__,
        *("__call__", "_telemetry_names", "_telemetry_route", "_telemetry_target"),
        *("__copy__", "__deepcopy__", "__get__", "__reduce__", "__reduce_ex__", "_telemetry_attach"),
    )
)


def _gated(function: Callable[..., Any], site: Any, share: float) -> Callable[..., Any]:
    from .flags import gated

    return gated(function, site, share)


def _lookup(wrapper: Any) -> Any:
    from sys import modules

    found: Any = modules.get(wrapper.__module__)
    for name in wrapper.__qualname__.split("."):
        found = getattr(found, name, None)
    return found
