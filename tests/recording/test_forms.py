"""The form matrix: every callable form, and every way in which its call can end."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import pickle
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

import telemetry
from telemetry.testing import Recording, isolated

span = telemetry.instrument_span("spec.parse", capture={"spec.name": "text"})


class BoomError(Exception):
    """What the forms raise."""


def _end(text: str) -> str:
    if text == "raise":
        raise BoomError(text)
    if text == "cancel":
        raise asyncio.CancelledError
    if text == "exit":
        raise SystemExit(3)
    return text.upper()


@span
def function(text: str) -> str:
    """Be a plain function."""
    return _end(text)


@span
async def coroutine(text: str) -> str:
    """Be a coroutine function."""
    await asyncio.sleep(0)
    return _end(text)


@span
def returns_coroutine(text: str) -> Awaitable[str]:
    """Be a plain function that returns a coroutine."""
    return coroutine.__wrapped__(text)  # type: ignore[attr-defined,no-any-return]  # the undecorated one


@span
def generator(text: str) -> Iterator[str]:
    """Be a generator function."""
    yield "first"
    yield _end(text)


@span
async def async_generator(text: str) -> AsyncIterator[str]:
    """Be an async generator function."""
    yield "first"
    await asyncio.sleep(0)
    yield _end(text)


class Methods:
    """Methods of every kind, in either order of the decorators."""

    @span
    def method(self, text: str) -> str:
        """Be a method."""
        return _end(text)

    @classmethod
    @span
    def class_inside(cls, text: str) -> str:
        """Be a classmethod, decorated below."""
        return _end(text)

    @span
    @classmethod
    def class_outside(cls, text: str) -> str:
        """Be a classmethod, decorated above."""
        return _end(text)

    @staticmethod
    @span
    def static_inside(text: str) -> str:
        """Be a staticmethod, decorated below."""
        return _end(text)

    @span
    @staticmethod
    def static_outside(text: str) -> str:
        """Be a staticmethod, decorated above."""
        return _end(text)


class Callables:
    """Callable objects."""

    def __call__(self, text: str) -> str:
        """Be called."""
        return _end(text)


class AsyncCallable:
    """Callable objects whose call is a coroutine."""

    async def __call__(self, text: str) -> str:
        """Be called and awaited."""
        await asyncio.sleep(0)
        return _end(text)


partial = span(functools.partial(function.__wrapped__))  # type: ignore[attr-defined]
cached = telemetry.instrument_span("spec.parse")(functools.lru_cache(maxsize=None)(function.__wrapped__))  # type: ignore[attr-defined]
object_ = span(Callables())
async_object = span(AsyncCallable())

SYNC: dict[str, Callable[[str], Any]] = {
    "function": function,
    "method": Methods().method,
    "class_inside": Methods.class_inside,
    "class_outside": Methods.class_outside,
    "static_inside": Methods.static_inside,
    "static_outside": Methods().static_outside,
    "partial": partial,
    "lru_cache": cached,
    "object": object_,
    "bound method": span(Methods().method.__wrapped__.__get__(Methods())),  # type: ignore[attr-defined]
}
ASYNC: dict[str, Callable[[str], Awaitable[str]]] = {
    "coroutine": coroutine,
    "returns_coroutine": returns_coroutine,
    "async_object": async_object,
}


def _run(form: str, text: str) -> Any:
    """Call a form and see it through to its end."""
    if form in SYNC:
        return SYNC[form](text)
    if form in ASYNC:
        return asyncio.run(_awaited(ASYNC[form], text))
    if form == "generator":
        return list(generator(text))[-1]
    return asyncio.run(_collected(text))


async def _awaited(form: Callable[[str], Awaitable[str]], text: str) -> str:
    return await form(text)


async def _collected(text: str) -> str:
    return [item async for item in async_generator(text)][-1]


FORMS = (*SYNC, *ASYNC, "generator", "async_generator")
ENDS = {"fine": None, "raise": BoomError, "cancel": asyncio.CancelledError, "exit": SystemExit}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ENDS)
def test_every_form_ends_in_every_way(form: str, end: str) -> None:
    """One span with the captured argument, the right outcome, and the result or exception of the function itself."""
    with isolated() as recording:
        with telemetry.span("plan.compile_graph"):
            outer = telemetry.current_span()
            kind = ENDS[end]
            if kind is None:
                assert _run(form, end) == "FINE"
            else:
                with pytest.raises(kind):
                    _run(form, end)
            assert telemetry.current_span() is outer, "the caller's context was not restored"
        inner, root = recording.spans
    assert (inner.name, root.name) == ("spec.parse", "plan.compile_graph")
    assert inner.parent_span_id == root.span_id
    assert inner.attributes.get("spec.name") == (None if form == "lru_cache" else end)
    assert inner.end_ns >= inner.start_ns
    _check_outcome(recording, end)


def _check_outcome(recording: Recording, end: str) -> None:
    inner = recording.spans[0]
    result = inner.attributes.get("cicd.pipeline.task.run.result")
    if end in ("raise", "exit"):
        assert inner.status == "error"
        assert str(inner.attributes["error.type"]).endswith("BoomError" if end == "raise" else "SystemExit")
        assert [event.name for event in inner.events] == ["exception"]
    else:
        assert inner.status == "unset"
        assert result == ("cancellation" if end == "cancel" else None)
        assert inner.events == ()


@pytest.mark.parametrize("close", ["close", "drop", "break"])
def test_an_early_close_of_a_generator_is_a_success(close: str) -> None:
    """Closed, dropped or left by `break`, a generator that was started ends its span without a failure."""
    with isolated() as recording:
        if close == "break":
            for _ in generator("fine"):
                break
        else:
            opened = generator("fine")
            next(opened)
            if close == "close":
                opened.close()  # type: ignore[attr-defined]
            del opened
        gc.collect()
        (only,) = recording.spans
    assert (only.status, only.events) == ("unset", ())


def test_an_early_close_of_an_async_generator_is_a_success() -> None:
    """`aclose()` and leaving the loop end the span without a failure."""

    async def run() -> None:
        async for _ in async_generator("fine"):
            break
        opened = async_generator("fine")
        await anext(opened)
        await opened.aclose()  # type: ignore[attr-defined]

    with isolated() as recording:
        asyncio.run(run())
        gc.collect()
        assert [(each.status, each.events) for each in recording.spans] == [("unset", ()), ("unset", ())]


def test_send_and_throw_reach_the_generator() -> None:
    """What is sent comes in, what is thrown is raised inside, and a return value comes out."""

    @span
    def echo(text: str) -> Any:
        got: list[str] = []
        while True:
            try:
                got.append((yield len(got)))
            except BoomError:
                return got

    with isolated() as recording:
        driven = echo("x")
        assert [next(driven), driven.send("a"), driven.send("b")] == [0, 1, 2]
        with pytest.raises(StopIteration) as stop:
            driven.throw(BoomError())
        assert stop.value.value == ["a", "b"]
        assert recording.spans[0].status == "unset"


def test_a_consumer_never_sees_the_generators_context() -> None:
    """The span is current inside at each resume, and never outside between two of them."""
    seen = []

    @span
    def watching(text: str) -> Iterator[Any]:
        for _ in range(3):
            seen.append(telemetry.current_span())
            with telemetry.span("plan.compile_graph"):
                yield telemetry.current_span()

    with isolated() as recording:
        for current in watching("x"):
            assert telemetry.current_span() is None
            assert current is not None
        assert len({id(each) for each in seen}) == 1
        assert [each.name for each in recording.spans] == ["plan.compile_graph"] * 3 + ["spec.parse"]
        parent = recording.spans[-1]
        assert {each.parent_span_id for each in recording.spans[:-1]} == {parent.span_id}


def test_what_never_starts_has_no_span() -> None:
    """A generator or coroutine that nobody starts records nothing, and the warning names the user's function."""
    with isolated() as recording:
        generator("fine")
        never: Any = coroutine("fine")
        with pytest.warns(RuntimeWarning, match="coroutine 'coroutine' was never awaited"):
            del never
        assert recording.spans == []


@pytest.mark.parametrize("form", [function, coroutine, generator, async_generator])
@pytest.mark.parametrize(
    ("arguments", "named"), [((), {}), (("a", "b"), {}), ((), {"x": "a"}), (("a",), {"text": "a"})]
)
def test_a_call_with_wrong_arguments_records_nothing(
    form: Any, arguments: tuple[str, ...], named: dict[str, str]
) -> None:
    """Where the function never ran there is no span and no loss, and the error is Python's own."""
    with pytest.raises(TypeError) as plain:
        inspect.unwrap(form)(*arguments, **named)
    with isolated() as recording:
        with pytest.raises(TypeError, match=re.escape(str(plain.value))):
            form(*arguments, **named)
        assert recording.spans == []
        assert dict(recording.losses) == {}


@pytest.mark.parametrize("form", [function, coroutine, generator, async_generator, returns_coroutine])
def test_a_wrapper_shows_itself_as_the_function(form: Any) -> None:
    """What `inspect`, `typing` and `pickle` look at is the original's, and pickling gives the wrapper back."""
    original = form.__wrapped__
    for name in ("__code__", "__defaults__", "__kwdefaults__", "__globals__", "__name__", "__qualname__", "__doc__"):
        assert getattr(form, name) is getattr(original, name)
    assert inspect.signature(form) == inspect.signature(original)
    for question in (
        inspect.isfunction,
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
        asyncio.iscoroutinefunction,
    ):
        assert question(form) == question(original), question.__name__
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(form, protocol)) is form


def test_stacked_decorators_are_one_wrapper() -> None:
    """A span and two metrics on one function are one wrapper around it, in whatever order they stand."""

    def work(backend: str) -> str:
        return backend

    count = telemetry.record_metric("compile_success_total", on="success", capture={"backend": "backend"})
    time = telemetry.record_metric("pipeline_latency_seconds", capture={"backend": "backend"})
    span_on = telemetry.instrument_span("spec.parse")
    both: tuple[Any, Any] = (count(time(span_on(work))), span_on(time(count(work))))
    for stacked in both:
        assert stacked.__wrapped__ is work
        with isolated() as recording:
            assert stacked("c-gcc") == "c-gcc"
            assert len(recording.spans) == 1
            assert recording.value("compile_success_total", backend="c-gcc") == 1.0
            assert recording.value("pipeline_latency_seconds", backend="c-gcc").count == 1  # type: ignore[union-attr]


def test_a_class_gets_a_span_on_each_public_method() -> None:
    """`<name>.<method>` for what the class itself defines in public; the rest is left alone."""

    class Pipeline:
        def parse(self) -> str:
            return self._helper()

        def _helper(self) -> str:
            return "fine"

    with isolated() as recording:
        decorated = telemetry.instrument_span("spec")(Pipeline)
        assert decorated is Pipeline
        assert Pipeline().parse() == "fine"
        assert [each.name for each in recording.spans] == ["spec.parse"]


@pytest.mark.parametrize(
    ("target", "advice"),
    [(property(lambda self: 1), "below @property"), (3, "not callable"), ("name", "not callable")],
)
def test_what_cannot_be_timed_is_refused(target: Any, advice: str) -> None:
    """The error says what to decorate instead."""
    with pytest.raises(TypeError, match=advice):
        span(target)
