"""Tell people when exports begin to fail, and when they work again, in one line each.

It counts nothing and sends nothing; the worker calls it after each turn.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final, final

from .notice import Notice

_PATIENCE_SECONDS: Final = 2.0
"""A collector that is restarted, or sheds load for a moment, is nobody's trouble while nothing is lost."""
_REMINDER_SECONDS: Final = 600.0


@final
class Outage:
    """The lines on stderr of one worker.

    Args:
        target: Where the exports go.
        state: Says what waits and what is lost, for the end of a line.
    """

    __slots__ = ("_notice", "_refusals", "_since", "_state", "_target", "_told")

    def __init__(self, target: str, state: Callable[[], str]) -> None:
        self._target = target
        self._state = state
        self._notice = Notice()
        self._refusals = Notice()
        self._since: float | None = None
        self._told: float | None = None

    def fail(self, reason: str) -> None:
        """Take note that nothing could be sent; it is said when that lasts, and again every ten minutes."""
        now = monotonic()
        if self._since is None:
            self._since = now
        is_news = self._told is None or now - self._told >= _REMINDER_SECONDS
        if now - self._since < _PATIENCE_SECONDS or not is_news:
            return
        if self._notice.say(f"telemetry: cannot export to {self._target}: {reason}; {self._state()}"):
            self._told = now

    def succeed(self) -> None:
        """Take note that the endpoint answers; the end of what was said is said too."""
        since, told = self._since, self._told
        self._since = self._told = None
        if since is not None and told is not None:
            took = monotonic() - since
            self._notice.say_now(f"telemetry: exports to {self._target} again, after {took:.0f} s; {self._state()}")

    def refuse(self, reason: str) -> None:
        """Say that the endpoint refuses what it gets, once a minute."""
        self._refusals.say(f"telemetry: {self._target} refuses what it gets: {reason}; {self._state()}")

    def end(self, reason: str, deadline_seconds: float) -> None:
        """Say the last word of a process from which not everything has left."""
        why = f": {reason}" if reason else ""
        text = f"not everything went to {self._target} within {deadline_seconds:g} s{why}; {self._state()}"
        self._notice.say_now(f"telemetry: {text}")
