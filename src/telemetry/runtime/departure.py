"""Sends what a child of `multiprocessing` has recorded before it leaves, past `atexit`, by `os._exit`.

`multiprocessing` calls its own finalisers in every child, forked or not; this module is never the one to import it.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import modules
from typing import Any, Final

_LAST: Final = -1000
"""After the finalisers of the user's, which may record."""

_expected: set[object] = set()


def expect(leave: Callable[[], object]) -> None:
    """Have `leave` called when this process ends as a child of `multiprocessing`, and when one that it starts does."""
    util: Any = modules.get("multiprocessing.util")
    if util is None:
        return
    if leave not in _expected:  # a child that is forked from here on inherits this
        _expected.add(leave)
        util.register_after_fork(leave, _finalise)
    if modules["multiprocessing.process"].parent_process() is not None:
        _finalise(leave)


def _finalise(leave: Callable[[], object]) -> None:
    modules["multiprocessing.util"].Finalize(None, leave, exitpriority=_LAST)
