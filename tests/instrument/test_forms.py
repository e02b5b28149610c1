"""Every form of callable is timed as what it is: the form matrix."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.instrument.forms import FORMS, STREAMS, pause

from telemetry import current_span, instrument_span, record_metric
from telemetry.testing import Recording

OUTCOME = "cicd.pipeline.task.run.result"
INSIDE = sorted(FORMS.keys() - {"builtin_method"})  # whose body runs inside the call
ALL = sorted(FORMS)


def both(target: Any) -> Any:
    """Put a span and three counters on a callable, in an order that is not the usual one."""
    always = record_metric("shop_jobs_total", labels={"worker": "always"})
    success = record_metric("shop_jobs_total", labels={"worker": "success"}, on="success")
    failure = record_metric("shop_jobs_total", labels={"worker": "failure"}, on="failure")
    return always(instrument_span("job")(success(failure(target))))


def counted(recording: Recording) -> dict[str, object]:
    """Give the counts of the three counters."""
    return {on: recording.value("shop_jobs_total", worker=on) for on in ("always", "success", "failure")}


@pytest.mark.parametrize("form", ALL)
def test_a_return_makes_one_span(form: str, recording: Recording) -> None:
    """The result is the original's; one span without a status has the time of the body; the context is restored."""
    result = object()

    def act() -> object:
        time.sleep(0.002)
        return result

    run = FORMS[form](both, act)
    assert run() is result
    assert current_span() is None
    [span] = recording.spans
    assert (span.name, span.status, span.events, span.parent_span_id) == ("job", "unset", (), None)
    assert form == "builtin_method" or 1_500_000 < span.end_ns - span.start_ns < 500_000_000
    assert counted(recording) == {"always": 1.0, "success": 1.0, "failure": None}
    assert recording.losses == {}


@pytest.mark.parametrize("form", INSIDE)
def test_the_body_runs_inside_the_span(form: str, recording: Recording) -> None:
    """What the body asks for the current span gets the one that is recorded."""
    found: list[Any] = []
    FORMS[form](both, lambda: found.append(current_span()))()
    assert [span.span_id for span in recording.spans] == [span.span_id for span in found]


@pytest.mark.parametrize("form", INSIDE)
def test_an_exception_goes_on_and_fails_the_span(form: str, recording: Recording) -> None:
    """The very exception comes out; the span has ERROR, its type and one event; the context is restored."""
    error = ValueError("no such job")

    def act() -> None:
        raise error

    with pytest.raises(ValueError, match="no such job") as caught:
        FORMS[form](both, act)()
    assert caught.value is error
    assert current_span() is None
    [span] = recording.spans
    assert (span.status, span.attributes["error.type"]) == ("error", "ValueError")
    [event] = span.events
    assert event.name == "exception"
    assert event.attributes["exception.message"] == "no such job"
    assert counted(recording) == {"always": 1.0, "success": None, "failure": 1.0}


@pytest.mark.parametrize("form", INSIDE)
@pytest.mark.parametrize(
    ("make", "status", "outcome", "counts"),
    [
        (asyncio.CancelledError, "unset", "cancellation", (1.0, None, None)),
        (KeyboardInterrupt, "unset", "cancellation", (1.0, None, None)),
        (lambda: SystemExit(0), "unset", None, (1.0, 1.0, None)),
        (lambda: SystemExit(None), "unset", None, (1.0, 1.0, None)),
        (lambda: SystemExit(3), "error", None, (1.0, None, 1.0)),
        (lambda: BaseException("odd"), "error", None, (1.0, None, 1.0)),
    ],
    ids=["cancelled", "interrupted", "exit-0", "exit", "exit-3", "base"],
)
def test_what_is_no_error_has_its_own_outcome(
    form: str,
    make: Callable[[], BaseException],
    status: str,
    outcome: str | None,
    counts: tuple[Any, ...],
    recording: Recording,
) -> None:
    """A cancelled call is neither a success nor a failure; an exit is what its status says."""
    error = make()

    def act() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        FORMS[form](both, act)()
    assert caught.value is error
    assert current_span() is None
    [span] = recording.spans
    assert (span.status, span.attributes.get(OUTCOME)) == (status, outcome)
    assert len(span.events) == (status == "error")
    assert tuple(counted(recording).values()) == counts


@pytest.mark.parametrize("form", ALL)
def test_without_a_recorder_it_runs_as_it_is(form: str) -> None:
    """Before `configure()` a decorated callable gives the original's result, and no span is current."""
    found: list[Any] = []

    def act() -> str:
        found.append(current_span())
        return "done"

    assert FORMS[form](both, act)() == "done"
    assert found == [None]


@pytest.mark.parametrize("form", INSIDE)
def test_a_span_inside_belongs_to_the_one_around(form: str, recording: Recording) -> None:
    """Decorated within decorated: one trace, and the inner one's parent is the outer one."""
    step = instrument_span("job.step")(lambda: None)
    FORMS[form](both, step)()
    inner, outer = recording.spans
    assert (inner.name, inner.parent_span_id, inner.trace_id) == ("job.step", outer.span_id, outer.trace_id)


@pytest.mark.parametrize("form", sorted(set(INSIDE) - STREAMS))
def test_the_duration_is_recorded_in_the_unit_of_the_contract(form: str, recording: Recording) -> None:
    """One observation in seconds and one in milliseconds, equal but for the unit, in every form."""

    def timed(target: Any) -> Any:
        seconds = record_metric("shop_job_duration_seconds", labels={"worker": "w"})
        return record_metric("shop_job_duration_ms")(seconds(target))

    FORMS[form](timed, lambda: time.sleep(0.012))()
    seconds, milliseconds = recording.value("shop_job_duration_seconds"), recording.value("shop_job_duration_ms")
    assert (seconds.buckets, milliseconds.buckets) == ((0, 0, 1, 0, 0), (0, 0, 1, 0, 0))  # type: ignore[union-attr]
    assert milliseconds.sum == pytest.approx(1000 * seconds.sum)  # type: ignore[union-attr]


def test_the_matrix_has_every_form() -> None:
    """A form that is written down is a form that is tested."""
    assert len(FORMS) == 30
    assert all(callable(form) for form in FORMS.values())


def test_awaits_between_tasks_keep_their_contexts(recording: Recording) -> None:
    """Coroutines that take turns on one loop each see their own span, and leave none behind."""

    @instrument_span("job")
    async def job(number: int) -> None:
        for _ in range(3):
            current_span().set_attribute("job.number", number)  # type: ignore[union-attr]
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*(job(number) for number in range(5)))
        assert current_span() is None

    asyncio.run(main())
    assert sorted(span.attributes["job.number"] for span in recording.spans) == [0, 1, 2, 3, 4]
    assert {span.parent_span_id for span in recording.spans} == {None}


def test_a_coroutine_that_awaits_nothing_ends_at_its_first_step(recording: Recording) -> None:
    """A coroutine function that is driven by hand gives its value by StopIteration, as the original does."""

    @instrument_span("job")
    async def job() -> int:
        return 7

    with pytest.raises(StopIteration) as stop:
        job().send(None)
    assert stop.value.value == 7
    assert len(recording.spans) == 1


def test_a_cancelled_task_is_a_cancellation(recording: Recording) -> None:
    """A task that a loop cancels while it waits has that outcome, and the loop sees the cancellation."""

    @both
    async def job() -> None:
        await asyncio.sleep(10)

    async def main() -> None:
        task = asyncio.create_task(job())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(main())
    assert [span.attributes[OUTCOME] for span in recording.spans] == ["cancellation"]
    assert counted(recording) == {"always": 1.0, "success": None, "failure": None}


def test_a_coroutine_that_is_closed_was_cancelled(recording: Recording) -> None:
    """Closed, or dropped, before its end, a coroutine did not do its work: a cancellation, never a success."""

    @both
    async def job() -> None:
        await pause()

    for close in (lambda made: made.close(), lambda made: None):
        made = job()
        made.send(None)
        close(made)
        del made
    assert [span.attributes[OUTCOME] for span in recording.spans] == ["cancellation"] * 2
    assert counted(recording) == {"always": 2.0, "success": None, "failure": None}
    assert current_span() is None


def test_what_is_thrown_into_a_coroutine_reaches_its_body(recording: Recording) -> None:
    """A body that handles what its loop throws in goes on, and succeeds."""

    @instrument_span("job")
    async def job() -> str:
        try:
            await pause()
        except TimeoutError:
            return "late"
        return "in time"

    made = job()
    made.send(None)
    with pytest.raises(StopIteration) as stop:
        made.throw(TimeoutError())
    assert stop.value.value == "late"
    assert [span.status for span in recording.spans] == ["unset"]


def test_a_group_of_cancellations_is_one(recording: Recording) -> None:
    """A nursery that was cancelled raises a group: it failed only if some part of it did."""
    cancelled = BaseExceptionGroup("nursery", [asyncio.CancelledError()])
    mixed = BaseExceptionGroup("nursery", [asyncio.CancelledError(), ValueError("no")])

    @instrument_span("job")
    def job(error: BaseException) -> None:
        raise error

    for error in (cancelled, mixed):
        with pytest.raises(BaseExceptionGroup):
            job(error)
    assert [span.status for span in recording.spans] == ["unset", "error"]


def test_a_deep_recursion_ends_as_it_would(recording: Recording) -> None:
    """A recursion without end raises RecursionError; every span of it ends, and the context is restored."""

    @instrument_span("job")
    def job(depth: int) -> int:
        return job(depth + 1)

    with pytest.raises(RecursionError):
        job(0)
    assert current_span() is None
    spans = recording.spans
    assert len(spans) > 50
    assert {span.attributes["error.type"] for span in spans} == {"RecursionError"}
    assert sum(bool(span.events) for span in spans) == 1
