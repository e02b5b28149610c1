"""Say a trouble of our own on stderr: one line, and no more than one a minute.

It never goes through `logging` or structlog, whose records the instrumented application exports. The worker and the
scrape endpoint call it.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from time import monotonic
from typing import Final, final

from .console import cut, printable

_LONGEST: Final = 1_000


@final
class Notice:
    """A line on stderr that does not repeat itself.

    >>> notice = Notice(interval_seconds=60)
    >>> notice.say("telemetry: the endpoint is down"), notice.say("telemetry: it still is")
    (True, False)
    """

    __slots__ = ("_interval_seconds", "_next")

    def __init__(self, interval_seconds: float = 60.0) -> None:
        self._interval_seconds = interval_seconds
        self._next = 0.0

    def say(self, text: str) -> bool:
        """Write the line unless one was written within the interval; tell whether it was."""
        if monotonic() < self._next:
            return False
        self.say_now(text)
        return True

    def say_now(self, text: str) -> None:
        """Write the line whatever was written before: for the last word of a process.

        What others put into it, such as the reason phrase of an endpoint, is escaped and cut, so it stays one line.
        """
        self._next = monotonic() + self._interval_seconds
        # A daemon without stderr, or one that closed it, loses the line and nothing else.
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(f"{cut(printable(text), _LONGEST)}\n")
            sys.stderr.flush()
