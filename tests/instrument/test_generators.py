"""Generators: a context of their own at each resume, an early close that is a success, and their running time."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import AsyncGenerator, Generator
from contextvars import copy_context
from typing import Any

import pytest
from tests.instrument.forms import drive, pause

from telemetry import current_span, instrument_span, record_metric, span
from telemetry.testing import Recording


def counts(target: Any) -> Any:
    """Put a span and the two counters of success and failure on a callable."""
    success = record_metric("shop_jobs_total", labels={"worker": "success"}, on="success")
    failure = record_metric("shop_jobs_total", labels={"worker": "failure"}, on="failure")
    return instrument_span("job")(success(failure(target)))


def _echo(first: Any) -> Generator[Any, Any, str]:
    """Yield what is sent; swallow LookupError."""
    item = first
    while item != "stop":
        try:
            item = yield item
        except LookupError as error:
            item = f"caught {error.args[0]}"
    return "stopped"


async def _aecho(first: Any) -> AsyncGenerator[Any, Any]:
    """Yield what is sent, with an await in between; swallow LookupError."""
    item = first
    while item != "stop":
        await pause()
        try:
            item = yield item
        except LookupError as error:
            item = f"caught {error.args[0]}"


def echo(first: Any) -> Any:
    """Make a recorded generator."""
    return counts(_echo)(first)


def aecho(first: Any) -> Any:
    """Make a recorded async generator."""
    return counts(_aecho)(first)


class Driven:
    """A generator or an async one, driven by hand with the same words."""

    def __init__(self, made: Any) -> None:
        self.made = made
        self.asynchronous = hasattr(made, "asend")

    def next(self) -> Any:
        """Resume it."""
        return drive(self.made.asend(None)) if self.asynchronous else next(self.made)

    def send(self, value: Any) -> Any:
        """Send a value in."""
        return drive(self.made.asend(value)) if self.asynchronous else self.made.send(value)

    def throw(self, error: BaseException) -> Any:
        """Throw an exception in."""
        return drive(self.made.athrow(error)) if self.asynchronous else self.made.throw(error)

    def close(self) -> None:
        """Close it."""
        if self.asynchronous:
            drive(self.made.aclose())
        else:
            self.made.close()


EITHER = pytest.mark.parametrize("stream", [echo, aecho], ids=["generator", "async"])


@EITHER
def test_the_consumer_never_sees_the_span(stream: Any, recording: Recording) -> None:
    """Between resumes, and after the end, the consumer's own span is the current one."""
    with span("job.step") as mine:
        driven = Driven(stream(1))
        for value in (2, 3):
            driven.next()
            assert current_span() is mine
            driven.send(value)
            assert current_span() is mine
        driven.close()
        assert current_span() is mine
    job, step = recording.spans
    assert (job.parent_span_id, job.trace_id) == (step.span_id, step.trace_id)


@EITHER
def test_an_early_close_is_a_success(stream: Any, recording: Recording) -> None:
    """A consumer that has enough closes it: the span has no error, and success is counted."""
    driven = Driven(stream(1))
    assert driven.next() == 1
    driven.close()
    [job] = recording.spans
    assert (job.status, job.events, set(job.attributes)) == ("unset", (), {"host.kind"})
    assert recording.value("shop_jobs_total", worker="success") == 1.0
    assert recording.value("shop_jobs_total", worker="failure") is None


@EITHER
def test_sent_and_thrown_values_pass_through(stream: Any, recording: Recording) -> None:
    """What is sent comes to the `yield`, what is thrown is raised there, and what is handled ends nothing."""
    driven = Driven(stream("a"))
    assert driven.next() == "a"
    assert driven.send("b") == "b"
    assert driven.throw(LookupError("x")) == "caught x"
    assert recording.spans == []
    with pytest.raises((StopIteration, StopAsyncIteration)) as stop:
        driven.send("stop")
    assert driven.asynchronous or stop.value.value == "stopped"  # type: ignore[attr-defined]
    assert [job.status for job in recording.spans] == ["unset"]


@EITHER
def test_a_thrown_exception_that_is_not_handled_fails_it(stream: Any, recording: Recording) -> None:
    """The very exception comes back, without a context that the original would not have given it."""
    driven = Driven(stream("a"))
    driven.next()
    error = ZeroDivisionError("thrown")
    with pytest.raises(ZeroDivisionError) as caught:
        driven.throw(error)
    assert caught.value is error
    assert error.__context__ is None
    [job] = recording.spans
    assert (job.status, job.attributes["error.type"]) == ("error", "ZeroDivisionError")
    with pytest.raises((StopIteration, StopAsyncIteration)):
        driven.next()


@EITHER
def test_one_that_is_never_started_records_nothing(stream: Any, recording: Recording) -> None:
    """Without a first resume no code of it has run, so there is no span."""
    made = stream(1)
    del made
    driven = Driven(stream(1))
    driven.close()
    assert recording.spans == []


def test_a_generator_that_is_dropped_ends_where_it_is_dropped(recording: Recording) -> None:
    """The garbage collector closes it: an early close, in whatever context that happens."""
    made = echo(1)
    next(made)
    with span("job.step") as mine:
        del made
        assert current_span() is mine
    assert [(job.name, job.status) for job in recording.spans] == [("job", "unset"), ("job.step", "unset")]


def test_an_async_generator_that_is_dropped_is_closed_by_its_loop(recording: Recording) -> None:
    """One left by `break`, and one that is still open when the loop ends, are closed by the loop: successes."""
    kept = []

    async def main() -> None:
        async for _ in aecho(1):
            break
        gc.collect()
        await asyncio.sleep(0.01)
        assert len(recording.spans) == 1
        kept.append(aecho(2))
        await anext(kept[0])

    asyncio.run(main())
    assert [job.status for job in recording.spans] == ["unset", "unset"]
    assert recording.value("shop_jobs_total", worker="success") == 2.0


def test_running_time_leaves_out_the_time_between(recording: Recording) -> None:
    """The time while it is suspended is in the span's length, and neither in its running time nor in the metric."""

    @record_metric("shop_job_duration_seconds", labels={"worker": "w"})
    @instrument_span("job")
    def job() -> Generator[int, None, None]:
        for number in range(2):
            time.sleep(0.003)
            yield number

    for _ in job():
        time.sleep(0.02)
    [found] = recording.spans
    assert found.running_ns is not None
    assert 5_000_000 < found.running_ns < 25_000_000
    assert found.end_ns - found.start_ns > 40_000_000
    observed = recording.value("shop_job_duration_seconds", worker="w")
    assert observed.sum == pytest.approx(found.running_ns * 1e-9)  # type: ignore[union-attr]


def test_it_keeps_what_it_opens_between_resumes(recording: Recording) -> None:
    """A span that it holds open over a `yield` is its own current one at the next resume, and not the consumer's."""

    @instrument_span("job")
    def job() -> Generator[Any, None, None]:
        with span("job.step") as step:
            yield step
            assert current_span() is step
            yield None
        assert current_span() is not step
        yield current_span()

    made = job()
    step = next(made)
    assert current_span() is None
    next(made)
    outer = next(made)
    assert (step.parent_span_id, current_span()) == (outer.span_id, None)
    made.close()
    assert [found.name for found in recording.spans] == ["job.step", "job"]


def test_each_resume_may_run_in_another_context(recording: Recording) -> None:
    """A pool of threads that resumes it, each time in a copied context, sees it behave as in one."""

    @instrument_span("job")
    def job() -> Generator[Any, None, None]:
        with span("job.step"):
            yield current_span()
        yield current_span()
        with span("job.step"):
            yield current_span()

    made = job()
    found: list[Any] = []

    def resume() -> None:
        copy_context().run(lambda: found.append(next(made, None)))
        assert current_span() is None

    for _ in range(4):
        thread = threading.Thread(target=resume)
        thread.start()
        thread.join()
    first, outer, second, end = found
    assert (first.name, outer.name, second.name, end) == ("job.step", "job", "job.step", None)
    assert {first.parent_span_id, second.parent_span_id} == {outer.span_id}
    assert [each.name for each in recording.spans] == ["job.step", "job.step", "job"]


def test_without_a_context_the_consumers_span_is_seen(recording: Recording) -> None:
    """`context=False` records the generator and leaves its context alone."""

    @instrument_span("job", context=False)
    def job() -> Generator[Any, None, None]:
        yield current_span()

    assert list(job()) == [None]
    with span("job.step") as mine:
        assert list(job()) == [mine]
    assert [found.name for found in recording.spans] == ["job", "job", "job.step"]


def test_an_item_lives_no_longer_than_its_consumer_wants(recording: Recording) -> None:
    """While the next item is made, the last one is not kept: a stream of large chunks needs one at a time."""

    class Chunk:
        pass

    alive: list[int] = []
    chunks: weakref.WeakSet[Chunk] = weakref.WeakSet()

    @instrument_span("job")
    def job() -> Generator[Chunk, None, None]:
        for _ in range(3):
            alive.append(len(chunks))
            chunk = Chunk()
            chunks.add(chunk)
            yield chunk
            del chunk

    made = job()
    while next(made, None) is not None:
        pass
    assert alive == [0, 0, 0]


def test_what_was_thrown_in_is_not_kept(recording: Recording) -> None:
    """An exception that the body handled is free as soon as the consumer drops it, without a collection."""

    class OddError(LookupError):
        pass

    made = echo("a")
    next(made)
    error = OddError("x")
    seen = weakref.ref(error)
    made.throw(error)
    del error
    assert seen() is None
    made.close()


def test_a_refused_close_is_the_originals_error(recording: Recording) -> None:
    """A generator that yields when it is closed breaks the protocol with or without us."""

    def stubborn() -> Generator[int, None, None]:
        while True:
            try:
                yield 1
            except GeneratorExit:
                yield 2

    for make in (stubborn, instrument_span("job")(stubborn)):
        made = make()
        next(made)
        assert made.throw(GeneratorExit()) == 2
        assert next(made) == 1
        with pytest.raises(RuntimeError, match="generator ignored GeneratorExit"):
            made.close()
        del made
    assert len(recording.spans) == 1


def test_yield_from_delegates_to_it(recording: Recording) -> None:
    """`yield from` passes values, exceptions and the result through the decorated generator."""

    def outer() -> Generator[Any, Any, Any]:
        return (yield from echo("a"))

    made = outer()
    assert next(made) == "a"
    assert made.send("b") == "b"
    assert made.throw(KeyError("k")) == "caught k"
    with pytest.raises(StopIteration) as stop:
        made.send("stop")
    assert stop.value.value == "stopped"


def test_generators_nest_deeply(recording: Recording) -> None:
    """A hundred decorated generators within each other give their items, spans and parents in order."""

    @instrument_span("job")
    def job(depth: int) -> Generator[int, None, None]:
        yield depth
        if depth:
            yield from job(depth - 1)

    assert list(job(100)) == list(range(100, -1, -1))
    found = recording.spans
    assert len(found) == 101
    assert [inner.parent_span_id for inner in found] == [*(outer.span_id for outer in found[1:]), None]


def test_a_stop_iteration_inside_becomes_the_originals_error(recording: Recording) -> None:
    """PEP 479: StopIteration that leaves a generator's body is a RuntimeError."""

    @instrument_span("job")
    def job() -> Generator[int, None, None]:
        yield 1
        raise StopIteration  # noqa: PLR1708 -- the mistake that this is about

    with pytest.raises(RuntimeError, match="generator raised StopIteration"):
        list(job())
    assert [found.attributes["error.type"] for found in recording.spans] == ["RuntimeError"]
