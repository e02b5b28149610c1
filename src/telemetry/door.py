"""The door of a room whose modules load one by one, each when a name of its is first asked for.

A room's `__init__` calls it for what a configured process may never need. What a thread of ours or a forked child uses
is asked for before there is one: who is forked in the middle of an import could never finish it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def deferred(room: str, **modules: str) -> Callable[[str], Any]:
    """Make the `__getattr__` of a room (PEP 562).

    >>> deferred("telemetry", version="VERSION")("VERSION") == deferred("telemetry", version="VERSION")("VERSION")
    True

    Args:
        room: The `__name__` of the room.
        modules: The names that each of its modules hands out, with blanks between them. None of them may be the name
            of a module of the room, for Python binds that to the module.
    """
    homes = {name: module for module, names in modules.items() for name in names.split()}

    def load(name: str) -> Any:
        """Load the module of a name, and keep what it hands out."""
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        from importlib import import_module
        from sys import modules as loaded

        value = getattr(import_module(f"{room}.{homes[name]}"), name)
        setattr(loaded[room], name, value)
        return value

    return load
