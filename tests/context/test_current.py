"""The current span in threads, tasks and copied contexts."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from types import FrameType
from typing import Any

import pytest
from tests.instrument.forms import pause

from telemetry import attach, current_span, detach, instrument_span, record_metric, span
from telemetry.context import current_ids, describe, extract
from telemetry.testing import Recording


def test_a_thread_starts_without_one(recording: Recording) -> None:
    """A plain thread has a context of its own, and leaves ours alone."""
    found: list[Any] = []

    def work() -> None:
        found.append(current_span())
        with span("job.step"):
            pass

    with span("job") as opened:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert current_span() is opened
    assert found == [None]
    assert [each.parent_span_id for each in recording.spans] == [None, None]


def test_a_copied_context_carries_it(recording: Recording) -> None:
    """`copy_context().run` in another thread, and `asyncio.to_thread`, go on below the span."""

    @instrument_span("job.step")
    def work() -> None:
        with span("job.step"):
            pass

    with span("job") as opened:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(copy_context().run, work).result()
        asyncio.run(asyncio.to_thread(work))
        assert current_span() is opened
    parents = [each.parent_span_id for each in recording.spans]
    assert parents == [recording.spans[1].span_id, opened.span_id, recording.spans[3].span_id, opened.span_id, None]


def test_a_task_keeps_what_was_current_when_it_was_made(recording: Recording) -> None:
    """Even after that span has ended, it is the parent; adding to it then is ignored."""

    async def late(ended: asyncio.Event) -> None:
        await ended.wait()
        current_span().set_attribute("job.late", 1)  # type: ignore[union-attr]
        with span("job.step"):
            pass

    async def main() -> None:
        ended = asyncio.Event()
        with span("job"):
            task = asyncio.create_task(late(ended))
            await asyncio.sleep(0)
        ended.set()
        await task
        assert current_span() is None

    asyncio.run(main())
    job, step = recording.spans
    assert (step.parent_span_id, step.trace_id) == (job.span_id, job.trace_id)
    assert "job.late" not in job.attributes


def test_tasks_do_not_see_each_other(recording: Recording) -> None:
    """Interleaved blocks of many tasks nest each within its own."""

    async def one(number: int) -> None:
        with span("job") as job:
            await asyncio.sleep(0.001 * (number % 3))
            with span("job.step") as step:
                await asyncio.sleep(0)
                assert current_span() is step
            assert step.parent_span_id == job.span_id
            assert current_span() is job

    async def main() -> None:
        await asyncio.gather(*(one(number) for number in range(30)))

    asyncio.run(main())
    assert len(recording.spans) == 60
    assert len({each.trace_id for each in recording.spans}) == 30


def test_detach_in_another_context_or_twice_is_harmless(recording: Recording) -> None:
    """A token is good once, where it was made."""
    token = attach(extract({"traceparent": f"00-{1:032x}-{2:016x}-01"}))
    copy_context().run(detach, token)
    assert current_ids() == (1, 2, 1)
    detach(token)
    detach(token)
    assert current_ids() is None


def test_a_coroutine_closed_elsewhere_leaves_both_contexts_right(recording: Recording) -> None:
    """Started in one context and closed in another, it ends its span and changes neither."""

    @instrument_span("job")
    async def job() -> None:
        with span("job.step"):
            await pause()

    made: Any = job()
    there = copy_context()
    there.run(made.send, None)
    with span("job.step") as mine:
        made.close()
        assert current_span() is mine
    assert current_span() is None
    assert [each.name for each in recording.spans] == ["job.step", "job", "job.step"]


def test_ids_are_hex_text_in_log_lines(recording: Recording) -> None:
    """32, 16 and 2 digits, lower case, with leading zeros."""
    token = attach(extract({"traceparent": f"00-{0xA:032x}-{0xB:016x}-01"}))
    found = describe(current_span())  # type: ignore[arg-type]  # there is one
    detach(token)
    assert found == {"trace_id": f"{10:032x}", "span_id": f"{11:016x}", "trace_flags": "01"}


MOMENTS_LIMIT = 1000
"""Far more calls than one decorated call makes; an endless loop in it is a failure of the test, not of the run."""


def test_an_interrupt_leaves_no_context_behind(recording: Recording) -> None:
    """KeyboardInterrupt at each moment when the interpreter looks for one: afterwards the outer span is current."""

    @record_metric("shop_job_duration_ms")
    @instrument_span("job", capture={"job.a": "value.real"})
    def job(value: float) -> None:
        """Do nothing."""

    with span("service.run") as outer, _undisturbed():
        job(1.5)
        for moment in range(MOMENTS_LIMIT):
            if not _interrupted(lambda: job(1.5), at=moment):
                break
            assert current_span() is outer, moment
        assert current_span() is outer
    assert 0 < moment < MOMENTS_LIMIT - 1
    assert recording.spans[-1].name == "service.run"


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep finalisers and the collector's callbacks out: an interrupt in one of them is swallowed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _interrupted(use: Callable[[], object], *, at: int) -> bool:
    """Interrupt before or after the call of a function, counted from 0; tell whether there was one."""
    left = iter(range(at, -1, -1))

    def look(_: FrameType, event: str, argument: object) -> None:
        if event != "return" and argument is not sys.setprofile and not next(left, 1):
            raise KeyboardInterrupt

    sys.setprofile(look)
    try:
        use()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


@pytest.mark.parametrize("garbage", [object(), 3, "span", {"get_span_context": None}])
def test_what_others_put_in_the_place_of_a_span_is_no_parent(garbage: object, recording: Recording) -> None:
    """Whatever lies under the key of the current span, a new span starts a trace of its own."""
    from opentelemetry import context, trace

    token = context.attach(trace.set_span_in_context(garbage))  # type: ignore[arg-type]  # what must not matter
    with span("job") as opened:
        assert current_span() is opened
    context.detach(token)
    assert recording.spans[0].parent_span_id is None
