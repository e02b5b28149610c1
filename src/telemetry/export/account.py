"""Count what was exported and what was lost on the way, by signal and by reason.

It decides nothing, and what a journal counts by itself stands there. The worker writes it; the runtime and the probe
read it.
"""

from __future__ import annotations

from collections import Counter
from threading import RLock
from typing import Literal, final

Signal = Literal["spans", "logs", "metrics"]
"""What is counted: spans, log records, and pushes of metrics (each push repeats the totals of the one before)."""

LossReason = Literal["refused", "rejected", "too_large", "export_timeout", "export_failed"]
"""Why records were lost: the endpoint refused the request, or some records of it, or the size of a single one; no time
was left; or a push of metrics failed."""


@final
class Account:
    """The counts of one process; a forked child begins a new one.

    >>> account = Account()
    >>> account.lose("spans", "refused", 3)
    >>> account.losses()
    {'refused': 3}
    """

    __slots__ = ("_exported", "_lock", "_lost")

    def __init__(self) -> None:
        self._lock = RLock()  # a finaliser that runs inside may lose a log line too
        self._exported: Counter[Signal] = Counter()
        self._lost: Counter[tuple[Signal, LossReason]] = Counter()

    def export(self, signal: Signal, count: int) -> None:
        """Count what the endpoint took."""
        if count:
            with self._lock:
                self._exported[signal] += count

    def lose(self, signal: Signal, reason: LossReason, count: int) -> None:
        """Count what is gone."""
        if count:
            with self._lock:
                self._lost[signal, reason] += count

    def exported(self) -> dict[str, int]:
        """Give the counts by signal."""
        with self._lock:
            return {signal: count for signal, count in self._exported.items()}  # noqa: C416 -- widens the key's type

    def losses(self, *signals: Signal) -> dict[str, int]:
        """Give the counts by reason, of the named signals or else of spans and log records.

        A push of metrics that failed loses nothing while another one follows, so those count only when asked for.
        """
        wanted = signals or ("spans", "logs")
        by_reason: Counter[str] = Counter()
        with self._lock:
            for (signal, reason), count in self._lost.items():
                if signal in wanted:
                    by_reason[reason] += count
        return dict(by_reason)
