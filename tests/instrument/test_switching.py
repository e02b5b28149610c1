"""Recorders that come and go while calls run: results stay right, and nothing is left behind."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from tests.instrument.forms import pause
from tests.instrument.shop import REGISTRY

from telemetry import current_span, instrument_span, metric, record_metric, span
from telemetry.testing import Recording, isolated


@pytest.fixture(autouse=True)
def _eager_threads() -> Iterator[None]:
    """Let the interpreter switch threads as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def while_switching(*works: Callable[[], None], rounds: int = 10) -> None:
    """Run each in a thread of its own, over and over, while recorders come and go; let their errors out."""
    errors: list[BaseException] = []
    over = threading.Event()

    def repeat(work: Callable[[], None]) -> None:
        try:
            while not over.wait(0.001):  # the spans of a burst would have to become records
                for _ in range(3):
                    work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=repeat, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        for _ in range(rounds):
            with isolated(registry=[REGISTRY]) as outer:
                with isolated(registry=[REGISTRY]) as inner:
                    pass
                assert {found.status for found in (*outer.spans, *inner.spans)} <= {"unset"}
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert errors == []


def test_calls_go_on_while_recorders_come_and_go() -> None:
    """Every result is right, no span stays current, and at the end the function is called as it is."""

    @record_metric("shop_jobs_total", capture={"worker": "worker"})
    @record_metric("shop_job_duration_ms")
    @instrument_span("job", capture={"job.a": "worker"})
    def job(worker: str) -> str:
        return worker * 2

    @instrument_span("job")
    def items() -> Generator[int, None, None]:
        yield from range(3)

    child = metric("shop_jobs_total").labels(worker="kept")

    def call() -> None:
        assert job("w") == "ww"
        assert current_span() is None

    def use() -> None:
        assert list(items()) == [0, 1, 2]
        with span("job") as opened:
            opened.set_attribute("job.a", 1)
            child.inc()
            metric("shop_jobs_total").labels(worker="w").inc()
        assert current_span() is None

    while_switching(call, call, use)
    assert job("w") == "ww"


def test_functions_are_decorated_while_recorders_come_and_go() -> None:
    """A module that is imported meanwhile gets wrappers that record, or not, but always work."""

    def decorate() -> None:
        @record_metric("shop_ticks_total")
        @instrument_span("job")
        def job(number: int) -> int:
            return number + 1

        assert job(1) == 2

    while_switching(decorate, decorate)


def test_what_a_call_began_with_it_ends_with() -> None:
    """A call that outlives its recorder finishes as it began: in order, with its context, into that recorder."""

    @instrument_span("job")
    async def later() -> str:
        await pause()
        return "done"

    with isolated(registry=[REGISTRY]) as first:
        made: Any = later()
        made.send(None)
        with isolated(registry=[REGISTRY]) as second, pytest.raises(StopIteration) as stop:
            made.send(None)
        assert stop.value.value == "done"
        assert ([found.name for found in first.spans], second.spans) == (["job"], [])


def test_user_code_that_raises_in_every_callback_changes_nothing(recording: Recording) -> None:
    """Captures, results, values and error labels that all raise: the call gives its result, its own error goes on."""

    def boom(*_: object) -> Any:
        raise RuntimeError("callback")

    @record_metric("shop_ticks_total", value=boom)
    @record_metric("shop_jobs_total", capture={"worker": boom})
    @record_metric("shop_job_failures_total", on="failure", error={"error_code": boom})
    @instrument_span("job", capture={"job.a": boom}, result={"job.b": boom})
    def job(fail: bool) -> str:
        if fail:
            raise LookupError("the job's own")
        return "result"

    assert job(False) == "result"
    with pytest.raises(LookupError, match="the job's own"):
        job(True)
    assert recording.value("shop_job_failures_total", error_code="internal") == 1.0
    assert recording.losses == {"capture_failed": 3, "label_missing": 2, "value_failed": 1}


def test_a_callback_may_use_telemetry_itself(recording: Recording) -> None:
    """A capture that opens spans and counts, and a decorated function within a decorated function's capture."""

    @instrument_span("job.step")
    def name(arguments: Any) -> str:
        metric("shop_ticks_total").inc()
        with span("job.step"):
            return str(arguments["number"])

    @instrument_span("job", capture={"job.a": name}, result={"job.b": lambda made: name({"number": made})})
    def job(number: int) -> int:
        return number

    assert job(3) == 3
    found = recording.spans[-1]
    assert (found.attributes["job.a"], found.attributes["job.b"]) == ("3", "3")
    assert [each.name for each in recording.spans] == ["job.step"] * 4 + ["job"]
    assert recording.value("shop_ticks_total") == 2.0


def test_mutual_recursion_nests(recording: Recording) -> None:
    """Functions that call each other make one chain of parents."""

    @instrument_span("job")
    def even(number: int) -> bool:
        return number == 0 or odd(number - 1)

    @instrument_span("job.step")
    def odd(number: int) -> bool:
        return number != 0 and even(number - 1)

    assert even(20)
    found = recording.spans
    assert [inner.parent_span_id for inner in found] == [*(outer.span_id for outer in found[1:]), None]


def test_an_event_loop_in_each_thread_has_its_own_contexts(recording: Recording) -> None:
    """Loops in several threads, each with many tasks, keep all parents apart."""

    @instrument_span("job")
    async def job() -> None:
        with span("job.step"):
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*(job() for _ in range(20)))

    threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs = {found.span_id: found for found in recording.spans if found.name == "job"}
    steps = [found for found in recording.spans if found.name == "job.step"]
    assert (len(jobs), len(steps)) == (80, 80)
    assert {step.parent_span_id for step in steps} == set(jobs)
