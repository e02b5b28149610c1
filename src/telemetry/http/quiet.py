"""Telemetry that fails inside of a request ends there: it is counted, and the request goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from telemetry._hotpath import switch, text

_P = ParamSpec("_P")
_T = TypeVar("_T")


def quietly(function: Callable[_P, _T]) -> Callable[_P, _T | None]:
    """Make a function give None in place of raising; the runtime counts it as `http_failed` and names it once."""

    @wraps(function)
    def quiet(*args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 -- a request must not fail because it is measured
            complain(f"{function.__qualname__}: {type(error).__name__}: {text(error)}")
            return None

    return quiet


def complain(problem: str) -> None:
    """Count a problem with a request's telemetry."""
    recorder = switch.recorder()
    if recorder is not None:
        recorder.count("http_failed", problem)
