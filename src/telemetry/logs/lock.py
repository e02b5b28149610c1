"""A lock that a forked child finds open, whoever held it in the parent."""

from __future__ import annotations

import os
from threading import Lock
from typing import final
from weakref import WeakSet


@final
class ForkLock:
    """Keep threads apart, and leave the child of a fork free.

    A thread that holds a plain lock while another one forks does not exist in the child, where the lock then stays
    closed for ever.

    >>> with ForkLock():
    ...     pass
    """

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._lock = Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def reopen(self) -> None:
        """Start anew, in a child that has no other thread yet."""
        self._lock = Lock()


_locks: WeakSet[ForkLock] = WeakSet()


def _reopen_all() -> None:
    for lock in _locks:
        lock.reopen()


os.register_at_fork(after_in_child=_reopen_all)
