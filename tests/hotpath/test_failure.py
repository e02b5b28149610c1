"""Exceptions: recorded once, at their origin, as text that was made without a look at the user's files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from telemetry import instrument_span, record_metric, span
from telemetry.testing import Recording


def events(recording: Recording) -> dict[str, list[str]]:
    """Give the messages of the exception events by span, of spans with different names."""
    return {
        found.name: [str(event.attributes["exception.message"]) for event in found.events] for found in recording.spans
    }


@instrument_span("codegen.lower")
def check(error: BaseException) -> None:
    """Raise."""
    raise error


@instrument_span("plan.compile_graph")
def step(error: BaseException) -> None:
    """Raise, one level up."""
    check(error)


def test_nested_spans_share_one_event(recording: Recording) -> None:
    """The innermost span has the event; those around it have ERROR and the type."""
    with pytest.raises(ValueError, match="x"), span("job"):
        step(ValueError("x"))
    assert events(recording) == {"codegen.lower": ["x"], "plan.compile_graph": [], "job": []}
    assert [found.status for found in recording.spans] == ["error"] * 3
    assert {found.attributes["error.type"] for found in recording.spans} == {"ValueError"}
    assert {found.attributes["error.code"] for found in recording.spans} == {"internal"}


def test_an_awaited_child_shares_it_too(recording: Recording) -> None:
    """Across `await`, a task of its own, and a generator."""

    @instrument_span("codegen.lower")
    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("x")

    @instrument_span("plan.compile_graph")
    async def outer() -> None:
        await asyncio.create_task(fail())

    with pytest.raises(ValueError, match="x"), span("job"):
        asyncio.run(outer())
    assert events(recording) == {"codegen.lower": ["x"], "plan.compile_graph": [], "job": []}


def test_raised_from_another_it_is_a_new_origin(recording: Recording) -> None:
    """`raise … from …` makes another exception, which has its own event; a group is another one too."""

    @instrument_span("plan.compile_graph")
    def translate(make: Callable[[Exception], Exception]) -> None:
        try:
            check(ValueError("inner"))
        except ValueError as error:
            raise make(error) from error

    for make in (lambda _: RuntimeError("outer"), lambda error: ExceptionGroup("group", [error])):
        with pytest.raises((RuntimeError, ExceptionGroup)):
            translate(make)
    messages = [[event.attributes["exception.message"] for event in found.events] for found in recording.spans]
    assert messages == [["inner"], ["outer"], ["inner"], ["group (1 sub-exception)"]]
    assert recording.spans[-1].attributes["error.type"] == "ExceptionGroup"


def test_a_reraise_is_not_a_new_origin(recording: Recording) -> None:
    """A parent that catches, cleans up and raises the same again does not repeat the event."""

    @instrument_span("plan.compile_graph")
    def clean_up() -> None:
        try:
            check(ValueError("x"))
        except ValueError:
            raise

    with pytest.raises(ValueError, match="x"):
        clean_up()
    assert events(recording) == {"codegen.lower": ["x"], "plan.compile_graph": []}


def test_the_same_object_elsewhere_is_recorded_there(recording: Recording) -> None:
    """An exception that is kept and raised again under another parent has an event there: it is news to that one."""
    kept: list[ValueError] = []
    with span("job"):
        try:
            check(ValueError("x"))
        except ValueError as error:
            kept.append(error)
    with pytest.raises(ValueError, match="x"), span("plan.compile_graph"):
        raise kept[0]
    assert events(recording) == {"codegen.lower": ["x"], "job": [], "plan.compile_graph": ["x"]}
    assert [found.status for found in recording.spans] == ["error", "unset", "error"]


def test_a_second_failure_of_a_child_has_its_own_event(recording: Recording) -> None:
    """A parent that survives a child's failure and then fails by itself records its own."""
    with pytest.raises(KeyError), span("job"):  # noqa: PT012 -- the block is what fails
        for error in (ValueError("first"), KeyError("second")):
            if isinstance(error, KeyError):
                raise error
            with pytest.raises(ValueError, match="first"):
                check(error)
    assert events(recording) == {"codegen.lower": ["first"], "job": ["'second'"]}


class OddError(Exception):
    """Its text cannot be had."""

    def __str__(self) -> str:
        raise OSError("no text")

    @property
    def code(self) -> str:
        """Raise."""
        raise OSError("no code")


class LongError(Exception):
    """Has much to say."""

    def __str__(self) -> str:
        return "x" * 100_000


def test_a_message_that_cannot_be_had_is_said_so(recording: Recording) -> None:
    """`str()` and attributes of an exception are the user's code: what they raise changes nothing for the caller."""
    with pytest.raises(OddError):
        check(OddError())
    [found] = recording.spans
    assert found.events[0].attributes["exception.message"] == "<OddError whose str() raised OSError>"
    assert found.attributes["error.type"].endswith("test_failure.OddError")  # type: ignore[union-attr]
    assert found.attributes["error.code"] == "internal"


def test_a_message_is_bounded(recording: Recording) -> None:
    """At most 4096 characters."""
    with pytest.raises(LongError):
        check(LongError())
    assert len(str(recording.spans[0].events[0].attributes["exception.message"])) == 4096


def _deep(depth: int, error: BaseException) -> None:
    if depth:
        _deep(depth - 1, error)
    raise error


def test_the_stack_shows_the_users_frames_only(recording: Recording) -> None:
    """File, line and name of each, outermost first, in Python's own words; at most the innermost hundred."""
    with pytest.raises(ValueError, match="x"), span("job"):
        step(ValueError("x"))
    text = str(recording.spans[0].events[0].attributes["exception.stacktrace"])
    first, *frames, last = text.splitlines()
    line = check.__code__.co_firstlineno + 3
    assert (first, last) == ("Traceback (most recent call last):", "ValueError: x")
    assert frames == [f'  File "{__file__}", line {line}, in check']

    def dive() -> None:
        _deep(300, ValueError("deep"))

    with pytest.raises(ValueError, match="deep"), span("job"):
        dive()
    text = str(recording.spans[-1].events[0].attributes["exception.stacktrace"])
    assert text.count("in _deep\n") == 100
    assert "dive" not in text


def test_an_exception_without_a_message_or_a_frame_is_shown(recording: Recording) -> None:
    """`record_exception` of one that was never raised has its type and no stack."""
    with span("job") as opened:
        opened.record_exception(ValueError())
    attributes = recording.spans[0].events[0].attributes
    assert (attributes["exception.message"], attributes["exception.stacktrace"]) == ("", "ValueError\n")


def test_the_code_of_an_exception_is_an_attribute(recording: Recording) -> None:
    """Its own `code`, where that is one of the contract's; else `internal`."""

    class CodedError(Exception):
        code: Any = "timeout"

    for code in ("timeout", "odd", 404):
        CodedError.code = code
        with pytest.raises(CodedError):
            check(CodedError())
    codes = [found.attributes["error.code"] for found in recording.spans]
    assert codes == ["timeout", "internal", "internal"]


def test_metrics_alone_count_failures(recording: Recording) -> None:
    """Without a span the failure is counted all the same, with the duration in a histogram that is always recorded."""

    @record_metric("shop_job_duration_ms")
    @record_metric("shop_ticks_total", on="failure")
    def job() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        job()
    assert recording.value("shop_ticks_total") == 1.0
    assert recording.value("shop_job_duration_ms").count == 1  # type: ignore[union-attr]
