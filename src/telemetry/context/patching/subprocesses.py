"""Children of `subprocess`, and so of asyncio, find the context in their copy of the environment.

The names are `TRACEPARENT`, `TRACESTATE` and `BAGGAGE` (OpenTelemetry, "Environment variables as context carriers").
This process's own environment is never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from subprocess import Popen
from typing import Any, Final

from telemetry.context.environ import variable
from telemetry.context.propagated import sent

from .captured import captured
from .swap import Swap

_TRACE: Final = "TRACEPARENT"
_NAMES: Final = (_TRACE, "TRACESTATE", "BAGGAGE")
_ENV: Final = "env"

Environment = Callable[[], Mapping[str, str]]
"""Copies the environment of this process."""


def swaps(environment: Environment) -> list[Swap]:
    """Give what is swapped."""
    place = list(signature(Popen.__init__).parameters).index(_ENV) - 1

    def opening(original: Callable[..., None]) -> Callable[..., None]:
        def open_(self: Any, /, *args: Any, **kwargs: Any) -> None:
            values = captured()
            if values is None:
                return original(self, *args, **kwargs)
            given = args[place] if len(args) > place else kwargs.get(_ENV)
            extended = _extended(given, environment(), sent(values))
            if len(args) > place:
                return original(self, *args[:place], extended, *args[place + 1 :], **kwargs)
            return original(self, *args, **{**kwargs, _ENV: extended})

        return open_

    return [Swap(Popen, "__init__", opening)]


def _extended(given: Any, own: Mapping[str, str], carrier: Mapping[str, str]) -> Any:
    """Give the child's environment with the carrier; as it is where the caller chose a trace, or it is no mapping.

    A variable that is as in our own environment was copied from there, and is the trace of whoever started us. All
    three go together: what is left of another trace would describe the wrong one.
    """
    environment = own if given is None else given
    if not carrier or not isinstance(environment, Mapping) or _is_chosen(environment, own):
        return given
    kept = {name: value for name, value in environment.items() if _text(name) not in _NAMES}
    return {**kept, **{variable(name): value for name, value in carrier.items()}}


def _is_chosen(environment: Mapping[Any, Any], own: Mapping[str, str]) -> bool:
    chosen = next((_text(value) for name, value in environment.items() if _text(name) == _TRACE), None)
    return chosen is not None and chosen != own.get(_TRACE)


def _text(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value
