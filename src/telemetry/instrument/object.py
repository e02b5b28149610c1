"""The stand-in for a callable object: its call is recorded, everything else of it stays reachable."""

from __future__ import annotations

from types import MethodType
from typing import Any

import wrapt

from .declaration import Declarations
from .wrapper import Wrapper


class InstrumentedObject(wrapt.ObjectProxy[Any]):
    """A transparent proxy, sync or async as the object's `__call__` is."""

    def __init__(self, wrapped: Any, declarations: Declarations) -> None:
        super().__init__(wrapped)
        self._self_call = Wrapper(wrapped.__call__, declarations)

    @property
    def _telemetry_declarations(self) -> Declarations:
        return self._self_call._telemetry_declarations

    @property
    def _telemetry_function(self) -> Any:
        return self.__wrapped__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object, recorded."""
        return self._self_call(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Bind as the object would: an `lru_cache` is a method too."""
        if instance is None or not hasattr(type(self.__wrapped__), "__get__"):
            return self
        return MethodType(self, instance)

    def __reduce_ex__(self, protocol: object) -> Any:
        """Pickle the object with its declarations."""
        return InstrumentedObject, (self.__wrapped__, self._telemetry_declarations)

    def __copy__(self) -> InstrumentedObject:
        """Copy the object, and instrument the copy."""
        from copy import copy

        return InstrumentedObject(copy(self.__wrapped__), self._telemetry_declarations)

    def __deepcopy__(self, memo: dict[int, Any]) -> InstrumentedObject:
        """Copy the object in depth, and instrument the copy."""
        from copy import deepcopy

        return InstrumentedObject(deepcopy(self.__wrapped__, memo), self._telemetry_declarations)
