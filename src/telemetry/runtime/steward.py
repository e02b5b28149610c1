"""Keeps telemetry within its overhead budget: measures window by window, takes a step, and says so.

Only where a budget is set there is one, with a thread of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import time_ns
from typing import Final, final

from telemetry.signals import LogRecord, LogSink, Severity

from .budget import Budget, Rung, Step
from .overhead import Sample
from .thrift import Thrift

WINDOW_SECONDS: Final = 5.0

_LEAST_CPU_SECONDS: Final = 0.05
"""A process that is idle has hardly any CPU time to compare with: its window lasts until it has this much."""
_WORTHWHILE: Final = 0.1
"""Recording that takes less than this part of the budget is not what exceeds it, and to record less would not help."""
_SAID: Final[dict[Step, str]] = {
    "none": "everything is recorded again",
    "arguments": "spans go without the arguments of their calls",
    "sampling": "of new traces one in {traces:.0f} is recorded",
    "spans": "only metrics are recorded",
}


@final
class Steward:
    """Holds one runtime to its budget.

    Args:
        budget: How far to do with less.
        thrift: Does with less.
        sample: Reads the clocks.
        sinks: Who gets each step as a log record, an event in OpenTelemetry's terms.
        say: Writes a line on stderr, unless one was written a short while ago.
        window_seconds: How long costs are added up before they are judged.

    Attributes:
        budget: Where it stands.
        window_seconds: As above.
    """

    __slots__ = (
        "_asleep",
        "_before",
        "_is_stopped",
        "_sample",
        "_say",
        "_sinks",
        "_thread",
        "_thrift",
        "budget",
        "window_seconds",
    )

    def __init__(
        self,
        budget: Budget,
        thrift: Thrift,
        sample: Callable[[], Sample],
        *,
        sinks: Sequence[LogSink] = (),
        say: Callable[[str], object] = lambda _line: None,
        window_seconds: float = WINDOW_SECONDS,
    ) -> None:
        self.budget = budget
        self._thrift = thrift
        self._sample = sample
        self._sinks = tuple(sinks)
        self._say = say
        self.window_seconds = window_seconds
        self._before = sample()
        self._begin()

    def _begin(self) -> None:
        self._is_stopped = False
        self._thread: threading.Thread | None = None
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def look(self) -> None:
        """Judge the window that ends now, if enough has happened in it, and take a step where one is due."""
        now = self._sample()
        window = now.since(self._before)
        if window.cpu < _LEAST_CPU_SECONDS:
            return
        self._before = now
        is_over = window.ratio > self.budget.limit
        if is_over and window.recording < _WORTHWHILE * self.budget.limit * window.cpu:
            return
        if self.budget.judge(window.ratio):
            self._thrift.take(self.budget.rung)
            self._report(self.budget.rung, window.ratio)

    def start(self) -> None:
        """Look at the end of each window from now on, in a thread of its own."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="telemetry-steward", daemon=True)
            with suppress(RuntimeError):  # an interpreter on its way out starts no threads any more (CPython 3.12)
                thread.start()
                self._thread = thread

    def stop(self) -> None:
        """Look no more."""
        self._is_stopped = True
        with suppress(RuntimeError):  # it is awake
            self._asleep.release()

    def restart(self) -> None:
        """Start over, in a forked child: on the same rung, with a thread of its own where the parent had one."""
        was_started = self._thread is not None and not self._is_stopped
        self._begin()
        self._before = self._sample()
        if was_started:
            self.start()

    def _run(self) -> None:
        while not self._is_stopped:
            self._asleep.acquire(timeout=self.window_seconds)
            if not self._is_stopped:
                with suppress(Exception):  # a look that fails costs itself; the next one measures anew
                    self.look()

    def _report(self, rung: Rung, ratio: float) -> None:
        limit = self.budget.limit
        said = _SAID[rung.step].format(traces=1 / (rung.share or 1.0))
        self._say(f"telemetry: recording takes {ratio:.1%} of the CPU time, and the budget is {limit:.1%}: {said}")
        fields = {"step": rung.step, "sampling_ratio": rung.share, "overhead_ratio": ratio, "budget_ratio": limit}
        severity: Severity = "warning" if ratio > limit else "info"
        record = LogRecord(time_ns(), severity, "telemetry.overhead.step", fields, "telemetry")
        for sink in self._sinks:
            sink.log(record)
