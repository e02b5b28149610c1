"""What it costs to record one thing, measured on this machine, in this process, with this twin.

Each operation runs in short bursts, on parts of their own: nothing that they do is recorded, and no call of the
application waits for long, since a round of bursts takes half a millisecond, and the thread sleeps in between. What
counts is CPU time of the thread, so a busy machine makes nothing dearer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count, cycle, islice
from time import sleep, thread_time_ns
from typing import Any, Final, final

from telemetry._hotpath import Region, Ring, Site, Source, TraceContext, ambient, begin, protobuf, wrap
from telemetry.config import SpanLimits
from telemetry.contracts import AttributeContract, MetricContract, Registry, SpanContract
from telemetry.logs import LogChannel, RunFields, json_chain
from telemetry.metrics import Instrument, Pages
from telemetry.signals import LogRecord
from telemetry.tracing import Recorder

from .admissions import Admissions

Operation = Callable[..., Any]

_ROUNDS: Final = 16
_BURST_NS: Final = 100_000
_FIRST_CALLS: Final = 32
_WARMING_CALLS: Final = 16
_PAUSE_SECONDS: Final = 0.01
_RING_BYTES: Final = 1 << 16
_ROOTS: Final = 4096
"""Traces that are begun in search of one that the sampler takes."""
_NAME: Final = "telemetry.tariff"
_CAPTURED: Final = ("first", "second", "third", "fourth")
_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ARGUMENTS: Final = tuple(tuple(f"{name} value {number}" for name in _CAPTURED) for number in range(64))

_fresh = count()


@final
@dataclass(frozen=True, slots=True)
class Tariff:
    """CPU time of one operation, in nanoseconds.

    Attributes:
        span: A span, but for its bytes and for what it has to admit.
        byte: A byte of a span: what is captured costs by its size.
        admission: A value that is met for the first time, and searched for secrets.
        sampled_out: A span of a trace that is not sampled.
        observation: An observation of a histogram.
        log_record: A log line that is exported; 0 until somebody logs.
    """

    span: float
    byte: float
    admission: float
    sampled_out: float
    observation: float
    log_record: float = 0.0


def measure(pause: Callable[[float], None] = sleep) -> Tariff:
    """Measure all prices, in some 150 ms, 10 of them at work.

    Call it in a thread of its own: other spans are the current ones meanwhile.
    """
    ring, admissions = Ring(Region(_RING_BYTES)), Admissions()
    plain, rich = (_recorded(ring, captured, admissions) for captured in ((), _CAPTURED))
    inside, outside = _sampled(ring), TraceContext(1, 1, 0)
    trials = (
        _Trial(inside, _work),
        _Trial(inside, plain),
        _Trial(inside, rich),
        _Trial(inside, rich, is_fresh=True),
        _Trial(outside, plain),
        _Trial(inside, _observed()),
    )
    rounds = _rounds(trials, pause)
    small, large = (_bytes(ring, inside, recorded) for recorded in (plain, rich))
    byte = _typical(rich - plain for _, plain, rich, *_ in rounds) / (large - small)
    admitted = _admitted(admissions, trials[3])
    return Tariff(
        span=max(0.0, _typical(plain - nothing for nothing, plain, *_ in rounds) - small * byte),
        byte=byte,
        admission=_typical(fresh - rich for _, _, rich, fresh, *_ in rounds) / admitted,
        sampled_out=_typical(sampled_out - nothing for nothing, _, _, _, sampled_out, _ in rounds),
        observation=_typical(observation - nothing for nothing, *_, observation in rounds),
    )


def measure_log_record(pause: Callable[[float], None] = sleep) -> float:
    """Measure what a log line costs, but for writing it; it imports structlog, so call it once there are lines."""
    run = RunFields(run_id=_NAME, organization_slug=_NAME, component=_NAME, env=_NAME)
    channel = LogChannel(json_chain(run, sinks=(_Sink(),)))

    def logged(first: str, second: str, third: str, fourth: str) -> None:
        channel.emit("info", {"event": _NAME, "first": first, "second": second, "third": third, "fourth": fourth})

    trial = _Trial(_sampled(Ring(Region(_RING_BYTES))), logged)
    return _typical(cost for (cost,) in _rounds([trial], pause))


@final
@dataclass(frozen=True, slots=True)
class _Trial:
    """An operation, and the current span that it runs in; a fresh one gets a value each time that nobody has met."""

    span: Any
    operation: Operation
    is_fresh: bool = False


def _rounds(trials: Sequence[_Trial], pause: Callable[[float], None]) -> list[list[float]]:
    """Time all operations, one behind the other, again and again: the clock of a processor changes within seconds."""
    calls = [_FIRST_CALLS] * len(trials)
    found = []
    for _ in range(_ROUNDS):
        costs = [_burst(trial, n) for trial, n in zip(trials, calls, strict=True)]
        calls = [max(_FIRST_CALLS, round(_BURST_NS / max(cost, 1.0))) for cost in costs]
        found.append(costs)
        pause(_PAUSE_SECONDS)
    return found[1:]  # in the first, wrappers find out what the later ones know


def _typical(differences: Iterable[float]) -> float:
    return max(0.0, _middle(differences))


def _middle(values: Iterable[float]) -> float:
    ranked = sorted(values)  # `statistics` takes 10 ms to import, and a random generator with it
    return ranked[len(ranked) // 2]


def _burst(trial: _Trial, calls: int) -> float:
    """Give the CPU time of one call, in nanoseconds."""
    arguments = list(islice(cycle(_ARGUMENTS), calls))
    if trial.is_fresh:
        arguments = [(*others, f"value {next(_fresh)}") for *others, _ in arguments]
    token, operation = ambient.activate(trial.span), trial.operation
    for warming in _ARGUMENTS[:_WARMING_CALLS]:
        operation(*warming)
    begun = thread_time_ns()
    for first, second, third, fourth in arguments:
        operation(first, second, third, fourth)
    taken = thread_time_ns() - begun
    ambient.detach(token)
    return taken / calls


def _admitted(admissions: Admissions, trial: _Trial) -> float:
    """Give how many values of a call are searched for secrets."""
    before = admissions.count
    _burst(trial, _FIRST_CALLS)
    return max(1.0, (admissions.count - before) / _FIRST_CALLS)


def _recorded(ring: Ring, captured: tuple[str, ...], admissions: Admissions) -> Operation:
    site = Site(_NAME, ring=ring, count=_nothing)
    site.sources = tuple(Source(name) for name in captured)
    site.captured = {name: index for index, name in enumerate(captured)}
    known = {name: AttributeContract(name, "string", "") for name in captured}
    registry = Registry(spans={_NAME: SpanContract(_NAME, "", attributes=known)})
    Recorder(registry, SpanLimits(), {}, admissions, _nothing).prepare(site)
    return wrap(_work, site)


def _observed() -> Operation:
    contract = MetricContract("telemetry_tariff_seconds", "histogram", "seconds", "", "telemetry", bounds=_BOUNDS)
    cell = Instrument(contract, Pages(), ambient={}, limit=1, count=_nothing).cell({})
    assert cell is not None, "it has no labels that could be refused"
    observe = cell.write

    def observed(first: str, second: str, third: str, fourth: str) -> None:
        observe(0.03)

    return observed


def _sampled(ring: Ring) -> Any:
    """Give an open span of a trace that is sampled; one from elsewhere where the sampler takes none."""
    site = Site(_NAME, ring=ring, count=_nothing)
    for _ in range(_ROOTS):
        span = begin(site, (), {})
        if span.trace_flags & 1:
            return span
    return TraceContext(1, 1, 1)


def _bytes(ring: Ring, span: Any, recorded: Operation) -> int:
    """Give the room that a span takes in the ring, on average."""
    token = ambient.activate(span)
    sizes = []
    for arguments in _ARGUMENTS:
        segment, before = ring.current, ring.current.head
        recorded(*arguments)
        if ring.current is segment:
            sizes.append(segment.head - before)
    ambient.detach(token)
    return round(_middle(sizes))


@final
class _Sink:
    """Takes a log record as the journal does, and keeps nothing."""

    def log(self, record: LogRecord, /) -> None:
        protobuf.log_record(record)


def _work(first: str, second: str, third: str, fourth: str) -> None:
    """Do nothing: what is recorded about it is the cost."""


def _nothing(_reason: str, _detail: str = "") -> None: ...
