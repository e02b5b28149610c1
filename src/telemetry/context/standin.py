"""What is current where nothing else is: the trace that a parent process left in the environment.

It lies in the default of the context variable, ours or OpenTelemetry's, so that every thread and task that has no
ambient values of its own finds it. The runtime puts it there when it starts, and takes it away when it ends.
"""

from __future__ import annotations

from _contextvars import Context, ContextVar

from telemetry._hotpath import ambient

from .headers import extract

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_standing: tuple[str, ...] = ()


def nothing() -> dict[str, Any]:
    """Give the ambient values of where nobody has attached any: empty, or what stands in."""
    return Context().run(ambient.current)


def arrived(carrier: Mapping[str, str]) -> dict[str, Any]:
    """Read a carrier into ambient values that owe nothing to those of here and now, but for what stands in."""
    return Context().run(extract, carrier)


def origin(carrier: Mapping[str, str]) -> dict[str, Any]:
    """Read what the parent process left in the environment: what is to stand in."""

    def read() -> dict[str, Any]:
        ambient.attach(ambient.Ambient())
        return extract(carrier)

    return Context().run(read)


def stand_in(values: Mapping[str, Any]) -> None:
    """Make these the ambient values of wherever there are no others, in place of those that this put there before.

    Where OpenTelemetry has a runtime context without a context variable, nothing stands in.
    """
    global _standing  # noqa: PLW0603 -- there is one default in a process
    if not isinstance(getattr(ambient._telemetry_get, "__self__", None), ContextVar):
        return
    default = nothing()
    for key in _standing:
        dict.pop(default, key, None)  # a Context refuses its own methods
    dict.update(default, values)
    _standing = tuple(values)
