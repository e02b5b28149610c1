"""Threads run in the context that started them: `threading.Thread` and its subclasses, as `Timer`."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any, Final

from telemetry._hotpath import ambient
from telemetry.context.forks import serves_others

from .captured import captured
from .swap import Swap

_OWN: Final = "telemetry-"
"""How the names of our own threads begin, which work for everybody."""
_ABSENT: Final = object()


def swaps() -> list[Swap]:
    """Give what is swapped."""
    return [Swap(Thread, "start", _starting)]


def _starting(original: Callable[[Thread], None]) -> Callable[[Thread], None]:
    def start(self: Thread) -> None:
        values = captured()
        if values is None or not _is_new(self) or serves_others(self) or self.name.startswith(_OWN):
            return original(self)
        undo = _lay_in(self, values)
        try:
            return original(self)
        except BaseException:
            undo()
            raise

    return start


def _is_new(thread: Thread) -> bool:
    try:
        return thread.ident is None
    except AssertionError:  # its __init__ was not called, which `start` says better
        return False


def _lay_in(thread: Thread, values: dict[str, Any]) -> Callable[[], None]:
    """Have the thread run in ambient values; give what takes that back.

    What stands in place of `run` in the instance is gone before `run` is called, so that nobody finds it there.
    """
    own = vars(thread)
    before = own.get("run", _ABSENT)

    def undo() -> None:
        if before is _ABSENT:
            own.pop("run", None)
        else:
            own["run"] = before

    def run() -> None:
        undo()
        token = ambient.attach(values)
        try:
            thread.run()
        finally:
            ambient.detach(token)

    own["run"] = run
    return undo
