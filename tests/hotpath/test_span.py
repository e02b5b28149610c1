"""The span through OpenTelemetry's names: what counts, what is ignored, and what is harmless."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceFlags
from tests.instrument.shop import REGISTRY

from telemetry import attach, current_span, detach, extract, instrument_span, span
from telemetry.signals import SpanRecord
from telemetry.testing import Recording, isolated

REMOTE = SpanContext(0xABC, 0xDEF, True, TraceFlags(1))


def only(recording: Recording) -> SpanRecord:
    """Give the one span."""
    [found] = recording.spans
    return found


def test_attributes_are_set_one_by_one_and_together(recording: Recording) -> None:
    """By the call, by either method, later ones over earlier ones; None sets nothing."""
    with span("job", attributes={"job.a": 1, "job.b": None}, job_name="n") as opened:
        opened.set_attribute("job.c", [1, 2])
        opened.set_attributes({"job.a": 2, "job.d": None})
    assert only(recording).attributes == {"host.kind": "online", "job.a": 2, "job_name": "n", "job.c": (1, 2)}


def test_events_have_their_time_and_attributes(recording: Recording) -> None:
    """In the order of their making; the time is now unless it is given, be it zero."""
    before = time.time_ns()
    with span("job") as opened:
        opened.add_event("first", {"size": 1, "none": None})
        opened.add_event("second", timestamp=0)
    first, second = only(recording).events
    assert (first.name, dict(first.attributes), second.name, second.time_ns) == ("first", {"size": 1}, "second", 0)
    assert before <= first.time_ns <= time.time_ns()


def test_links_point_at_other_spans(recording: Recording) -> None:
    """Given as OpenTelemetry's contexts or links, as ours, at the start or later; what is no link is counted."""
    with span("job.step") as other:
        pass
    with span("job", links=(Link(REMOTE, {"why": "retry"}), (other, {}))) as opened:
        opened.add_link(REMOTE)
        opened.add_link("garbage", {"a": 1})
    links = recording.spans[-1].links
    assert [(link.trace_id, link.span_id, dict(link.attributes)) for link in links] == [
        (0xABC, 0xDEF, {"why": "retry"}),
        (other.trace_id, other.span_id, {}),
        (0xABC, 0xDEF, {}),
    ]
    assert recording.losses == {"link_refused": 1}


def test_a_name_may_change_to_another_of_the_registry(recording: Recording) -> None:
    """The record bears it; one that the registry lacks is counted, and the first name stays."""
    with span("job") as opened:
        opened.update_name("job.step")
        assert opened.name == "job.step"
    with span("job") as opened:
        opened.update_name("jbo")
    assert [found.name for found in recording.spans] == ["job.step", "job"]
    assert recording.losses == {"span_refused": 1}


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([("ok",)], ("ok", "")),
        ([("ok", "ignored")], ("ok", "")),
        ([("error",)], ("error", "")),
        ([("error", "why")], ("error", "why")),
        ([(StatusCode.ERROR, "why")], ("error", "why")),
        ([(Status(StatusCode.ERROR, "why"),)], ("error", "why")),
        ([(Status(StatusCode.OK),)], ("ok", "")),
        ([("error", "why"), ("error", "other")], ("error", "other")),
        ([("error", "why"), ("ok",)], ("ok", "")),
        ([("ok",), ("error", "why")], ("ok", "")),
        ([("error", "why"), ("unset",)], ("error", "why")),
        ([("error", "why"), (StatusCode.UNSET,)], ("error", "why")),
        ([("nonsense",)], ("unset", "")),
        ([("ERROR", "why")], ("error", "why")),
    ],
)
def test_the_status_follows_the_rule(
    calls: list[tuple[Any, ...]], expected: tuple[str, str], recording: Recording
) -> None:
    """Ok is final, Unset is ignored, and only an error has a description (API, Trace §Set Status)."""
    with span("job") as opened:
        for call in calls:
            opened.set_status(*call)
    found = only(recording)
    assert (found.status, found.status_description) == expected


def test_a_status_that_was_set_stays_when_the_block_fails(recording: Recording) -> None:
    """An exception sets ERROR only where nothing was said; it is recorded all the same."""
    with pytest.raises(ValueError, match="x"), span("job") as opened:  # noqa: PT012 -- the block is what fails
        opened.set_status("ok")
        raise ValueError("x")
    found = only(recording)
    assert (found.status, found.attributes["error.type"], len(found.events)) == ("ok", "ValueError", 1)


def test_an_end_is_final(recording: Recording) -> None:
    """A second end, and everything that is added after the first, is ignored."""
    opened = span("job")
    assert opened.is_recording()
    end_ns = time.time_ns() + 5
    opened.end(end_ns)
    assert not opened.is_recording()
    opened.end()
    opened.set_attribute("job.a", 1)
    opened.add_event("late")
    opened.add_link(REMOTE)
    opened.update_name("job.step")
    opened.set_status("error", "late")
    opened.record_exception(ValueError("late"))
    found = only(recording)
    assert (found.name, found.end_ns, found.status) == ("job", end_ns, "unset")
    assert (found.attributes, found.events, found.links) == ({"host.kind": "online"}, (), ())


def test_an_end_inside_the_block_is_the_end(recording: Recording) -> None:
    """A block or function that ends its own span leaves with one record, and the time of that end."""

    @instrument_span("job.step")
    def step() -> None:
        current_span().end()  # type: ignore[union-attr]
        time.sleep(0.01)

    with pytest.raises(ValueError, match="after"), span("job") as opened:  # noqa: PT012 -- the block is what fails
        step()
        opened.end()
        time.sleep(0.01)
        raise ValueError("after")
    assert [found.name for found in recording.spans] == ["job.step", "job"]
    assert all(found.end_ns - found.start_ns < 9_000_000 for found in recording.spans[:1])
    assert [found.status for found in recording.spans] == ["unset", "unset"]


def test_a_block_that_is_entered_twice_is_one_span(recording: Recording) -> None:
    """Nested in itself, entered again after its end, or left without entering: one record, and no context is left."""
    opened = span("job")
    with opened, opened:
        assert current_span() is opened
    assert current_span() is None
    with opened:
        assert current_span() is None
    opened.__exit__(None, None, None)
    fresh = span("job.step")
    fresh.__exit__(None, None, None)
    assert [found.name for found in recording.spans] == ["job", "job.step"]


def test_it_starts_when_it_is_made(recording: Recording) -> None:
    """Without `with` it is nobody's parent, and ends by `end()`, as OpenTelemetry's `start_span` does."""
    opened = span("job")
    with span("job.step"):
        pass
    opened.end()
    assert [(found.name, found.parent_span_id) for found in recording.spans] == [("job.step", None), ("job", None)]


def test_one_that_nobody_records_takes_everything() -> None:
    """Before `configure()` a block runs, its span has invalid ids, and adding to it is no error."""
    with span("job", links=(REMOTE,), job_name="n") as opened:
        opened.set_attributes({"job.a": 1})
        opened.add_event("e")
        opened.add_link(REMOTE)
        opened.update_name("x")
        opened.set_status("error", "x")
        opened.record_exception(ValueError("x"))
        opened.end()
        assert current_span() is None
        assert not opened.is_recording()
        assert not opened.get_span_context().is_valid
        assert (opened.trace_id, opened.span_id, opened.parent_span_id, opened.name) == (0, 0, None, "")
    with pytest.raises(ValueError, match="x"), span("job"):
        raise ValueError("x")


def test_an_explicit_exception_is_always_an_event(recording: Recording) -> None:
    """It leaves the status alone, takes more attributes, and does not stand for the one that ends the block."""
    error = ValueError("x")
    with pytest.raises(ValueError, match="x"), span("job") as opened:  # noqa: PT012 -- the block is what fails
        opened.record_exception(error, {"job.try": 1, "exception.message": "mine"}, timestamp=5, escaped=True)
        raise error
    found = only(recording)
    explicit, implicit = found.events
    assert (explicit.time_ns, explicit.attributes["exception.message"], explicit.attributes["job.try"]) == (
        5,
        "mine",
        1,
    )
    assert explicit.attributes["exception.escaped"] is True
    assert implicit.attributes["exception.message"] == "x"


def test_it_shows_itself_to_opentelemetry(recording: Recording) -> None:
    """`get_span_context()` has its ids; `isinstance` and `get_current_span()` take it for a span."""
    with span("job") as opened:
        context = opened.get_span_context()
        assert (context.trace_id, context.span_id, context.is_remote) == (opened.trace_id, opened.span_id, False)
        assert context.is_valid and context.trace_flags.sampled
        assert isinstance(opened, trace.Span)
        assert trace.get_current_span() is opened
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert only(recording).trace_flags == 3


def test_the_end_is_the_start_and_what_the_monotonic_clock_says(recording: Recording) -> None:
    """The length is measured by a clock that does not jump, and children lie within their parents."""
    with span("job"):
        time.sleep(0.005)
        with span("job.step"):
            time.sleep(0.005)
    step, job = recording.spans
    assert job.start_ns < step.start_ns < step.end_ns <= job.end_ns
    assert 10_000_000 <= job.end_ns - job.start_ns < 300_000_000


def test_a_chain_of_tasks_does_not_keep_its_ancestors(recording: Recording) -> None:
    """A task that each time starts the next inside its own span, and ends, frees what has ended."""

    class Thing:
        """Something that a span holds, and that can be watched."""

    held: weakref.WeakSet[Thing] = weakref.WeakSet()
    running: list[asyncio.Task[None]] = []

    async def poll(rounds: int, done: asyncio.Event) -> None:
        with span("job") as opened:
            thing = Thing()
            held.add(thing)
            opened.add_link(thing)
            if rounds:
                running[:] = [asyncio.create_task(poll(rounds - 1, done))]
        if not rounds:
            done.set()
            await asyncio.sleep(10)

    async def main() -> None:
        done = asyncio.Event()
        running[:] = [asyncio.create_task(poll(20, done))]
        await done.wait()
        assert len(recording.spans) == 21
        gc.collect()
        assert len(held) <= 3
        running[0].cancel()

    asyncio.run(main())
    parents = {each.parent_span_id for each in recording.spans}
    assert len(parents) == 21 and None in parents
    assert len({each.trace_id for each in recording.spans}) == 1


SAMPLERS = [("always_on", None, 400), ("always_off", None, 0), ("traceidratio", 0.25, 100), ("traceidratio", 0.0, 0)]


@pytest.mark.parametrize(("name", "argument", "expected"), SAMPLERS)
def test_unsampled_traces_are_not_exported(name: str, argument: float | None, expected: int) -> None:
    """Whole traces are kept or left out; the ids of those left out are in context all the same, unsampled."""
    with isolated(registry=[REGISTRY], sampler=name, sampler_arg=argument) as recording:
        for _ in range(400):
            with span("job") as job, span("job.step") as step:
                assert job.is_recording() == step.is_recording() == job.get_span_context().trace_flags.sampled
                assert step.trace_id == job.trace_id != 0
        found = recording.spans
        assert abs(len(found) / 2 - expected) <= (40 if expected % 400 else 0)
        assert len({each.trace_id for each in found}) * 2 == len(found)
        assert recording.losses.get("sampled_out", 0) == 800 - len(found)


@pytest.mark.parametrize(("flags", "kept"), [("00", 0), ("01", 1), ("03", 1), ("02", 0)])
def test_a_remote_parent_decides(flags: str, kept: int) -> None:
    """The sender's verdict holds here, whatever the sampler says of traces that start here."""
    for sampler in ("parentbased_always_on", "parentbased_always_off"):
        with isolated(registry=[REGISTRY], sampler=sampler) as recording:
            token = attach(extract({"traceparent": f"00-{0xABC:032x}-{0xDEF:016x}-{flags}"}))
            with span("job") as opened:
                assert opened.is_recording() == bool(kept)
                assert opened.trace_flags == int(flags, 16)
            detach(token)
            assert len(recording.spans) == kept
            if kept:
                assert (only(recording).trace_id, only(recording).parent_span_id) == (0xABC, 0xDEF)
                assert only(recording).parent_is_remote


def test_open_spans_can_be_looked_at(recording: Recording) -> None:
    """A span stands among the open ones from its start to its end, with its ids, name, parent and captured values."""

    @instrument_span("job", capture={"job.a": "value"})
    def job(value: str) -> list[SpanRecord]:
        return list(recording.runtime.open_spans())

    with span("service.run") as outer:
        around, inside = sorted(job("x"), key=lambda found: found.start_ns)
    assert (around.name, around.span_id, around.parent_span_id, around.end_ns) == (
        "service.run",
        outer.span_id,
        None,
        0,
    )
    assert (inside.name, inside.parent_span_id, inside.attributes["job.a"]) == ("job", outer.span_id, "x")
    assert recording.runtime.open_spans() == []


def test_spans_that_nobody_ends_do_not_pile_up(recording: Recording) -> None:
    """The table of open spans is bounded."""
    kept = [span("job") for _ in range(1500)]
    assert len(recording.runtime.open_spans()) <= 1024
    del kept
    with span("service.run"):
        assert "service.run" in [found.name for found in recording.runtime.open_spans()]
