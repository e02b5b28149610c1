"""The overhead budget: what is left out at each step, how steps are reported, and how recording comes back."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler, SamplingResult

import telemetry
from telemetry import instrument_span, record_metric, span
from telemetry.runtime.budget import LADDER, Budget
from telemetry.runtime.overhead import Sample
from telemetry.runtime.steward import Steward
from telemetry.signals import Family, SpanRecord
from telemetry.testing import Recording, isolated

LIMIT_PERCENT = 5.0
DEAR, CHEAP, FAIR = 0.5, 0.001, 0.04


class Backend:
    """What the capture reads."""

    name = "c-gcc"


BACKEND = Backend()


def work(backend: Any, operator: str) -> str:
    """Work of which the span and a metric's labels capture two arguments."""
    return f"{backend.name}/{operator}"


def decorated() -> Callable[[Any, str], str]:
    """Decorate it."""
    capture = {"backend": "backend.name", "operator": "operator"}
    measured = record_metric("lowering_duration_seconds", labels={"maturity": "stable"}, capture=capture)
    return instrument_span("codegen.lower", capture={"backend.name": "backend.name", "operator.name": "operator"})(
        measured(work)
    )


class Clocks:
    """The clocks of a process whose overhead a test says."""

    def __init__(self) -> None:
        self.now = Sample(0.0, 0.0, 0.0, 0.0)

    def __call__(self) -> Sample:
        """Give the time."""
        return self.now

    def pass_window(self, ratio: float, cpu: float = 1.0, *, threads: float = 0.0) -> None:
        """Let a window pass in which telemetry took this part of the CPU time."""
        now = self.now
        self.now = Sample(now.at + 5.0, now.cpu + cpu, now.recording + ratio * cpu, now.threads + threads * cpu)


class Kept:
    """A recording under a budget, whose costs a test says."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.vitals = recording.runtime.vitals
        self.clocks = Clocks()
        self.lines: list[str] = []
        self.lower = decorated()
        self.steward = Steward(
            Budget(LIMIT_PERCENT / 100),
            self.vitals.thrift,
            self.clocks,
            sinks=[recording._basket],
            say=self.lines.append,
        )
        self.vitals.steward = self.steward

    @property
    def rung(self) -> tuple[str, float]:
        """The step and the share of traces."""
        return self.steward.budget.rung.step, self.steward.budget.rung.share

    def windows(self, ratio: float, count: int = 1) -> None:
        """Let windows of one cost pass, and be judged."""
        for _ in range(count):
            self.clocks.pass_window(ratio)
            self.steward.look()

    def recorded(self, calls: int = 1) -> list[SpanRecord]:
        """Call the decorated function, and give the new spans."""
        before = len(self.recording.spans)
        for _ in range(calls):
            assert self.lower(BACKEND, "add") == "c-gcc/add"
        return self.recording.spans[before:]

    def gauge(self, name: str) -> Any:
        """Give what a scrape shows of one of the budget's metrics."""
        families: dict[str, Family] = {family.name: family for family in self.vitals.families()}
        return families[name].series[0].value


@pytest.fixture
def kept() -> Iterator[Kept]:
    """An isolated recording under a budget of 5 %."""
    with isolated(overhead_budget_percent=LIMIT_PERCENT) as recording:
        yield Kept(recording)


def test_within_the_budget_everything_is_recorded(kept: Kept) -> None:
    """Windows that cost no more than the budget change nothing, and are not talked about."""
    kept.windows(FAIR, 20)
    (found,) = kept.recorded()
    assert found.attributes["backend.name"] == "c-gcc"
    assert (kept.rung, kept.lines, kept.recording.logs) == (("none", 1.0), [], [])


def test_the_first_step_leaves_arguments_out(kept: Kept) -> None:
    """Spans have no captured attributes any more, static ones stay, and so do the labels of metrics."""
    kept.windows(DEAR)
    (found,) = kept.recorded()
    assert kept.rung == ("arguments", 1.0)
    assert dict(found.attributes) == {"host.kind": "online"}
    assert (
        kept.recording.value("lowering_duration_seconds", backend="c-gcc", operator="add", maturity="stable")
        is not None
    )


def test_the_second_step_halves_the_traces_down_to_one_in_64(kept: Kept) -> None:
    """Six windows that cost too much lower the share by a half each; metrics count every call all the same."""
    kept.windows(DEAR)
    for halving in range(1, 7):
        kept.windows(DEAR)
        assert kept.rung == ("sampling", 0.5**halving)
    found = kept.recorded(2000)
    assert 5 <= len(found) <= 90
    histogram: Any = kept.recording.value("lowering_duration_seconds", backend="c-gcc")
    assert histogram.count == 2000


def test_sampling_is_consistent(kept: Kept) -> None:
    """A trace that a smaller share keeps has one of the greatest ids, so every greater share keeps it too."""
    kept.windows(DEAR, 4)  # one in 8
    found = kept.recorded(500)
    assert found
    assert all(each.trace_id & (1 << 56) - 1 >= round(0.875 * (1 << 56)) for each in found)


def test_parents_are_respected(kept: Kept) -> None:
    """A trace that a caller sampled is recorded whole, one that it did not is not, whatever the share."""
    kept.windows(DEAR, 7)
    spans = []
    for flags in ("01", "00"):
        token = telemetry.attach(telemetry.extract({"traceparent": f"00-{1:032x}-{1:016x}-{flags}"}))
        spans.append(len(kept.recorded(20)))
        telemetry.detach(token)
    assert spans == [20, 0]


def test_spans_of_opentelemetrys_api_are_sampled_too(kept: Kept) -> None:
    """Traces that begin in a library are halved like all others, and come back."""
    tracer = trace.get_tracer("library")

    def recording() -> int:
        return sum(tracer.start_span("theirs").is_recording() for _ in range(400))

    assert recording() == 400
    kept.windows(DEAR, 4)
    assert 20 <= recording() <= 90
    kept.windows(DEAR, 4)
    assert recording() == 0
    kept.windows(CHEAP, 24)
    assert recording() == 400


def test_the_last_step_leaves_metrics_only(kept: Kept) -> None:
    """Neither decorated functions nor named blocks nor OpenTelemetry's API make spans, and metrics go on."""
    kept.windows(DEAR, 8)
    before = len(kept.recording.spans)
    with span("spec.parse") as opened:
        opened.set_attribute("spec.path", "x")
        assert telemetry.current_span() is None
    with trace.get_tracer("library").start_as_current_span("theirs") as theirs:
        assert not theirs.is_recording()
    assert kept.recorded(10) == []
    assert len(kept.recording.spans) == before
    assert kept.rung == ("spans", 0.0)
    histogram: Any = kept.recording.value("lowering_duration_seconds", backend="c-gcc")
    assert histogram.count == 10


def test_an_outer_trace_passes_through_when_there_are_no_spans(kept: Kept) -> None:
    """What is sent on to other processes names the caller's span, as if this process were not there."""
    kept.windows(DEAR, 8)
    header = f"00-{1:032x}-{1:016x}-01"
    token = telemetry.attach(telemetry.extract({"traceparent": header}))
    carrier: dict[str, str] = {}
    with span("spec.parse"):
        telemetry.inject(carrier)
    telemetry.detach(token)
    assert carrier["traceparent"] == header


def test_open_spans_end_as_they_began(kept: Kept) -> None:
    """A span that is open while all others are left out is recorded with what it had."""
    with span("spec.parse", attributes={"spec.path": "a.spec"}):
        kept.windows(DEAR, 8)
    (found,) = kept.recording.spans
    assert found.attributes["spec.path"] == "a.spec"


def test_recording_comes_back_step_by_step(kept: Kept) -> None:
    """Three windows in a row that cost less than half of the budget take one step back; fair ones take none."""
    kept.windows(DEAR, 8)
    rungs = []
    kept.windows(FAIR, 20)
    assert kept.rung == ("spans", 0.0)
    for _ in range(8):
        kept.windows(CHEAP, 2)
        kept.windows(FAIR)
        kept.windows(CHEAP, 3)
        rungs.append(kept.rung)
    assert rungs == [(rung.step, rung.share) for rung in reversed(LADDER[:-1])]
    (found,) = kept.recorded()
    assert found.attributes["backend.name"] == "c-gcc"


def test_a_step_back_that_was_a_mistake_is_not_tried_again_soon(kept: Kept) -> None:
    """Where recording is dear as soon as it comes back, each try waits twice as long as the one before."""
    kept.windows(DEAR, 8)
    waited = []
    for _ in range(6):
        windows = 0
        while kept.rung == ("spans", 0.0):
            kept.windows(CHEAP)
            windows += 1
        waited.append(windows)
        kept.windows(DEAR)
    assert waited == [3, 6, 12, 24, 48, 96]


def test_each_step_is_reported(kept: Kept) -> None:
    """A line says what is left out, an event has the numbers, and the scrape shows where it stands."""
    kept.windows(0.08)
    kept.windows(CHEAP, 3)
    takes = "telemetry: recording takes {} of the CPU time, and the budget is 5.0%: {}"
    assert kept.lines == [
        takes.format("8.0%", "spans go without the arguments of their calls"),
        takes.format("0.1%", "everything is recorded again"),
    ]
    first, last = kept.recording.logs
    assert (first.event, first.severity) == ("telemetry.overhead.step", "warning")
    fields = {"step": "arguments", "sampling_ratio": 1.0, "overhead_ratio": pytest.approx(0.08), "budget_ratio": 0.05}
    assert dict(first.fields) == fields
    assert (last.fields["step"], last.severity) == ("none", "info")
    kept.windows(DEAR, 3)
    assert kept.gauge("telemetry_overhead_step") == 2
    assert kept.gauge("telemetry_overhead_sampling_ratio") == 0.25


def test_the_event_has_a_contract(kept: Kept) -> None:
    """The event that is sent is what the pack declares: all fields, of the right types, and no others."""
    from telemetry.contracts import load_registry

    contract = load_registry(packs=["telemetry"]).event("telemetry.overhead.step")
    kept.windows(DEAR)
    (record,) = kept.recording.logs
    assert set(record.fields) == set(contract.fields)
    assert not [name for name, value in record.fields.items() if contract.fields[name].breach(value)]


def test_an_idle_process_is_not_judged(kept: Kept) -> None:
    """Hardly any CPU time says nothing about a ratio; windows go on until there is enough of it."""
    for _ in range(50):
        kept.clocks.pass_window(DEAR, cpu=0.0005)
        kept.steward.look()
    assert kept.rung == ("none", 1.0)
    for _ in range(60):
        kept.clocks.pass_window(DEAR, cpu=0.0005)
        kept.steward.look()
    assert kept.rung == ("arguments", 1.0)


def test_no_step_is_taken_that_would_not_help(kept: Kept) -> None:
    """Where our threads alone exceed the budget, as in a process that does nothing else, recording goes on."""
    for _ in range(10):
        kept.clocks.pass_window(0.001, threads=0.5)
        kept.steward.look()
    assert kept.rung == ("none", 1.0)


def test_results_and_random_numbers_are_the_same_at_every_step(kept: Kept) -> None:
    """Whatever is left out, calls return the same, and nobody has drawn from the application's random numbers."""

    def build() -> list[str]:
        random.seed(7)
        with span("spec.parse"):
            return [kept.lower(BACKEND, str(random.random())) for _ in range(50)]

    expected = build()
    for _ in LADDER[1:]:
        kept.windows(DEAR)
        assert build() == expected
    assert kept.recording.losses.keys() <= {"sampled_out", "cardinality_overflow"}


@pytest.mark.parametrize(("name", "argument", "kept_share"), [("traceidratio", 0.5, 0.25), ("always_off", 1.0, 0.0)])
def test_the_configured_ratio_is_lowered(name: str, argument: float, kept_share: float) -> None:
    """The halves are halves of what the settings ask for; who asks for nothing gets nothing."""
    with isolated(overhead_budget_percent=LIMIT_PERCENT, sampler=name, sampler_arg=argument) as recording:
        kept = Kept(recording)
        kept.windows(DEAR, 2)
        found = kept.recorded(1000)
    assert abs(len(found) / 1000 - kept_share) < 0.08


class OnlyNamed(Sampler):
    """A sampler of an application's own, which counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def should_sample(self, *arguments: Any, **named: Any) -> SamplingResult:
        """Take all."""
        self.asked += 1
        return ALWAYS_ON.should_sample(*arguments, **named)

    def get_description(self) -> str:
        """Say what it is."""
        return "OnlyNamed"


def test_a_sampler_object_is_asked_about_fewer_traces() -> None:
    """A sampler that is plugged in keeps its word, about the part of the traces that the budget leaves."""
    sampler = OnlyNamed()
    with isolated(overhead_budget_percent=LIMIT_PERCENT, sampler=sampler) as recording:
        kept = Kept(recording)
        assert len(kept.recorded(20)) == 20
        kept.windows(DEAR, 3)
        before = sampler.asked
        found = kept.recorded(400)
        assert 50 <= len(found) <= 150
        assert sampler.asked - before == len(found)
        kept.windows(CHEAP, 9)
        assert len(kept.recorded(20)) == 20


def test_a_forked_child_stays_on_the_rung(kept: Kept) -> None:
    """A child goes on with what its parent left out, and judges its own costs."""
    kept.windows(DEAR)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            (found,) = kept.recorded()
            os.write(write, repr((kept.rung, sorted(found.attributes))).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    assert os.read(read, 1000).decode() == repr((("arguments", 1.0), ["host.kind"]))
    os.close(read)
