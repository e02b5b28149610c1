"""Notices that a program ends by `sys.exit`: the interpreter forgets it before `atexit`."""

from __future__ import annotations

import atexit
import sys
import threading
from functools import wraps
from typing import Any, Final, NoReturn, final

_KEY: Final = "_telemetry_leaving"


@final
class Leaving:
    """The last call of `sys.exit` in the main thread.

    An exception that somebody caught ends nothing. It has a mark for that, which ends with it: at that time there is
    Python code below where it was caught, and none where it has ended the program.
    """

    __slots__ = ("_error", "_is_over")

    def __init__(self) -> None:
        self._error: tuple[Any, ...] = ()
        self._is_over = False

    def watch(self) -> None:
        """Notice each call from now on; what `sys.exit` raises is what it would be."""
        leave = sys.exit

        @wraps(leave)
        def noticed(*status: Any, **named: Any) -> NoReturn:
            try:
                leave(*status, **named)
            except SystemExit as error:
                if threading.current_thread() is threading.main_thread():
                    self._notice(error)
                raise

        sys.exit = noticed

    def forget(self, args: tuple[Any, ...]) -> None:
        """Take back a call whose exception was caught."""
        if self._error is args and not self._is_over:
            self._error = ()

    def _notice(self, error: SystemExit) -> None:
        self._error = error.args
        error.__dict__[_KEY] = _Mark(self, error.args)
        # What an event loop keeps in a cycle is freed late, below code that runs at exit: this one runs first.
        atexit.unregister(self._end)
        atexit.register(self._end)

    def _end(self) -> None:
        self._is_over = True

    def error(self) -> SystemExit | None:
        """Give what ends the program, if it was `sys.exit`."""
        return SystemExit(*self._error) if self._error else None


@final
class _Mark:
    """Stands in an exception, and ends with it."""

    __slots__ = ("_args", "_leaving")

    def __init__(self, leaving: Leaving, args: tuple[Any, ...]) -> None:
        self._leaving = leaving
        self._args = args

    def __del__(self) -> None:
        if sys._getframe().f_back is not None:
            self._leaving.forget(self._args)
