"""Count what goes wrong with log lines, and tell of each kind once.

A log line has nowhere to complain but the log, so nothing is raised here. Channels, writers and contract checks count
into one tally; the runtime reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import final

from .lock import ForkLock

_NAMES_LIMIT = 500
_REST = "other"


@final
class Tally:
    """How often each kind of trouble came up; at most 500 kinds, the rest counts as `other`.

    >>> tally = Tally(print)
    >>> for _ in range(3):
    ...     tally.add("writer", "the disk is full")
    writer: the disk is full
    >>> dict(tally.counts)
    {'writer': 3}
    """

    __slots__ = ("_counts", "_lock", "_tell")

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self._counts: dict[str, int] = {}
        self._lock = ForkLock()
        self._tell = tell

    def add(self, name: str, problem: str) -> None:
        """Count one case; the first of its name is told. A listener that fails counts as `tally`. Never raises."""
        if self._count(name) == 1 and self._tell is not None:
            try:
                self._tell(f"{name}: {problem}")
            except Exception:  # noqa: BLE001 - the listener is the caller's code
                self._count("tally")

    @property
    def counts(self) -> Mapping[str, int]:
        """The counts by name, as they are now."""
        with self._lock:
            return dict(self._counts)

    def _count(self, name: str) -> int:
        with self._lock:
            if name not in self._counts and len(self._counts) >= _NAMES_LIMIT:
                name = _REST
            self._counts[name] = times = self._counts.get(name, 0) + 1
        return times
