"""Tasks of executors run in the context that submitted them; `map` and `run_in_executor` submit too."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures.process import ProcessPoolExecutor
from concurrent.futures.thread import ThreadPoolExecutor
from typing import Any

from telemetry.context.propagated import Propagated

from .captured import captured
from .swap import Swap


def swaps() -> list[Swap]:
    """Give what is swapped; an executor with a `submit` of its own is its author's."""
    return [Swap(executor, "submit", _submitting) for executor in (ThreadPoolExecutor, ProcessPoolExecutor)]


def _submitting(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        values = captured() if args else None
        if values is None:
            return original(self, *args, **kwargs)
        function, *rest = args
        return original(self, Propagated(function, values), *rest, **kwargs)

    return submit
