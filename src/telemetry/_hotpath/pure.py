"""The pure twin, for hosts without the compiled one and for `TELEMETRY_PURE=1`."""

from __future__ import annotations

from types import FunctionType

from .cells import CounterCell, ExponentialHistogramCell, GaugeCell, HistogramCell, SummaryCell
from .checksum import crc32c
from .drive import agenerate, generate, run
from .extent import NO_CHECKSUM
from .failure import WRAPPER_FILE
from .form import form
from .labels import LabelMemo
from .opentable import OpenTable
from .parameters import Parameters
from .randomness import random_bits, seed_ids
from .remapping import remap
from .segment import Segment, Tip, count_records, walk_records
from .site import Site
from .source import deferred, synchronous
from .span import Span, begin, current_span, nowhere
from .tracecontext import SpanBase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    Kind = TypeVar("Kind", bound=type)
    Function = TypeVar("Function", bound=Callable[..., Any])

__all__ = (
    "CHECKSUM",
    "CounterCell",
    "DropIn",
    "ExponentialHistogramCell",
    "GaugeCell",
    "HistogramCell",
    "LabelMemo",
    "OpenTable",
    "Segment",
    "Span",
    "SpanBase",
    "SummaryCell",
    "Tip",
    "begin",
    "callable_type",
    "count_records",
    "crc32c",
    "current_span",
    "nowhere",
    "opener",
    "random_bits",
    "ready",
    "remap",
    "seed_ids",
    "walk_records",
    "wrap",
)

CHECKSUM = NO_CHECKSUM
"""The kind of checksum that records get; to compute one here would take a third of a span's whole time."""

_DRIVES: dict[str, Any] = {"coroutine": run, "generator": generate, "async generator": agenerate}


class DropIn:
    """Takes a callable's place: calling it calls what it is routed to.

    `__call__` is a slot of the instance: the interpreter finds the target without a Python frame in between.
    """

    __slots__ = ("__call__",)

    @property
    def _telemetry_target(self) -> Any:
        return self.__call__

    def _telemetry_route(self, target: Callable[..., Any]) -> None:
        """Call `target` from the next call on."""
        self.__call__ = target


def callable_type(kind: Kind) -> Kind:
    """Give the class: the compiled twin makes instances of a subclass of `DropIn` faster to call."""
    return kind


def opener(function: Function, sites: dict[str, Any]) -> Function:
    """Give the function: the compiled twin opens the spans of these sites without calling it."""
    return function


def ready(site: Site) -> Site:
    """Give what the opener finds in place of a site."""
    return site


def wrap(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    """Make the recording twin of a function; it takes exactly the same arguments."""
    parameters = Parameters(function)
    drive = _DRIVES.get(form(function))
    if drive is None:
        return synchronous(function, site, parameters)
    return deferred(function, site, parameters, named_like(drive, parameters))


wrap_purely = wrap
"""The same under a name of its own, for the compiled twin, which leaves async generators to this one."""


def named_like(drive: FunctionType, parameters: Parameters) -> FunctionType:
    """Copy a drive under a function's own name, which its coroutines and generators, and tracebacks, then show."""
    plain, qualified = parameters.plain_name, parameters.name
    place = f"{WRAPPER_FILE}{qualified}>"
    code = drive.__code__.replace(co_name=plain, co_qualname=qualified, co_filename=place)
    named = FunctionType(code, drive.__globals__, plain, drive.__defaults__)
    named.__qualname__ = qualified
    return named
