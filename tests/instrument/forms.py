"""Every form of callable around one body, and a way to run each to its end."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import coroutine
from typing import Any

Act = Callable[[], Any]
Decorate = Callable[[Any], Any]
Run = Callable[[], Any]
Form = Callable[[Decorate, Act], Run]


def drive(awaitable: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine by hand, without a loop."""
    try:
        while True:
            awaitable.send(None)
    except StopIteration as stop:
        return stop.value


@coroutine
def pause() -> Generator[None, None, None]:
    """Suspend the coroutine that awaits it, once."""
    yield


async def last(items: AsyncIterator[Any]) -> Any:
    """Give the last item of an async generator."""
    found = None
    async for item in items:
        found = item
    return found


def drain(items: Generator[Any, Any, Any]) -> Any:
    """Run a generator; give what it returns."""
    try:
        while True:
            next(items)
    except StopIteration as stop:
        return stop.value


def _function(decorate: Decorate, act: Act) -> Run:
    @decorate
    def job() -> Any:
        return act()

    return job  # type: ignore[no-any-return]


def _lambda(decorate: Decorate, act: Act) -> Run:
    return decorate(lambda: act())  # type: ignore[no-any-return]  # noqa: PLW0108 -- a lambda is the form


def _coroutine(decorate: Decorate, act: Act) -> Run:
    @decorate
    async def job() -> Any:
        await pause()
        return act()

    return lambda: drive(job())


def _iterable_coroutine(decorate: Decorate, act: Act) -> Run:
    @decorate
    @coroutine
    def job() -> Generator[None, None, Any]:
        yield
        return act()

    async def outer() -> Any:
        return await job()

    return lambda: drive(outer())


def _generator(decorate: Decorate, act: Act) -> Run:
    @decorate
    def job() -> Generator[int, None, Any]:
        yield 1
        return act()

    return lambda: drain(job())


def _async_generator(decorate: Decorate, act: Act) -> Run:
    @decorate
    async def job() -> AsyncGenerator[Any, None]:
        await pause()
        yield act()

    return lambda: drive(last(job()))


def _returns_coroutine(decorate: Decorate, act: Act) -> Run:
    async def work() -> Any:
        await pause()
        return act()

    @decorate
    def job() -> Awaitable[Any]:
        return work()

    return lambda: drive(job())


def _method(decorate: Decorate, act: Act) -> Run:
    class Worker:
        @decorate
        def job(self) -> Any:
            assert type(self) is Worker
            return act()

    return Worker().job  # type: ignore[no-any-return]


def _async_method(decorate: Decorate, act: Act) -> Run:
    class Worker:
        @decorate
        async def job(self) -> Any:
            await pause()
            return act()

    return lambda: drive(Worker().job())


def _classmethod_over(decorate: Decorate, act: Act) -> Run:
    class Worker:
        @classmethod
        @decorate
        def job(cls) -> Any:
            assert cls is Worker
            return act()

    return Worker.job  # type: ignore[no-any-return]


def _classmethod_under(decorate: Decorate, act: Act) -> Run:
    class Worker:
        @decorate
        @classmethod
        def job(cls) -> Any:
            assert cls is Worker
            return act()

    return Worker().job  # type: ignore[no-any-return]


def _staticmethod_over(decorate: Decorate, act: Act) -> Run:
    class Worker:
        @staticmethod
        @decorate
        def job() -> Any:
            return act()

    return Worker().job  # type: ignore[no-any-return]


def _staticmethod_under(decorate: Decorate, act: Act) -> Run:
    class Worker:
        @decorate
        @staticmethod
        def job() -> Any:
            return act()

    return Worker.job  # type: ignore[no-any-return]


def _bound_method(decorate: Decorate, act: Act) -> Run:
    class Worker:
        def job(self) -> Any:
            return act()

    return decorate(Worker().job)  # type: ignore[no-any-return]


def _getter(decorate: Decorate, act: Act) -> Run:
    class Worker:
        @property
        @decorate
        def job(self) -> Any:
            return act()

    return lambda: Worker().job


def _abstract_over(decorate: Decorate, act: Act) -> Run:
    class Base:
        @abstractmethod
        @decorate
        def job(self) -> Any:
            return act()

    class Worker(Base):
        def job(self) -> Any:
            return super().job()

    return Worker().job


def _partial(decorate: Decorate, act: Act) -> Run:
    def job(number: int, *, name: str) -> Any:
        assert (number, name) == (1, "a")
        return act()

    return decorate(functools.partial(job, 1, name="a"))  # type: ignore[no-any-return]


def _partialmethod(decorate: Decorate, act: Act) -> Run:
    class Worker:
        def _job(self, number: int) -> Any:
            assert (type(self), number) == (Worker, 1)
            return act()

        job = decorate(functools.partialmethod(_job, 1))

    return Worker().job  # type: ignore[no-any-return]


def _cached(decorate: Decorate, act: Act) -> Run:
    @decorate
    @functools.lru_cache
    def job() -> Any:
        return act()

    return job  # type: ignore[no-any-return]


def _cached_method(decorate: Decorate, act: Act) -> Run:
    class Worker:
        @decorate
        @functools.lru_cache  # noqa: B019 -- what is tested
        def job(self) -> Any:
            assert type(self) is Worker
            return act()

    return Worker().job  # type: ignore[no-any-return]


def _object(decorate: Decorate, act: Act) -> Run:
    class Job:
        def __call__(self) -> Any:
            return act()

    return decorate(Job())  # type: ignore[no-any-return]


def _async_object(decorate: Decorate, act: Act) -> Run:
    class Job:
        async def __call__(self) -> Any:
            await pause()
            return act()

    job = decorate(Job())
    return lambda: drive(job())


def _generator_object(decorate: Decorate, act: Act) -> Run:
    class Job:
        def __call__(self) -> Generator[int, None, Any]:
            yield 1
            return act()

    job = decorate(Job())
    return lambda: drain(job())


def _call_method(decorate: Decorate, act: Act) -> Run:
    class Job:
        @decorate
        def __call__(self) -> Any:
            return act()

    return Job()


def _closure(decorate: Decorate, act: Act) -> Run:
    def outer() -> Run:
        local = act

        @decorate
        def job() -> Any:
            return local()

        return job  # type: ignore[no-any-return]

    return outer()


def _wrapped_by_others(decorate: Decorate, act: Act) -> Run:
    def other(function: Run) -> Run:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return call

    @other
    @decorate
    @other
    def job() -> Any:
        return act()

    return job


def _builtin(decorate: Decorate, act: Act) -> Run:
    call = decorate(next)
    return lambda: call(act() for _ in range(1))


def _builtin_method(decorate: Decorate, act: Act) -> Run:
    call = decorate(dict.setdefault)
    return lambda: call({}, "a", act())


def _context_manager_under(decorate: Decorate, act: Act) -> Run:
    @contextmanager
    @decorate
    def job() -> Iterator[Any]:
        yield act()

    def run() -> Any:
        with job() as found:
            return found

    return run


def _async_context_manager_under(decorate: Decorate, act: Act) -> Run:
    @asynccontextmanager
    @decorate
    async def job() -> AsyncIterator[Any]:
        await pause()
        yield act()

    async def run() -> Any:
        async with job() as found:
            return found

    return lambda: drive(run())


FORMS: dict[str, Form] = {
    name.removeprefix("_"): form
    for name, form in list(globals().items())
    if name.startswith("_") and callable(form) and getattr(form, "__module__", "") == __name__
}
STREAMS = {"generator", "async_generator", "generator_object", "context_manager_under", "async_context_manager_under"}
