"""Counts what could not be recorded, and names each case once on stderr.

This is our own channel: it never goes through a logger that the application exports.
"""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import suppress
from threading import RLock
from typing import final

from telemetry.logs import redact_text

_NAMED_LIMIT = 50
"""Distinct cases that are named in one process; the rest are only counted."""
_DETAIL_CHARACTERS = 300


@final
class Breaches:
    """What the contracts or the limits refused, by reason.

    >>> breaches = Breaches(quiet=True)
    >>> breaches.count("label_missing", "compile_success_total: 'backend'")
    >>> breaches.counts()
    {'label_missing': 1}
    """

    __slots__ = ("_counts", "_lock", "_named", "quiet")

    def __init__(self, *, quiet: bool = False) -> None:
        self._counts: Counter[str] = Counter()
        self._named: dict[tuple[str, str], None] = {}
        self._lock = RLock()  # a finaliser that runs inside may be refused something too
        self.quiet = quiet

    def count(self, reason: str, detail: str = "") -> None:
        """Count one case; name it unless it has been named, or there is nothing to say."""
        with self._lock:
            self._counts[reason] += 1
            if not detail or len(self._named) >= _NAMED_LIMIT:
                return
            case = (reason, redact_text(detail)[:_DETAIL_CHARACTERS])
            if case in self._named:
                return
            self._named[case] = None
        self.say(f"{reason.replace('_', ' ')}: {case[1]}")

    def note(self, problem: str) -> None:
        """Name a case of the log room, which counts by itself."""
        problem = redact_text(problem)
        with self._lock:
            self._named[("log", problem)] = None
        self.say(problem)

    def counts(self) -> dict[str, int]:
        """Give the number of cases by reason."""
        with self._lock:
            return dict(self._counts)

    def named(self) -> list[tuple[str, str]]:
        """Give the distinct cases (reason, detail), oldest first."""
        with self._lock:
            return list(self._named)

    def restart(self) -> None:
        """Start over, in a forked child."""
        self._lock = RLock()
        self._counts.clear()

    def say(self, problem: str) -> None:
        """Write one line to stderr, unless this is quiet."""
        if self.quiet:
            return
        with suppress(OSError, ValueError, AttributeError):  # stderr may be closed, or None
            sys.stderr.write(f"telemetry: {problem} (said once, counted always)\n")
