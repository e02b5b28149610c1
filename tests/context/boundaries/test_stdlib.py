"""What the standard library carries by itself, without the switch: tasks, copies of a context, generators."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Generator

import telemetry
from telemetry.testing import Recording


def parent() -> int | None:
    """Give the parent of a span that begins here."""
    with telemetry.span("job.step") as span:
        return span.parent_span_id


async def later() -> int | None:
    """Give the same from a task that was suspended."""
    await asyncio.sleep(0)
    return parent()


def test_tasks_lie_below_who_made_them(recording: Recording) -> None:
    """create_task, TaskGroup, gather, to_thread, call_soon and call_later, with the maker's span closed meanwhile."""

    async def main() -> tuple[int, list[int | None]]:
        called: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        soon: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        with telemetry.span("job") as maker:
            task = asyncio.create_task(later())
            asyncio.get_running_loop().call_later(0.001, lambda: called.set_result(parent()))
            asyncio.get_running_loop().call_soon(lambda: soon.set_result(parent()))
            async with asyncio.TaskGroup() as group:
                grouped = group.create_task(later())
            found = [grouped.result(), *await asyncio.gather(later(), asyncio.to_thread(parent))]
        assert telemetry.current_span() is None
        return maker.span_id, [*found, await task, await called, await soon]

    maker, found = asyncio.run(main())
    assert found == [maker] * 6


def test_tasks_at_once_do_not_mix(recording: Recording) -> None:
    """A hundred tasks, each with a span of its own and a child after a pause, keep to their own."""

    async def one() -> bool:
        with telemetry.span("job") as own:
            return await later() == own.span_id

    async def main() -> list[bool]:
        return await asyncio.gather(*(one() for _ in range(100)))

    assert asyncio.run(main()) == [True] * 100


def test_a_copy_of_a_context_takes_it_along(recording: Recording) -> None:
    """What runs in the copy, in another thread too, lies below the span of whoever made it."""
    with telemetry.span("job") as maker:
        copy = contextvars.copy_context()
    found: list[int | None] = [copy.run(parent)]
    thread = threading.Thread(target=lambda: found.append(copy.run(parent)))
    thread.start()
    thread.join()
    assert found == [maker.span_id] * 2
    assert parent() is None


def test_generators_that_are_consumed_elsewhere(recording: Recording) -> None:
    """A generator's spans lie below its own in whatever thread resumes it, and the thread's own span stays current."""

    @telemetry.instrument_span("job")
    def numbers() -> Generator[int | None, None, None]:
        while True:
            yield parent()

    made = numbers()
    found: list[int | None] = []

    def consume() -> None:
        with telemetry.span("job.step") as consumer:
            found.append(next(made))
            assert telemetry.current_span() is consumer

    for _ in range(2):
        thread = threading.Thread(target=consume)
        thread.start()
        thread.join()
    made.close()
    (own,) = (span.span_id for span in recording.spans if span.name == "job")
    assert found == [own] * 2


def test_async_generators_that_are_consumed_elsewhere(recording: Recording) -> None:
    """An async generator's spans lie below its own in whatever task resumes it."""

    @telemetry.instrument_span("job")
    async def numbers() -> AsyncIterator[int | None]:
        while True:
            yield await later()

    async def main() -> list[int | None]:
        made = numbers()

        async def consume() -> int | None:
            with telemetry.span("job.step") as consumer:
                found = await anext(made)
                assert telemetry.current_span() is consumer
                return found

        found = [await asyncio.create_task(consume()) for _ in range(2)]
        await made.aclose()  # type: ignore[attr-defined]  # it is a generator
        return found

    found = asyncio.run(main())
    (own,) = (span.span_id for span in recording.spans if span.name == "job")
    assert found == [own] * 2
