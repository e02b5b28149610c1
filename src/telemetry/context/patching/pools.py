"""Tasks of `multiprocessing.Pool`, and of `ThreadPool`, run in the context that sent them."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.pool import Pool
from typing import Any, Final

from telemetry.context.propagated import Propagated

from .captured import captured
from .swap import Swap

_SENDING: Final = ("apply_async", "imap", "imap_unordered", "map", "map_async", "starmap", "starmap_async")
"""`apply` calls the first of them."""
_FUNCTION: Final = "func"


def swaps() -> list[Swap]:
    """Give what is swapped."""
    return [Swap(Pool, name, _sending) for name in _SENDING]


def _sending(original: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: Pool, *args: Any, **kwargs: Any) -> Any:
        values = captured()
        if values is None:
            return original(self, *args, **kwargs)
        if args:
            return original(self, Propagated(args[0], values), *args[1:], **kwargs)
        if _FUNCTION in kwargs:
            kwargs[_FUNCTION] = Propagated(kwargs[_FUNCTION], values)
        return original(self, **kwargs)

    return send
