"""`propagate`: a callable that takes the trace context of here along, into any thread or process.

In this process it keeps the ambient values themselves. Pickled, it carries them as text, with what a process that has
just started needs to record; the runtime says what that is, by `equip`.
"""

from __future__ import annotations

from _contextvars import Context
from types import AsyncGeneratorType, CodeType, GeneratorType, MethodType

from telemetry._hotpath import ambient, form

from . import forks  # noqa: F401 -- it waits for forks
from .headers import inject
from .standin import arrived

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
    from typing import Any, ParamSpec, TypeVar

    Parameters = ParamSpec("Parameters")
    Result = TypeVar("Result")
    Values = Mapping[str, Any]
    Revival = Callable[[], object]
    """Makes the process that it arrives in record; picklable."""


def propagate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Bind a callable to the trace context of here and now: the current span, and baggage.

    Whoever calls it, in whatever thread or process, and however many at once, it runs in that context, and the
    caller's is as before when it returns. It pickles if the callable does; then baggage goes along as far as it may
    leave the process. Coroutine functions and generator functions stay what they are.

    >>> from queue import Queue
    >>> jobs: Queue[Callable[[], int]] = Queue()
    >>> jobs.put(propagate(lambda: 42))
    >>> jobs.get()()
    42

    Raises:
        TypeError: It cannot be called.
    """
    if not callable(function):
        raise TypeError(f"propagate() takes a callable, not {function!r}; give the function itself, without a call")
    bound = Propagated(function, ambient.current())
    for name in ("__module__", "__doc__"):
        bound.__dict__[name] = getattr(function, name, None)
    return bound


def equip(make_revival: Callable[[], Revival | None]) -> None:
    """Set what makes the equipment of pickled callables; the runtime does, when it is loaded."""
    global _make_revival  # noqa: PLW0603 -- there is one runtime in a process
    _make_revival = make_revival


def equipment() -> Revival | None:
    """Give what a process that has just started needs to record; None while nothing is recorded here."""
    return _make_revival()


def _no_revival() -> None:
    return None


_make_revival: Callable[[], Revival | None] = _no_revival


class Propagated:
    """A callable and the ambient values that it runs in; it answers for the callable where it is asked what it is."""

    __slots__ = ("__dict__", "__weakref__", "__wrapped__", "_carrier", "_revival", "_run", "_values")

    def __init__(
        self,
        function: Callable[..., Any],
        values: Values | None,
        carrier: Mapping[str, str] | None = None,
        revival: Revival | None = None,
    ) -> None:
        self.__wrapped__ = function
        self._values = values
        self._carrier = carrier
        self._revival = revival
        self._run = _WAYS[_made_by(function)]

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the callable in the context of its binding; in a fresh process, make that record first."""
        values = self._arrive() if self._values is None else self._values
        return self._run(values, self.__wrapped__, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self.__wrapped__, name)
        except AttributeError:
            if name not in _SHAPE or self._run is _call:
                raise
        # `inspect` looks through a partial for the form of a function, but not through what is around the partial.
        return getattr(_innermost(self.__wrapped__), name)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __copy__(self) -> Propagated:
        return self._again(self.__wrapped__, self.__dict__)

    def __deepcopy__(self, memo: dict[int, Any]) -> Propagated:
        from copy import deepcopy

        return self._again(deepcopy(self.__wrapped__, memo), deepcopy(self.__dict__, memo))

    def __reduce__(self) -> tuple[Any, ...]:
        carrier = self._carrier if self._values is None else sent(self._values)
        return Propagated, (self.__wrapped__, None, carrier, self._revival or equipment())

    def __repr__(self) -> str:
        return f"<propagated {self.__wrapped__!r}>"

    def _again(self, function: Callable[..., Any], extra: Mapping[str, Any]) -> Propagated:
        """Bind a copy of the callable to the same values: a copy stays in this process, where a pickle may leave it."""
        again = Propagated(function, self._values, self._carrier, self._revival)
        again.__dict__.update(extra)
        return again

    def _arrive(self) -> Values:
        """Make this process record, if it does not, and read what came along."""
        if self._revival is not None:
            self._revival()
        values = self._values = arrived(self._carrier or {})
        return values


def sent(values: Values) -> dict[str, str]:
    """Write ambient values as the text that may leave the process."""

    def write() -> dict[str, str]:
        carrier: dict[str, str] = {}
        ambient.attach(values)
        inject(carrier)
        return carrier

    return Context().run(write)


def _made_by(function: Any) -> str:
    """Say what a call makes, as `form` does, also of a `functools.partial` and of an object with `__call__`."""
    try:
        function = _innermost(function)
        if not hasattr(function, "__code__"):
            function = type(function).__call__
        return form(function) if isinstance(getattr(function, "__code__", None), CodeType) else "function"
    except Exception:  # noqa: BLE001 -- anything may be given as a callable; calling it says what is wrong
        return "function"


def _innermost(function: Any) -> Any:
    while type(function).__name__ == "partial" and hasattr(function, "func"):
        function = function.func
    return function


def _call(values: Values, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    token = ambient.attach(values)
    try:
        return function(*args, **kwargs)
    finally:
        ambient.detach(token)


def _coroutine(values: Values, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return _await(values, function(*args, **kwargs))


async def _await(values: Values, made: Coroutine[Any, Any, Any]) -> Any:
    token = ambient.attach(values)
    try:
        return await made
    finally:
        ambient.detach(token)


def _generator(values: Values, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    made = function(*args, **kwargs)
    return _generate(values, made) if isinstance(made, GeneratorType) else made


def _generate(values: Values, made: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Have the context during each step only; what a step leaves open is there again in the next one."""
    step, given = made.send, None
    while True:
        token = ambient.attach(values)
        try:
            value = step(given)
        except StopIteration as stop:
            return stop.value
        finally:
            values = ambient.current()
            ambient.detach(token)
        try:
            step, given = made.send, (yield value)
        except BaseException as error:  # noqa: BLE001 -- it is the generator's to handle
            step, given = made.throw, error


def _async_generator(values: Values, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    made = function(*args, **kwargs)
    return _agenerate(values, made) if isinstance(made, AsyncGeneratorType) else made


async def _agenerate(values: Values, made: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    step, given = made.asend, None
    while True:
        token = ambient.attach(values)
        try:
            value = await step(given)
        except StopAsyncIteration:
            return
        finally:
            values = ambient.current()
            ambient.detach(token)
        try:
            step, given = made.asend, (yield value)
        except BaseException as error:  # noqa: BLE001 -- it is the generator's to handle
            step, given = made.athrow, error


_SHAPE = ("__annotations__", "__code__", "__defaults__", "__kwdefaults__", "__name__")
_WAYS: Mapping[str, Callable[..., Any]] = {
    "function": _call,
    "coroutine": _coroutine,
    "generator": _generator,
    "async generator": _async_generator,
}
