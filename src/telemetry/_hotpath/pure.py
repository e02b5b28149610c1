"""The pure twin, for hosts without the compiled one and for `TELEMETRY_PURE=1`."""

from __future__ import annotations

from types import FunctionType

from .cells import CounterCell, GaugeCell, HistogramCell, SummaryCell
from .drive import agenerate, generate, run
from .failure import WRAPPER_FILE
from .parameters import Parameters
from .site import Site
from .source import deferred, synchronous
from .span import Span, begin, current_span
from .tracecontext import TraceContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = (
    "CounterCell",
    "GaugeCell",
    "HistogramCell",
    "Span",
    "SummaryCell",
    "TraceContext",
    "begin",
    "current_span",
    "form",
    "wrap",
)

_GENERATOR, _COROUTINE, _ITERABLE_COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200
_DRIVES: dict[str, Any] = {"coroutine": run, "generator": generate, "async generator": agenerate}


def form(function: Callable[..., Any]) -> str:
    """Say what calling it makes: `function`, `coroutine`, `generator` or `async generator` (inspect.CO_*)."""
    flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
    if flags & (_COROUTINE | _ITERABLE_COROUTINE):
        return "coroutine"
    if flags & _ASYNC_GENERATOR:
        return "async generator"
    return "generator" if flags & _GENERATOR else "function"


def wrap(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    """Make the recording twin of a function; it takes exactly the same arguments."""
    parameters = Parameters(function)
    drive = _DRIVES.get(form(function))
    if drive is None:
        return synchronous(function, site, parameters)
    return deferred(function, site, parameters, _named_like(drive, parameters))


def _named_like(drive: FunctionType, parameters: Parameters) -> FunctionType:
    """Copy a drive under a function's own name, which its coroutines and generators, and tracebacks, then show."""
    plain, qualified = parameters.plain_name, parameters.name
    place = f"{WRAPPER_FILE}{qualified}>"
    code = drive.__code__.replace(co_name=plain, co_qualname=qualified, co_filename=place)
    named = FunctionType(code, drive.__globals__, plain, drive.__defaults__)
    named.__qualname__ = qualified
    return named
