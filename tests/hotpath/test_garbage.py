"""Nothing of the user's is kept after the end, cycles are collected, and memory stays flat."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import suppress
from typing import Any

import pytest
from tests.instrument.forms import drive, pause
from tests.instrument.shop import REGISTRY

from telemetry import current_span, instrument_span, metric, record_metric, span
from telemetry.testing import Recording, isolated


class Thing:
    """Something that can be watched."""


def test_neither_exception_nor_frame_is_kept(recording: Recording) -> None:
    """After the `except` block the exception, its frames and all their locals are gone, without a collection."""
    seen: list[weakref.ref[Any]] = []

    class FailureError(Exception):
        def __init__(self) -> None:
            seen.append(weakref.ref(self))

    @instrument_span("job")
    def job() -> None:
        thing = Thing()
        seen.append(weakref.ref(thing))
        raise FailureError

    gc.disable()
    try:
        for run in (job, _in_block(job), _awaited(job), _generated(job)):
            with suppress(FailureError):
                run()
            assert [each() for each in seen] == [None, None]
            seen.clear()
    finally:
        gc.enable()
    assert len(recording.spans) == 7


def _in_block(job: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with span("job"):
            job()

    return run


def _awaited(job: Callable[[], None]) -> Callable[[], None]:
    @instrument_span("job")
    async def later() -> None:
        job()

    def run() -> None:
        drive(later())

    return run


def _generated(job: Callable[[], None]) -> Callable[[], None]:
    @instrument_span("job")
    def items() -> Generator[None, None, None]:
        yield
        job()

    def run() -> None:
        for _ in items():
            pass

    return run


def test_arguments_and_results_are_not_kept(recording: Recording) -> None:
    """What a call was given and gave is free when the caller drops it, captured or not."""

    @instrument_span("job", capture={"job.a": "thing"}, result={"job.b": lambda made: 1})
    def job(thing: Thing) -> Thing:
        return Thing()

    given = Thing()
    made = job(given)
    seen = [weakref.ref(given), weakref.ref(made)]
    del given, made
    assert [each() for each in seen] == [None, None]
    assert len(recording.spans) == 1


def test_a_dropped_function_is_freed_while_recording(recording: Recording) -> None:
    """A closure that was decorated, called and dropped goes, with all that it holds; its spans are still recorded."""

    def make() -> tuple[Any, weakref.ref[Any]]:
        thing = Thing()

        @record_metric("shop_ticks_total")
        @instrument_span("job")
        def job() -> Thing:
            return thing

        return job, weakref.ref(thing)

    for times in (0, 1, 2):
        job, seen = make()
        for _ in range(times):
            job()
        del job
        gc.collect()
        assert seen() is None
    assert len(recording.spans) == 3


@pytest.mark.parametrize("kind", ["wrapper", "coroutine", "generator", "async generator", "span"])
def test_cycles_are_collected(kind: str, recording: Recording) -> None:
    """A cycle through what is decorated, suspended or open is found by the garbage collector."""

    @instrument_span("job")
    async def later(holder: list[Any]) -> None:
        await pause()

    @instrument_span("job")
    def items(holder: list[Any]) -> Generator[int, None, None]:
        yield 1

    @instrument_span("job")
    async def aitems(holder: list[Any]) -> AsyncGenerator[int, None]:
        yield 1

    class Holder(list[Any]):
        pass

    holder = Holder()
    if kind == "wrapper":
        made: Any = instrument_span("job")(lambda kept=holder: kept)
        made()
    elif kind == "coroutine":
        made = later(holder)
        made.send(None)
    elif kind == "generator":
        made = items(holder)
        next(made)
    elif kind == "async generator":
        made = aitems(holder)
        drive(made.asend(None))
    else:
        made = span("job")
        made.add_event("e")
        made.add_link(holder)
    holder.append(made)
    seen = weakref.ref(holder)
    del made, holder
    gc.collect()
    assert seen() is None
    assert current_span() is None


def test_a_recorder_is_freed_when_it_is_taken_out() -> None:
    """Wrappers, handles and names that recorded into a runtime do not keep it."""
    child = metric("shop_jobs_total").labels(worker="w")

    @record_metric("shop_ticks_total")
    @instrument_span("job")
    def job() -> None:
        pass

    with isolated(registry=[REGISTRY]) as recording:
        job()
        child.inc()
        with span("job"):
            pass
        seen = weakref.ref(recording.runtime)
    del recording
    gc.collect()
    assert seen() is None


def test_memory_stays_flat() -> None:
    """Thousands of calls of each form, of blocks, failures and handles leave nothing behind that grows with them."""

    @record_metric("shop_jobs_total", capture={"worker": "worker"})
    @instrument_span("job", capture={"job.a": "worker"})
    def function(worker: str) -> None:
        pass

    @instrument_span("job")
    async def coroutine() -> None:
        await pause()

    @instrument_span("job")
    def generator() -> Generator[int, None, None]:
        yield 1

    @instrument_span("job")
    async def async_generator() -> AsyncGenerator[int, None]:
        yield 1

    @instrument_span("job")
    def failing() -> None:
        raise ValueError("x")

    def fail() -> None:
        with suppress(ValueError):
            failing()

    def block() -> None:
        with span("job", attributes={"job.a": 1}) as opened, span("job.step"):
            opened.add_event("e")

    def dropped() -> None:
        made = generator()
        next(made)

    uses: list[Callable[[], object]] = [
        lambda: function("w"),
        lambda: drive(coroutine()),
        lambda: list(generator()),
        lambda: drive(async_generator().asend(None)),
        fail,
        block,
        dropped,
        lambda: metric("shop_jobs_total").labels(worker="w").inc(),
    ]
    for use in uses:
        assert any(_grown(use) < 4_000 for _ in range(3)), use


def _grown(use: Callable[[], object]) -> int:
    """Give the bytes that 1000 recorded uses leave behind: 4 bytes a use would be a leak.

    What the interpreter caches meanwhile counts too, a few thousand bytes now and then; a leak is there each time.
    """
    _use(use, 50)
    tracemalloc.start()
    try:
        _use(use, 20)
        before = tracemalloc.get_traced_memory()[0]
        _use(use, 1_000)
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def _use(use: Callable[[], object], times: int) -> None:
    with isolated(registry=[REGISTRY]) as recording:
        for _ in range(times):
            use()
        assert recording.losses == {}
    del recording
    gc.collect()
