"""The context variable that carries the current span, and the mapping type that it holds.

It has the shape of OpenTelemetry's own context, so that either side can take over the other's:
`telemetry.context.link` is the only one to call `bind`. Nothing here imports OpenTelemetry. Generated wrappers run
with this module's namespace as their globals, so that a `bind` reaches them all; hence the long names, which no
parameter of a user's function bears.
"""

from __future__ import annotations

from _contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class _Standalone(dict[str, object]):
    """Stands in for `opentelemetry.context.Context` until that is imported."""


class Ambient(_Standalone):
    """One immutable generation of the ambient values: the current span, baggage, and what others attach.

    When OpenTelemetry is linked its `Context` takes the place of the base class, which turns every open
    instance into a real `Context` at once.
    """


variable: ContextVar[dict[str, object]] = ContextVar("telemetry_context", default=Ambient())
"""What OpenTelemetry's runtime context reads too, once it is linked to ours."""

_telemetry_ambient = Ambient
_telemetry_put = dict.__setitem__  # a Context refuses its own item assignment
_telemetry_fill = dict.setdefault  # the same for a new one, and 40 ns cheaper to call
_telemetry_key = "current-span-telemetry"
_telemetry_get: Callable[[], dict[str, Any]] = variable.get
_telemetry_set: Callable[[Any], Any] = variable.set
_telemetry_reset: Callable[[Any], None] = variable.reset
_telemetry_bits: Callable[[int], int]
_telemetry_decide: Callable[[int], bool] | None = None


_followers: list[Callable[[], None]] = []


def follow(tell: Callable[[], None]) -> None:
    """Have `tell` called after each `bind`, `rekey` and `sample_with`: the compiled twin keeps copies."""
    _followers.append(tell)


def _tell_all() -> None:
    for tell in _followers:
        tell()


def bind(get: Callable[[], Any], set_: Callable[[Any], Any], reset: Callable[[Any], None]) -> None:
    """Take another place for the ambient values: OpenTelemetry's, when ours cannot be its own."""
    global _telemetry_get, _telemetry_set, _telemetry_reset
    _telemetry_get, _telemetry_set, _telemetry_reset = get, set_, reset
    _tell_all()


def rekey(key: str) -> None:
    """Keep the current span under another key: OpenTelemetry's, when that was there first."""
    global _telemetry_key  # noqa: PLW0603 -- see the module
    _telemetry_key = key
    _tell_all()


def span_key() -> str:
    """Give the key of the current span within the ambient values."""
    return _telemetry_key


def sample_with(decide: Callable[[int], bool] | None) -> Callable[[int], bool] | None:
    """Set the sampler: its verdict on the id of a trace that starts here, None for every one; give the one before."""
    global _telemetry_decide
    before, _telemetry_decide = _telemetry_decide, decide
    _tell_all()
    return before


def current() -> dict[str, Any]:
    """Give the ambient values of here and now; never None, often empty."""
    return _telemetry_get()


def attach(values: Mapping[str, Any]) -> Any:
    """Make these the ambient values; the token that comes back goes to `detach`."""
    return _telemetry_set(values)


def detach(token: Any) -> bool:
    """Restore what was there before `attach`; tell whether that could be done here.

    A token of another `contextvars.Context` is left alone: a coroutine that the garbage collector closes elsewhere
    has nothing to restore there. So is one that was used before.
    """
    try:
        _telemetry_reset(token)
    except (ValueError, RuntimeError):
        return False
    return True


def holding(outer: Mapping[str, Any], span: Any) -> Ambient:
    """Give ambient values in which `span` is the current one and everything else is as in `outer`."""
    values = Ambient(outer) if outer and isinstance(outer, dict) else Ambient()
    _telemetry_put(values, _telemetry_key, span)
    return values


def activate(span: Any) -> Any:
    """Make `span` the current one, keeping all other ambient values; the token goes to `detach`."""
    return _telemetry_set(holding(_telemetry_get(), span))
