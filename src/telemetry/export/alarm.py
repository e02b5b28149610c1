"""Let one thread sleep until its time, or until another one wakes it."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import final


@final
class Alarm:
    """Wakes one sleeper.

    An `Event` has a lock in Python code: a finaliser that records inside of it, and so rings, would wait for ever.

    >>> alarm = Alarm()
    >>> alarm.ring()
    >>> alarm.sleep(60)
    """

    __slots__ = ("_asleep",)

    def __init__(self) -> None:
        self._asleep = Lock()
        self._asleep.acquire()

    def ring(self) -> None:
        """Wake the sleeper, now or as soon as it would sleep."""
        with suppress(RuntimeError):  # somebody else has rung
            self._asleep.release()

    def sleep(self, seconds: float) -> None:
        """Wait until it rings, but no longer than this."""
        self._asleep.acquire(timeout=max(seconds, 0.0))
