"""Flags at a percentage: a group is in a trace as a whole or not at all, in the order of the ratio sampler."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import pytest

from telemetry import attach, detach, instrument_span, record_metric, span
from telemetry._hotpath import TraceContext, ambient
from telemetry.testing import Recording, isolated
from telemetry.tracing import sampler

ROUNDS = 200


@instrument_span("codegen.lower")
def leaf() -> int:
    """Return at once."""
    return 1


@instrument_span("codegen.lower")
async def coroutine() -> int:
    """Wait once."""
    await asyncio.sleep(0)
    return 1


@instrument_span("codegen.lower")
def generator() -> Generator[int, int, int]:
    """Take what is sent."""
    return (yield 1) + 1


@instrument_span("codegen.lower")
async def agenerator() -> AsyncGenerator[int, int]:
    """Take what is sent."""
    yield (yield 1) + 1


def block() -> None:
    """Open a block of the group."""
    with span("codegen.lower") as opened:
        opened.set_attribute("operator.name", "clamp")


def through_coroutine() -> None:
    """Await the coroutine."""
    assert asyncio.run(coroutine()) == 1


def through_generator() -> None:
    """Send into the generator, to its end."""
    made = generator()
    assert next(made) == 1
    with pytest.raises(StopIteration) as stop:
        made.send(41)
    assert stop.value.value == 42


def through_agenerator() -> None:
    """Send into the async generator, and close it."""

    async def work() -> None:
        made = agenerator()
        assert await anext(made) == 1
        assert await made.asend(41) == 42
        await made.aclose()

    asyncio.run(work())


FORMS: dict[str, Callable[[], object]] = {
    "function": leaf,
    "block": block,
    "coroutine": through_coroutine,
    "generator": through_generator,
    "async generator": through_agenerator,
}


def by_trace(recording: Recording, name: str) -> dict[int, int]:
    """Count the spans of a name in each trace."""
    found: dict[int, int] = defaultdict(int)
    for each in recording.spans:
        found[each.trace_id] += each.name == name
    return found


@pytest.mark.parametrize("form", FORMS)
def test_a_group_is_in_a_trace_as_a_whole_or_not_at_all(form: str) -> None:
    """Of three calls in a trace all are recorded or none, by what the ratio sampler says of the trace id."""
    decide = sampler("traceidratio", 0.5)
    rounds = 20 if "a" in form else ROUNDS
    with isolated(flags={"codegen.*": 0.5}) as recording:
        for _ in range(rounds):
            with span("plan.compile_graph"):
                for _ in range(3):
                    FORMS[form]()
    found = by_trace(recording, "codegen.lower")
    assert len(found) == rounds
    assert decide is not None
    assert found == {trace: 3 * decide(trace) for trace in found}
    assert recording.losses == {}


@pytest.mark.parametrize("form", FORMS)
def test_a_root_of_the_group_begins_a_trace_of_the_share(form: str) -> None:
    """Where it is recorded its trace id is one that the ratio sampler takes, and it has no parent."""
    decide = sampler("traceidratio", 0.25)
    rounds = 40 if "a" in form else ROUNDS
    with isolated(flags={"codegen.*": 0.25}) as recording:
        for _ in range(rounds):
            FORMS[form]()
    assert decide is not None
    assert 0 < len(recording.spans) < rounds
    assert all(decide(each.trace_id) and not each.parent_span_id for each in recording.spans)
    assert len({each.trace_id for each in recording.spans}) == len(recording.spans)


@pytest.mark.parametrize("outer", ["function", "block", "coroutine"])
def test_a_root_that_is_left_out_leaves_out_its_group(outer: str) -> None:
    """Below a root of the group there is the whole group, or nothing of it, though no trace says so."""

    @instrument_span("plan.compile_graph")
    def function() -> None:
        for _ in range(5):
            leaf()
            block()

    @instrument_span("plan.compile_graph")
    async def coroutine() -> None:
        await asyncio.sleep(0)
        function.__wrapped__()  # type: ignore[attr-defined]

    def opened() -> None:
        with span("plan.compile_graph"):
            function.__wrapped__()  # type: ignore[attr-defined]

    calls: dict[str, Callable[[], object]] = {
        "function": function,
        "block": opened,
        "coroutine": lambda: asyncio.run(coroutine()),
    }
    rounds = 40
    with isolated(flags={"[cp]*.*": 0.5}) as recording:
        for _ in range(rounds):
            calls[outer]()
    found = by_trace(recording, "codegen.lower")
    assert set(found.values()) == {10}
    assert 0 < len(found) < rounds


def test_the_trace_decides_where_a_generator_runs() -> None:
    """One that is made outside of a trace and run inside belongs to the trace that it runs in."""
    low, high = TraceContext(1, 5), TraceContext((1 << 56) - 1, 5)
    with isolated(flags={"codegen.*": 0.5}) as recording:
        for parent in (low, high):
            made = [generator(), generator()]
            token = attach(ambient.holding({}, parent))
            assert [next(each) for each in made] == [1, 1]
            detach(token)
            for each in made:
                each.close()
    assert [each.trace_id for each in recording.spans] == [high.trace_id] * 2


def test_metrics_are_not_thinned() -> None:
    """Every call counts, and its labels are read, whether its span is recorded or not."""

    @instrument_span("codegen.lower", capture={"operator.name": "operator"}, result={"build.cache_hit": "real"})
    @record_metric("compile_success_total", capture={"backend": "backend"})
    def lower(operator: str, backend: str) -> int:
        return len(operator)

    with isolated(flags={"codegen.*": 0.1}) as recording:
        for _ in range(ROUNDS):
            assert lower("clamp", backend="c-gcc") == 5
    assert recording.value("compile_success_total", backend="c-gcc") == ROUNDS
    assert 0 < len(recording.spans) < ROUNDS / 2
    assert {each.attributes["operator.name"] for each in recording.spans} == {"clamp"}


def test_what_is_left_out_leaves_its_children_to_the_span_around() -> None:
    """The chain of parents has no gap."""

    @instrument_span("codegen.lower")
    def lower() -> None:
        with span("spec.parse"):
            pass

    with isolated(flags={"codegen.*": 0.5}) as recording:
        for _ in range(40):
            with span("plan.compile_graph"):
                lower()
    ids = {each.span_id for each in recording.spans}
    children = [each for each in recording.spans if each.name == "spec.parse"]
    assert len(children) == 40
    assert all(each.parent_span_id in ids for each in children)


def test_the_sampler_still_has_its_say() -> None:
    """A ratio of a tenth takes traces that a flag of a half takes too, so nothing is thinned twice."""
    with isolated(flags={"codegen.*": 0.5}, sampler="traceidratio", sampler_arg=0.1) as recording:
        for _ in range(ROUNDS):
            with span("plan.compile_graph"):
                leaf()
        for _ in range(ROUNDS):
            leaf()
    found = by_trace(recording, "codegen.lower")
    assert set(found.values()) == {1}
    assert 0 < len(found) < 0.3 * 2 * ROUNDS


def test_smaller_shares_are_parts_of_greater_ones() -> None:
    """What a tenth takes, a half takes too."""
    with isolated(flags={"codegen.*": 0.1, "spec.*": 0.5}) as recording:
        for _ in range(ROUNDS):
            with span("plan.compile_graph"):
                leaf()
                with span("spec.parse"):
                    pass
    tenth, half = by_trace(recording, "codegen.lower"), by_trace(recording, "spec.parse")
    assert all(half[trace] for trace, count in tenth.items() if count)
    assert 0 < sum(tenth.values()) < sum(half.values()) < ROUNDS


@pytest.mark.parametrize("form", ["function", "coroutine", "generator", "async generator"])
def test_wrong_arguments_are_refused_at_the_call(form: str) -> None:
    """As without a flag, and under the name of the function."""
    functions: dict[str, Any] = {
        "function": leaf,
        "coroutine": coroutine,
        "generator": generator,
        "async generator": agenerator,
    }
    with isolated(flags={"codegen.*": 0.5}), pytest.raises(TypeError, match=functions[form].__name__):
        functions[form]("too many")


def test_processors_and_samplers_see_the_roots() -> None:
    """A processor sees a root of the share with the id that it keeps."""
    seen: list[tuple[str, int]] = []

    class Processor:
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            seen.append(("start", span.get_span_context().trace_id))

        def _on_ending(self, span: Any) -> None:
            pass

        def on_end(self, span: Any) -> None:
            seen.append(("end", span.get_span_context().trace_id))

        def shutdown(self) -> None:
            pass

        def force_flush(self, timeout_millis: int = 0) -> bool:
            return True

    with isolated(flags={"codegen.*": 0.5}) as recording:
        recording.runtime.add_span_processor(Processor())
        for _ in range(20):
            leaf()
    traces = [each.trace_id for each in recording.spans]
    assert [trace for moment, trace in seen if moment == "start"] == traces
    assert [trace for moment, trace in seen if moment == "end"] == traces
    assert 0 < len(traces) < 20
