"""Threads, timers and pools of threads with the switch: below the span of whoever started or submitted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

import telemetry
from telemetry.testing import Recording

Task = Callable[[], None]
Send = Callable[[Task], object]


class Own(threading.Thread):
    """A thread with a `run` of its own."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task

    def run(self) -> None:
        """Do the task."""
        self.task()


def through(thread: threading.Thread) -> None:
    """Start a thread, and wait for its end."""
    thread.start()
    thread.join()


def in_loop(task: Task) -> None:
    """Have a loop's own executor do the task."""

    async def run() -> None:
        await asyncio.get_running_loop().run_in_executor(None, task)

    asyncio.run(run())


def called(task: Task) -> None:
    """Call a task that came as an argument."""
    task()


@contextmanager
def boundaries() -> Iterator[dict[str, Send]]:
    """Open one pool of each kind, with one worker that everybody shares."""
    with ExitStack() as stack:
        executor = stack.enter_context(ThreadPoolExecutor(1))
        pool = stack.enter_context(ThreadPool(1))
        yield {
            "thread": lambda task: through(threading.Thread(target=task)),
            "subclass": lambda task: through(Own(task)),
            "timer": lambda task: through(threading.Timer(0, task)),
            "submit": lambda task: executor.submit(task).result(),
            "executor map": lambda task: list(executor.map(called, [task])),
            "run_in_executor": in_loop,
            "apply": pool.apply,
            "map": lambda task: pool.map(called, [task]),
            "starmap": lambda task: pool.starmap(called, [(task,)]),
            "imap": lambda task: list(pool.imap(called, [task])),
        }


NAMES = ("thread", "subclass", "timer", "submit", "executor map", "run_in_executor", "apply", "map", "starmap", "imap")


def step(found: list[tuple[int, int | None]]) -> Task:
    """Make a task that notes its trace and its parent."""

    def task() -> None:
        with telemetry.span("job.step") as span:
            found.append((span.trace_id, span.parent_span_id))

    return task


@pytest.mark.parametrize("name", NAMES)
def test_a_task_lies_below_its_sender(name: str, recording: Recording, patched: None) -> None:
    """Nested; then by the same worker under another root; then for nobody, where it is a root."""
    found: list[tuple[int, int | None]] = []
    with ExitStack() as opener:
        opener.enter_context(telemetry.span("job"))
        sends = opener.enter_context(boundaries())
        with telemetry.span("job.step") as inner:
            sends[name](step(found))

        with telemetry.span("job") as second:
            sends[name](step(found))
    assert found == [(inner.trace_id, inner.span_id), (second.trace_id, second.span_id)]


@pytest.mark.parametrize("name", NAMES)
def test_a_worker_forgets_whom_it_was_started_by(name: str, recording: Recording, patched: None) -> None:
    """A pool whose worker was started inside a span does a task for nobody as a root, and goes on."""
    found: list[tuple[int, int | None]] = []
    with boundaries() as sends:
        with telemetry.span("job") as first:
            sends[name](step(found))
        sends[name](step(found))
        with telemetry.span("job") as second:
            sends[name](step(found))
    assert found[0] == (first.trace_id, first.span_id)
    assert found[1][1] is None
    assert found[2] == (second.trace_id, second.span_id)


@pytest.mark.parametrize("name", NAMES)
def test_senders_at_once(name: str, recording: Recording, patched: None) -> None:
    """Four threads, each inside a trace of its own, share a pool: every task lies in its sender's."""
    wrong: list[Any] = []
    done: list[int] = []

    def sender(send: Send) -> None:
        for _ in range(5):
            found: list[tuple[int, int | None]] = []
            with telemetry.span("job") as root:
                send(step(found))
            done.append(1)
            wrong.extend(each for each in found if each != (root.trace_id, root.span_id))

    with boundaries() as sends:
        threads = [threading.Thread(target=sender, args=(sends[name],)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (wrong, len(done)) == ([], 20)


def test_baggage_goes_along(recording: Recording, patched: None) -> None:
    """A thread has the baggage of whoever started it, without a span too, and as objects, not as text."""
    from telemetry.context import get_baggage, set_baggage

    found: list[object] = []
    token = set_baggage("tenant", "é, ;")
    try:
        through(threading.Thread(target=lambda: found.append(dict(get_baggage()))))
    finally:
        telemetry.detach(token)
    assert found == [{"tenant": "é, ;"}]
