"""Time cases against each other in one process, in interleaved rounds, by the processor and by the wall.

A round runs each case once, so that a machine which slows down for a second slows them all. The garbage collector stays
on, as in production. What a case leaves to a worker thread or to a child process counts: its processor time is taken
from the whole process and its children, until `settle` says that the work is done.
"""

from __future__ import annotations

import gc
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Literal, final

Call = Callable[[], object]
Unit = Literal["ns", "bytes"]


def _nothing() -> None:
    pass


def _none_missing() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a case runs once it is open.

    Attributes:
        call: The thing to time.
        settle: Waits for what the calls of a round left behind; outside of wall time, inside of processor time.
        prepare: Makes ready for a round, outside of all times.
    """

    call: Call
    settle: Call = _nothing
    prepare: Call = _nothing


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to measure.

    Attributes:
        name: `<row>/<who>`, for example `counter/telemetry`.
        open: Makes what is measured and leaves what closes it on the stack; heavy libraries are imported here. A timed
            case gives a `Subject` or a callable; `latency` and `memory` say what theirs give.
        calls: How many measured operations one call of the subject does.
        number: How many calls make a round; None lets the harness fill the round time.
        variables: How many other context variables are set around the case.
        missing: Says what the case needs and this machine lacks; empty when it can run.
    """

    name: str
    open: Callable[[ExitStack], Any]
    calls: int = 1
    number: int | None = None
    variables: int = 0
    missing: Callable[[], str] = _none_missing


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: the number of rounds, and how many nanoseconds a case gets in each."""

    rounds: int = 11
    round_ns: int = 40_000_000


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one operation of a case cost, a figure for each round.

    Attributes:
        name: The name of the case.
        number: How many operations, or kept objects, a figure was drawn from.
        costs: What is judged: processor time, a latency, or bytes.
        beside: What is shown beside it: wall time, or resident bytes; empty where there is nothing.
        unit: The unit of both.
    """

    name: str
    number: int
    costs: tuple[float, ...]
    beside: tuple[float, ...] = ()
    unit: Unit = "ns"

    @property
    def least(self) -> float:
        """The best round, which noise can only have made worse."""
        return min(self.costs)

    @property
    def median(self) -> float:
        """The usual round."""
        return statistics.median(self.costs)

    @property
    def noise(self) -> float:
        """How far the best of the odd rounds and of the even ones are apart, as a share: both ran the same case."""
        if len(self.costs) < 2:
            return 0.0
        return gap(min(self.costs[::2]), min(self.costs[1::2]))


def gap(first: float, second: float) -> float:
    """Say by what share the greater of two costs exceeds the other.

    >>> gap(200.0, 220.0), gap(0.0, 0.0)
    (0.1, 0.0)
    """
    least, most = sorted((first, second))
    return round(most / least - 1, 12) if least > 0 else 0.0


Measure = Callable[[Sequence[Case], Effort], tuple[Measurement, ...]]
"""A way of measuring: it gives the measurements of the cases, in their order."""


@final
@dataclass(slots=True)
class _Open:
    """A case with its subject, in a context where nothing is set but what the case asks for."""

    case: Case
    context: Context
    subject: Subject
    number: int = 1
    cpu_ns: list[float] = field(default_factory=list)
    wall_ns: list[float] = field(default_factory=list)

    def scale(self, round_ns: int) -> None:
        if self.case.number is not None:
            self.number = self.case.number
            self.context.run(_time, self.subject, 1)
            return
        while (taken_ns := self._try_ns()) < round_ns / 4:
            self.number *= 2
        self.number = max(1, round(self.number * round_ns / taken_ns))

    def _try_ns(self) -> int:
        # The better of two: first calls import and bind, and a number found from those would be far too small.
        return min(self.context.run(_time, self.subject, self.number)[0] for _ in range(2))

    def round(self) -> None:
        wall_ns, cpu_ns = self.context.run(_time, self.subject, self.number)
        operations = self.number * self.case.calls
        self.wall_ns.append(wall_ns / operations)
        self.cpu_ns.append(cpu_ns / operations)

    def measurement(self) -> Measurement:
        return Measurement(self.case.name, self.number * self.case.calls, tuple(self.cpu_ns), tuple(self.wall_ns))


def measure(cases: Sequence[Case], effort: Effort) -> tuple[Measurement, ...]:
    """Run all cases, interleaved, and give their measurements in the order of the cases."""
    with ExitStack() as stack:
        opened = [_open(case, stack) for case in cases]
        for each in opened:
            each.scale(effort.round_ns)
        gc.collect()
        for _ in range(effort.rounds):
            for each in opened:
                each.round()
        return tuple(each.measurement() for each in opened)


@dataclass(frozen=True, slots=True)
class Row:
    """The cases of one cost, and how they are measured.

    Attributes:
        cases: What stands side by side.
        measure: The way of measuring.
        over_bare: Whether what counts is the difference to the bare case; so it is with whole programs.
    """

    cases: tuple[Case, ...]
    measure: Measure = measure
    over_bare: bool = False

    @property
    def floored(self) -> bool:
        """Whether the floor runs along: next to whole programs, latencies and bytes it says nothing."""
        return self.measure is measure and not self.over_bare


def _open(case: Case, stack: ExitStack) -> _Open:
    context = Context()
    for index in range(case.variables):
        other: ContextVar[int] = ContextVar(f"other{index}")
        context.run(other.set, index)
    own = stack.enter_context(ExitStack())
    made = context.run(case.open, own)
    stack.callback(context.run, own.close)
    return _Open(case, context, made if isinstance(made, Subject) else Subject(made))


def _time(subject: Subject, number: int) -> tuple[int, int]:
    call = subject.call
    subject.prepare()
    cpu_ns = _processor_ns()
    wall_ns = time.perf_counter_ns()
    for _ in repeat(None, number):
        call()
    wall_ns = time.perf_counter_ns() - wall_ns
    subject.settle()
    return wall_ns, _processor_ns() - cpu_ns


def _processor_ns() -> int:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time_ns() + round((children.ru_utime + children.ru_stime) * 1e9)
