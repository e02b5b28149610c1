"""`propagate`: what is bound runs in the context of its binding, wherever, and stays what it was."""

from __future__ import annotations

import asyncio
import copy
import inspect
import multiprocessing
import pickle
import queue
import threading
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

import telemetry
from telemetry.context import get_baggage, govern, set_baggage
from telemetry.testing import Recording


def parent(times: int = 1, *, deep: bool = False) -> tuple[int, int | None]:
    """Give trace and parent of a span that begins here."""
    with telemetry.span("job.step") as span:
        return span.trace_id, span.parent_span_id


async def parent_later(pause: float = 0.0) -> tuple[int, int | None]:
    """Give the same after a pause."""
    await asyncio.sleep(pause)
    return parent()


class Caller:
    """A callable object."""

    async def __call__(self) -> tuple[int, int | None]:
        """Give the same."""
        return await parent_later()

    def method(self) -> tuple[int, int | None]:
        """Give the same."""
        return parent()


def test_it_runs_in_the_context_of_its_binding(recording: Recording) -> None:
    """Below the span that was current then, closed or not; and the caller's own is current again afterwards."""
    with telemetry.span("job") as maker:
        bound, method = telemetry.propagate(parent), telemetry.propagate(Caller().method)
    with telemetry.span("job") as caller:
        assert bound(2, deep=True) == method() == (maker.trace_id, maker.span_id)
        assert telemetry.current_span() is caller
    assert telemetry.propagate(parent)()[1] is None
    with telemetry.span("job"):
        pass


def test_what_it_raises_is_raised_and_the_context_restored(recording: Recording) -> None:
    """An exception goes through as it is."""

    def fail() -> None:
        raise KeyError("x")

    with telemetry.span("job"):
        bound = telemetry.propagate(fail)
    with telemetry.span("job") as caller:
        with pytest.raises(KeyError, match="x"):
            bound()
        assert telemetry.current_span() is caller


def test_bound_for_nobody_it_makes_a_root(recording: Recording) -> None:
    """What was bound outside of spans is a root, inside any span."""
    bound = telemetry.propagate(parent)
    with telemetry.span("job"):
        assert bound()[1] is None


def test_many_threads_call_it_at_once(recording: Recording) -> None:
    """One bound callable in eight threads at once, each with a span of its own current."""
    with telemetry.span("job") as maker:
        bound = telemetry.propagate(parent)
    start = threading.Barrier(8)

    def call(_: int) -> set[tuple[int, int | None]]:
        start.wait(20)
        with telemetry.span("job"):
            return {bound() for _ in range(100)}

    with ThreadPoolExecutor(8) as pool:
        assert set().union(*pool.map(call, range(8))) == {(maker.trace_id, maker.span_id)}


def test_it_keeps_the_values_themselves(recording: Recording) -> None:
    """In this process nothing becomes text: the very span is current, and baggage that may not leave is there."""
    token = set_baggage("tenant", "secret")
    try:
        with telemetry.span("job") as maker:
            bound = telemetry.propagate(lambda: (telemetry.current_span(), dict(get_baggage())))
    finally:
        telemetry.detach(token)
    assert bound() == (maker, {"tenant": "secret"})


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_keeps_the_values_themselves(copied: Callable[[Any], Any], recording: Recording) -> None:
    """A copy stays in this process, so nothing becomes text: it has the same span, all baggage, name and text."""

    def told() -> tuple[Any, dict[str, str]]:
        """Tell."""
        return telemetry.current_span(), dict(get_baggage())

    token = set_baggage("tenant", "secret")
    try:
        with telemetry.span("job") as maker:
            bound: Any = telemetry.propagate(told)
    finally:
        telemetry.detach(token)
    bound.order = [1]
    again = copied(bound)
    assert again() == bound() == (maker, {"tenant": "secret"})
    assert again is not bound
    assert (again.__doc__, again.__name__, again.order) == ("Tell.", "told", [1])
    assert (again.order is bound.order) == (copied is copy.copy)


def test_a_copy_of_what_was_pickled_arrives_where_it_was_sent(recording: Recording) -> None:
    """Before its first call it has no values yet, and a deep copy is of the callable too."""
    caller = partial(parent, deep=True)
    with telemetry.span("job") as maker:
        sent = pickle.dumps(telemetry.propagate(caller))
    arrived = pickle.loads(sent)
    for again in (copy.copy(arrived), copy.deepcopy(arrived)):
        assert again() == (maker.trace_id, maker.span_id)
    assert copy.copy(arrived).__wrapped__ is arrived.__wrapped__
    assert copy.deepcopy(arrived).__wrapped__ is not arrived.__wrapped__


def test_it_looks_as_what_it_binds() -> None:
    """Name, text, signature, attributes and forms are the callable's."""
    bound = telemetry.propagate(parent)
    assert (bound.__name__, bound.__qualname__, bound.__module__, bound.__doc__) == (
        parent.__name__,
        parent.__qualname__,
        parent.__module__,
        parent.__doc__,
    )
    assert inspect.signature(bound) == inspect.signature(parent)
    assert inspect.unwrap(bound) is parent
    assert repr(parent) in repr(bound)
    assert not inspect.iscoroutinefunction(bound)
    assert inspect.iscoroutinefunction(telemetry.propagate(parent_later))
    with pytest.raises(AttributeError):
        bound.missing  # type: ignore[attr-defined]  # noqa: B018 -- reading it is the test
    with pytest.raises(TypeError, match="takes a callable, not 3"):
        telemetry.propagate(3)  # type: ignore[arg-type]


async def stepwise(pause: float) -> AsyncIterator[float]:
    """Give what it took."""
    yield pause


ASKS = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)


@pytest.mark.parametrize("function", [parent_later, stepwise, parent, Caller().method])
def test_a_partial_keeps_its_form(function: Callable[..., Any]) -> None:
    """`inspect` says of what is bound what it says of the partial, and that is what it says of the function."""
    plain = partial(partial(function))
    bound = telemetry.propagate(plain)
    assert [ask(bound) for ask in ASKS] == [ask(plain) for ask in ASKS] == [ask(function) for ask in ASKS]
    assert inspect.signature(bound) == inspect.signature(plain)
    with pytest.raises(AttributeError):
        bound.missing  # type: ignore[attr-defined]  # noqa: B018 -- reading it is the test


def test_it_binds_to_instances_as_a_function_does() -> None:
    """In a class it is a method."""

    class Place:
        name = "here"
        told = telemetry.propagate(lambda self: self.name)

    assert Place().told() == "here"


@pytest.mark.parametrize("function", [parent_later, partial(parent_later, 0.0), Caller()])
def test_coroutines_run_in_it_until_their_end(function: Any, recording: Recording) -> None:
    """A coroutine function, a partial of one, and an object with one, awaited in place or in a task."""
    with telemetry.span("job") as maker:
        bound = telemetry.propagate(function)

    async def main() -> None:
        with telemetry.span("job") as caller:
            assert await bound() == (maker.trace_id, maker.span_id)
            assert telemetry.current_span() is caller
            found = await asyncio.gather(*(asyncio.create_task(bound()) for _ in range(10)))
            assert set(found) == {(maker.trace_id, maker.span_id)}

    asyncio.run(main())


def test_generators_have_it_during_their_steps_only(recording: Recording) -> None:
    """A generator's own open span lasts over its steps, the consumer never sees it, and send, throw and return pass."""

    def steps(first: str) -> Generator[Any, Any, str]:
        with telemetry.span("job.step") as inner:
            given = yield (inner.parent_span_id, parent()[1] == inner.span_id)
            try:
                yield (given, parent()[1] == inner.span_id)
            except ValueError as error:
                yield (str(error), parent()[1] == inner.span_id)
        return first

    with telemetry.span("job") as maker:
        bound = telemetry.propagate(steps)
    assert inspect.isgeneratorfunction(bound)
    with telemetry.span("job") as caller:
        made: Any = bound("end")
        assert next(made) == (maker.span_id, True)
        assert telemetry.current_span() is caller
        assert made.send(7) == (7, True)
        assert made.throw(ValueError("out")) == ("out", True)
        with pytest.raises(StopIteration, match="end"):
            next(made)
        assert telemetry.current_span() is caller


def test_async_generators_have_it_too(recording: Recording) -> None:
    """The same for asynchronous ones, closed early."""
    ended: list[bool] = []

    async def steps() -> AsyncIterator[bool]:
        with telemetry.span("job.step") as inner:
            try:
                while True:
                    yield (await parent_later())[1] == inner.span_id
            finally:
                ended.append((await parent_later())[1] == inner.span_id)

    with telemetry.span("job"):
        bound = telemetry.propagate(steps)

    async def main() -> None:
        with telemetry.span("job") as caller:
            made: Any = bound()
            assert [await anext(made), await anext(made)] == [True, True]
            assert telemetry.current_span() is caller
            await made.aclose()
            assert ended == [True]

    assert inspect.isasyncgenfunction(bound)
    asyncio.run(main())


def test_pickled_it_takes_ids_and_allowed_baggage(recording: Recording) -> None:
    """What comes out of a pickle lies below the same span, with the baggage that may leave and no other."""
    govern(allows=lambda key: key == "tenant")
    tokens = [set_baggage("tenant", "é 1"), set_baggage("password", "x")]
    with telemetry.span("job") as maker:
        sent = pickle.dumps(telemetry.propagate(parent))
        told = pickle.dumps(telemetry.propagate(_told))
    for token in reversed(tokens):
        telemetry.detach(token)
    with telemetry.span("job"):
        assert pickle.loads(sent)() == (maker.trace_id, maker.span_id)
        assert pickle.loads(pickle.dumps(pickle.loads(told)))() == {"tenant": "é 1"}
    govern()


def _told() -> dict[str, str]:
    return dict(get_baggage())


def test_what_does_not_pickle_says_so_as_ever() -> None:
    """The error is that of the callable."""
    with pytest.raises((AttributeError, pickle.PicklingError)) as plain:
        pickle.dumps(unpicklable := lambda: None)
    with pytest.raises(type(plain.value)) as bound:
        pickle.dumps(telemetry.propagate(unpicklable))
    assert str(bound.value) == str(plain.value)


Put = Callable[[Any], object]


@pytest.mark.parametrize("made", [queue.Queue, queue.SimpleQueue, multiprocessing.Queue])
def test_a_carrier_crosses_a_queue(made: Callable[[], Any], recording: Recording) -> None:
    """A message with `inject({})` in it has its sender as parent, whichever of four readers takes it."""
    messages, found = made(), queue.Queue[tuple[int, int | None, int, int]]()

    def read() -> None:
        while (message := messages.get(timeout=20)) is not None:
            carrier, trace_id, span_id = message
            token = telemetry.attach(telemetry.extract(carrier))
            try:
                found.put((*parent(), trace_id, span_id))
            finally:
                telemetry.detach(token)
            assert telemetry.current_span() is None

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for _ in range(40):
        with telemetry.span("job") as sender:
            carrier: dict[str, str] = {}
            telemetry.inject(carrier)
            messages.put((carrier, sender.trace_id, sender.span_id))
    for _ in readers:
        messages.put(None)
    for reader in readers:
        reader.join()
    taken = [found.get_nowait() for _ in range(40)]
    assert all(each[:2] == each[2:] for each in taken)


def test_a_carrier_crosses_an_asyncio_queue(recording: Recording) -> None:
    """The same between tasks, where the reader was made before the sender's span began."""

    async def read(messages: asyncio.Queue[Any]) -> list[bool]:
        found = []
        for _ in range(10):
            carrier, span_id = await messages.get()
            token = telemetry.attach(telemetry.extract(carrier))
            found.append((await parent_later())[1] == span_id)
            telemetry.detach(token)
        return found

    async def main() -> list[list[bool]]:
        messages: asyncio.Queue[Any] = asyncio.Queue()
        readers = [asyncio.create_task(read(messages)) for _ in range(2)]
        for _ in range(20):
            with telemetry.span("job") as sender:
                carrier: dict[str, str] = {}
                telemetry.inject(carrier)
                await messages.put((carrier, sender.span_id))
                await asyncio.sleep(0)
        return await asyncio.gather(*readers)

    assert asyncio.run(main()) == [[True] * 10] * 2
