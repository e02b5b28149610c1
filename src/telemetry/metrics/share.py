"""Gauges that are derived: the share of one label value in a counter, over the last interval.

Never an average over workers, and nothing that a caller sets: it follows from the counter, here as in a query.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import final

from telemetry.contracts import MetricContract
from telemetry.signals import Family, Series

Key = tuple[str, ...]
Counts = Mapping[Key, tuple[float, float]]
"""Label values of the gauge to (the value's count, all counts)."""

_SAMPLES = 300
"""Samples of the counter that an interval is divided into, however often somebody asks."""


@final
class Share:
    """One derived gauge, with as much history of its counter as its interval needs."""

    __slots__ = ("_history", "_lock", "contract")

    def __init__(self, contract: MetricContract) -> None:
        self.contract = contract
        self._lock = threading.RLock()
        self._history: deque[tuple[float, Counts]] = deque([(float("-inf"), {})])

    def family(self, families: Iterable[Family]) -> Family | None:
        """Give the gauge as it stands now; None where nothing was counted in the interval."""
        share = self.contract.share
        counter = next((family for family in families if share and family.name == share.metric), None)
        if share is None or counter is None:
            return None
        now = self._counts(counter)
        before = self._before(now, share.interval_seconds)
        series = [Series(key, value) for key in now if (value := _ratio(now[key], before.get(key))) is not None]
        if not series:
            return None
        contract = self.contract
        return Family(
            contract.name, "gauge", contract.unit, contract.description, contract.labels, tuple(series),
            time_ns=counter.time_ns,
        )  # fmt: skip

    def restart(self) -> None:
        """Forget the history, in a forked child, whose counters start at zero."""
        self._lock = threading.RLock()
        self._history = deque([(float("-inf"), {})])

    def _counts(self, counter: Family) -> Counts:
        share = self.contract.share
        counts: dict[Key, tuple[float, float]] = {}
        for series in counter.series:
            labels = dict(zip(counter.labels, series.labels, strict=True))
            key = tuple(labels[name] for name in self.contract.labels)
            value = float(series.value) if isinstance(series.value, (int, float)) else 0.0
            part, whole = counts.get(key, (0.0, 0.0))
            is_part = share is not None and labels[share.label] == share.value
            counts[key] = (part + value * is_part, whole + value)
        return counts

    def _before(self, now: Counts, interval_seconds: float) -> Counts:
        """Keep a sample, and give the one from the start of the interval; a process starts at zero."""
        instant = time.monotonic()
        with self._lock:
            while len(self._history) > 1 and self._history[1][0] <= instant - interval_seconds:
                self._history.popleft()
            if instant - self._history[-1][0] >= interval_seconds / _SAMPLES:
                self._history.append((instant, now))
            return self._history[0][1]


def _ratio(now: tuple[float, float], before: tuple[float, float] | None) -> float | None:
    part, whole = before or (0.0, 0.0)
    return (now[0] - part) / (now[1] - whole) if now[1] > whole else None
