"""What must not get slower: the bounds, in one table, and the rule that judges a measurement by them.

A bound is a ratio of processor times within one process, never a time: to the floor, or to a peer that does the same
work. It stands far enough beyond what was measured that noise does not cross it, and a regression worth a look does. A
goal is where a row is going; it is shown and fails nothing. `docs/benchmarks.md` explains the rule.
"""

from __future__ import annotations

from dataclasses import dataclass

from .suite import Result

# Two equal cases that differ by more than this tell of a machine that cannot judge; wider bounds would only hide it.
NOISE_CAP = 0.20


@dataclass(frozen=True, slots=True)
class Gate:
    """A bound on one case: at most so many floors, or so many times cheaper than a peer.

    Attributes:
        case: The name of the case.
        bound: The highest number of floors, or the lowest number of times, that passes.
        peer: The case that `bound` compares with; None compares with the floor.
        goal: Where the row is going, on the same scale.
        added: Compare what both add to the row's bare case.
    """

    case: str
    bound: float
    peer: str | None = None
    goal: float | None = None
    added: bool = False

    @property
    def row(self) -> str:
        """The row that the case belongs to."""
        return self.case.partition("/")[0]

    def measure(self, result: Result) -> float | None:
        """Give the ratio that the bound is about, or None where one of its cases was not run."""
        case = self._cost_ns(result, self.case)
        other = result.floor.cpu_min_ns if self.peer is None else self._cost_ns(result, self.peer)
        if case is None or other is None:
            return None
        return case / other if self.peer is None else other / case

    def passes(self, measured: float, noise: float) -> bool:
        """Tell whether a ratio keeps the bound, which the noise of its run widens."""
        slack = 1 + min(noise, NOISE_CAP)
        return measured <= self.bound * slack if self.peer is None else measured * slack >= self.bound

    def better(self, first: float, second: float) -> float:
        """Pick the one of two ratios that is further on the good side."""
        return min(first, second) if self.peer is None else max(first, second)

    def _cost_ns(self, result: Result, name: str) -> float | None:
        found, bare = result.find(name), result.find(f"{self.row}/bare")
        if found is None or (self.added and bare is None):
            return None
        if not self.added or bare is None:
            return found.cpu_min_ns
        # Where noise makes a case cheaper than its bare one, a nanosecond stands in, and no ratio divides by zero.
        return max(1.0, found.cpu_min_ns - bare.cpu_min_ns)


# Goals are those of the compiled twin; bounds guard what stands, which is the pure one.
GATES: tuple[Gate, ...] = (
    Gate("stage/telemetry", 9.0, goal=2.0),
    Gate("stage/telemetry", 25, peer="stage/opentelemetry", goal=135),
    Gate("drained/telemetry", 1.4, peer="drained/opentelemetry"),
    Gate("exported/telemetry", 1.1, peer="exported/opentelemetry", goal=135),
    Gate("span/telemetry", 6.5, goal=1.5),
    Gate("span/telemetry", 12, peer="span/opentelemetry", goal=70),
    Gate("block/telemetry", 32, goal=2.4),
    Gate("block/telemetry", 3.0, peer="block/opentelemetry", goal=60),
    Gate("counter/telemetry", 0.7, goal=0.16),
    Gate("counter/telemetry", 2.8, peer="counter/prometheus", goal=12),
    Gate("counter/telemetry", 50, peer="counter/opentelemetry", goal=215),
    Gate("histogram/telemetry", 1.6, goal=0.30),
    Gate("histogram/telemetry", 2.5, peer="histogram/prometheus", goal=16),
    Gate("timed/telemetry", 3.6, goal=0.50),
    Gate("timed/telemetry", 2.3, peer="timed/prometheus", goal=18),
    Gate("disabled/telemetry", 0.4, goal=0.30),
    Gate("coroutine/telemetry", 13, goal=2.3),
    Gate("generator/telemetry", 56, goal=10),
    Gate("generator/telemetry, no context", 38, goal=3.6),
    Gate("exception/telemetry", 40, goal=9),
    Gate("log/telemetry", 0.22, peer="log/structlog and opentelemetry"),
    Gate("startup/telemetry", 3.5, peer="startup/opentelemetry", added=True, goal=4.0),
    Gate("startup/telemetry, one span", 0.25, peer="startup/opentelemetry, one span", added=True),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate said: the best ratio of all attempts, and whether any attempt kept the bound."""

    gate: Gate
    measured: float
    noise: float
    passed: bool

    def __str__(self) -> str:
        gate = self.gate
        noise = f"noise {self.noise:.1%}"
        if gate.peer is None:
            return f"{gate.case}: {self.measured:.2f} x FLOOR, at most {gate.bound:g} ({noise})"
        return f"{gate.case}: {self.measured:.1f} x cheaper than {gate.peer}, at least {gate.bound:g} ({noise})"


def judge(result: Result, gates: tuple[Gate, ...]) -> tuple[Verdict, ...]:
    """Hold a result against the gates of its row; gates whose cases were not run say nothing."""
    return tuple(
        Verdict(gate, measured, result.noise, gate.passes(measured, result.noise))
        for gate in gates
        if gate.row == result.row and (measured := gate.measure(result)) is not None
    )


def merge(earlier: tuple[Verdict, ...], later: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Keep, for each gate, the attempt that did better: what is too slow is too slow each time."""
    return tuple(_better(first, second) for first, second in zip(earlier, later, strict=True))


def _better(first: Verdict, second: Verdict) -> Verdict:
    if first.passed != second.passed:
        return first if first.passed else second
    return first if first.gate.better(first.measured, second.measured) == first.measured else second
