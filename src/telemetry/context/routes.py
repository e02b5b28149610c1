"""Routes: the formats that carry the context in and out of this process, as the settings choose them."""

from __future__ import annotations

from .formats import BaggageFormat, TraceContextFormat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .customs import Count
    from .formats import Format

TRACE_CONTEXT = TraceContextFormat()
BAGGAGE = BaggageFormat()
DEFAULT = ("tracecontext", "baggage")

_OURS: dict[str, Format] = {
    "tracecontext": TRACE_CONTEXT,
    "baggage": BAGGAGE,
    "telemetry_tracecontext": TRACE_CONTEXT,
    "telemetry_baggage": BAGGAGE,
}


class Routes:
    """The formats in use.

    Attributes:
        formats: In the order in which they write and read.
        wanted: The names of the fields that they read; None where only they know.
    """

    __slots__ = ("formats", "wanted")

    def __init__(self, formats: Sequence[Format]) -> None:
        self.formats = tuple(formats)
        ours = all(each in _OURS.values() for each in formats)
        self.wanted = frozenset().union(*(each.fields for each in formats)) if ours else None


_routes = Routes([_OURS[name] for name in DEFAULT])


def routes() -> Routes:
    """Give the formats in use: those of the W3C, unless the runtime has chosen others."""
    return _routes


def choose(names: Sequence[str], count: Count) -> None:
    """Use the formats of these names, which are ours or those of OpenTelemetry's propagators that are installed.

    A name that nobody has is counted as `propagator_unknown`, and one that cannot be loaded as `propagator_failed`.
    """
    global _routes  # noqa: PLW0603 -- the routes of the process
    found = [_OURS.get(name) or _plugged_in(name, count) for name in names]
    _routes = Routes(list(dict.fromkeys(each for each in found if each is not None)))


def _plugged_in(name: str, count: Count) -> Format | None:
    from .plugin import load

    return load(name, count)
