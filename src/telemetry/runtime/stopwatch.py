"""Times what is sent: how long a batch takes, all its attempts together, and what is under way.

It stands before an exporter and is one itself; `vitals` shows the times.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from time import monotonic
from typing import Any, Final, final

from telemetry._hotpath import extent
from telemetry.journal import Again, Reader, Taken, TooLarge, Verdict
from telemetry.signals import Distribution, FamilySource, Resource

from .signs import DURATION, Signal, contracts

Key = tuple[Signal, str]
"""A signal, and the `error.type` of an operation, which is empty where all went well."""

_SIGNALS: Final[Mapping[int, Signal]] = {extent.SPAN: "span", extent.LOG: "log"}


@final
class Stopwatch:
    """An exporter that takes the time of another one (OpenTelemetry, `otel.sdk.exporter.operation.duration`).

    Attempts that are followed by another one are one operation with it.

    Args:
        exporter: What sends: an `Exporter`.
        prepare: Loads what the first push needs, before the exporter opens: a fork waits for what is loaded then.
    """

    __slots__ = ("_begun", "_counts", "_exporter", "_inflight", "_lock", "_prepare", "_sums")

    def __init__(self, exporter: Any, prepare: Callable[[], None] = lambda: None) -> None:
        self._exporter = exporter
        self._prepare = prepare
        self._restart()

    @property
    def target(self) -> str:
        """Where records go, for messages."""
        return str(self._exporter.target)

    def open(self) -> None:
        """Do the slow part of beginning."""
        self._prepare()
        self._exporter.open()

    def records(self, origin: Reader, kind: int, chunks: Sequence[Any], /) -> Verdict:
        """Send records of a journal."""
        signal, count = _SIGNALS[kind], sum(len(chunk.flags) for chunk in chunks)
        self._begin(signal, count)
        try:
            verdict: Verdict = self._exporter.records(origin, kind, chunks)
        except BaseException as error:
            self._finish(signal, type(error).__qualname__)
            raise
        reason = _reason(verdict, count)
        if reason is not None:
            self._finish(signal, reason)
        return verdict

    def metrics(self, source: FamilySource, /) -> Verdict | None:
        """Send the current state of all metrics, untimed."""
        verdict: Verdict | None = self._exporter.metrics(source)
        return verdict

    def close(self) -> None:
        """Send no more."""
        self._exporter.close()

    def belong_to(self, resource: Resource) -> None:
        """Send metrics as those of another process: a forked child."""
        self._exporter.resource = resource

    def forget(self) -> None:
        """Start over, in a forked child."""
        self._exporter.forget()
        self._restart()

    def inflight(self) -> dict[Signal, int]:
        """Count the records that were given to the exporter, and that no answer was final for."""
        with self._lock:
            return dict(self._inflight)

    def durations(self) -> dict[Key, Distribution]:
        """Give how long operations took, in seconds, by the buckets of the contract."""
        with self._lock:
            return {key: Distribution(tuple(counts), self._sums[key]) for key, counts in self._counts.items()}

    def _restart(self) -> None:
        self._lock = RLock()
        self._begun: dict[Signal, float] = {}
        self._inflight: dict[Signal, int] = {}
        self._counts: dict[Key, list[int]] = {}
        self._sums: dict[Key, float] = {}

    def _begin(self, signal: Signal, count: int) -> None:
        with self._lock:
            self._begun.setdefault(signal, monotonic())
            self._inflight[signal] = count

    def _finish(self, signal: Signal, reason: str) -> None:
        bounds = contracts()[DURATION].bounds
        with self._lock:
            taken = monotonic() - self._begun.pop(signal, monotonic())
            self._inflight[signal] = 0
            counts = self._counts.setdefault((signal, reason), [0] * (len(bounds) + 1))
            counts[bisect_left(bounds, taken)] += 1
            self._sums[signal, reason] = self._sums.get((signal, reason), 0.0) + taken


def _reason(verdict: Verdict, count: int) -> str | None:
    """Give the `error.type` of an operation; None while it goes on."""
    if isinstance(verdict, Taken):
        return "rejected" if verdict.rejected else ""
    if isinstance(verdict, Again) or (isinstance(verdict, TooLarge) and count > 1):
        return None
    return "too_large" if isinstance(verdict, TooLarge) else "refused"
