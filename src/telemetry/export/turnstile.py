"""Let callers wait for the worker's next full turn.

It knows nothing of what a turn does. `ExportWorker.flush` waits at one; the worker's thread opens it.
"""

from __future__ import annotations

from threading import Condition
from typing import final


@final
class Turnstile:
    """Numbers the requests for a turn, and tells each of them when one that began later is over."""

    __slots__ = ("_answered", "_asked", "_changed", "_faultless")

    def __init__(self) -> None:
        self._changed = Condition()
        self._asked = 0
        self._answered = 0
        self._faultless = True

    @property
    def asked(self) -> int:
        """The number of the last request."""
        return self._asked

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for a turn."""
        return self._asked > self._answered

    def ask(self) -> int:
        """Ask for a turn, and give the number of the request."""
        with self._changed:
            self._asked += 1
            return self._asked

    def answer(self, request: int, *, faultless: bool) -> None:
        """End the wait of all requests up to this one."""
        with self._changed:
            self._answered = request
            self._faultless = faultless
            self._changed.notify_all()

    def wait(self, request: int, timeout_seconds: float) -> bool:
        """Wait for the answer to a request; tell whether it came in time and the turn was faultless."""
        with self._changed:
            answered = self._changed.wait_for(lambda: self._answered >= request, timeout_seconds)
            return answered and self._faultless
