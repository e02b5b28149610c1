"""What telemetry costs this process: counted work at measured prices, and the CPU time of its threads.

`vitals` shows it and `steward` holds it against the budget. What it leaves out stands in `docs/self-telemetry.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic, process_time
from typing import Final, final

from .tariff import Tariff

_INTERVAL_SECONDS: Final = 10.0
_NS: Final = 1e-9


@final
@dataclass(frozen=True, slots=True)
class Work:
    """What was recorded so far.

    Attributes:
        bytes: What all records take in the journal.
        admissions: Values that were searched for secrets.
        observations: Observations of histograms; what counters and gauges were told leaves no trace of how often.
    """

    spans: int = 0
    bytes: int = 0
    admissions: int = 0
    sampled_out: int = 0
    log_records: int = 0
    observations: int = 0


@final
@dataclass(frozen=True, slots=True)
class Sample:
    """A reading of the clocks, or what lies between two.

    Attributes:
        at: When it was taken, on the monotonic clock.
        cpu: CPU seconds of the process so far.
        recording: Those of them that went to recording.
        threads: Those that our own threads took.
    """

    at: float
    cpu: float
    recording: float
    threads: float

    def since(self, before: Sample) -> Sample:
        """Give what came in between."""
        return Sample(
            self.at - before.at,
            self.cpu - before.cpu,
            max(0.0, self.recording - before.recording),
            max(0.0, self.threads - before.threads),
        )

    @property
    def ratio(self) -> float:
        """The part of the CPU time that went to telemetry, 0 to 1."""
        return min(1.0, (self.recording + self.threads) / self.cpu) if self.cpu > 0.0 else 0.0


@final
class Overhead:
    """The account of one process.

    Args:
        work: Counts what was recorded.
        threads: Gives the CPU seconds of our own threads.

    Attributes:
        tariff: The prices; None until they have been measured.
    """

    __slots__ = ("_base", "_last", "_threads", "_work", "tariff")

    def __init__(self, work: Callable[[], Work], threads: Callable[[], float]) -> None:
        self._work = work
        self._threads = threads
        self.tariff: Tariff | None = None
        self._base = self._last = _beginning()

    def parts(self) -> Mapping[str, float]:
        """Give the CPU seconds so far, by what they went to; nothing while the prices are unknown."""
        tariff = self.tariff
        if tariff is None:
            return {}
        work = self._work()
        records = max(1, work.spans + work.log_records)
        return {
            "spans": work.spans * (tariff.span + tariff.byte * work.bytes / records) * _NS,
            "admissions": work.admissions * tariff.admission * _NS,
            "sampled_out": work.sampled_out * tariff.sampled_out * _NS,
            "log_records": work.log_records * tariff.log_record * _NS,
            "observations": work.observations * tariff.observation * _NS,
            "threads": self._threads(),
        }

    def sample(self) -> Sample:
        """Read the clocks now."""
        parts = dict(self.parts())
        threads = parts.pop("threads", 0.0)
        return Sample(monotonic(), process_time(), sum(parts.values()), threads)

    def ratio(self) -> float:
        """Give the part of the CPU time of the last 10 to 20 seconds that went to telemetry."""
        now = self.sample()
        if now.at - self._last.at >= _INTERVAL_SECONDS:
            self._base, self._last = self._last, now
        return now.since(self._base).ratio

    def restart(self) -> None:
        """Start over, in a forked child, whose counts and clock begin anew."""
        self._base = self._last = _beginning()


def _beginning() -> Sample:
    return Sample(monotonic(), process_time(), 0.0, 0.0)
