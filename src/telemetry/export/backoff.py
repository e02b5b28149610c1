"""Say when to try again after a failure: later each time, and not all processes at once.

It neither sleeps nor sends; the worker has one for records and one for metrics.
"""

from __future__ import annotations

import os
from time import monotonic
from typing import final


@final
class Backoff:
    """Pauses that double, with half of each left to chance (OTLP 1.x, "Retryable Response Codes").

    Chance comes from the system, so that the application's `random` is left alone.

    Attributes:
        is_failing: Whether the last try failed.

    >>> backoff = Backoff(first_seconds=1, longest_seconds=30)
    >>> backoff.fail()
    >>> 0.4 < backoff.left() <= 1
    True
    >>> backoff.left(hurried=True)
    0.0
    """

    __slots__ = ("_asked_until", "_first", "_longest", "_pause", "_until", "is_failing")

    def __init__(self, first_seconds: float, longest_seconds: float) -> None:
        self._first = first_seconds
        self._longest = longest_seconds
        self._pause = first_seconds
        self._asked_until = self._until = 0.0
        self.is_failing = False

    def fail(self, after_seconds: float = 0.0) -> None:
        """Begin a pause, which is at least as long as the endpoint asked for."""
        now = monotonic()
        self._asked_until = now + after_seconds
        self._until = max(self._asked_until, now + self._pause * (0.5 + _chance() / 2))
        self._pause = min(self._pause * 2, self._longest)
        self.is_failing = True

    def succeed(self) -> None:
        """Start over: the next pause is the first."""
        self.is_failing = False
        self._asked_until = self._until = 0.0
        self._pause = self._first

    def left(self, *, hurried: bool = False) -> float:
        """Give the seconds until the next try; one in a hurry waits only for what the endpoint asked."""
        return max((self._asked_until if hurried else self._until) - monotonic(), 0.0)


def _chance() -> float:
    return int.from_bytes(os.urandom(2), "little") / 0x10000
