"""Every form of callable, and how a declaration is put on it."""

from __future__ import annotations

from types import FunctionType, MethodType

from .declaration import Declarations
from .wrapper import Wrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Add = Callable[[Declarations, str], Declarations]
    """Adds one declaration; the text is the method's name when a class is decorated, else empty."""


def decorate(target: Any, add: Add, method: str = "") -> Any:
    """Put a declaration on a callable, and give what takes its place.

    Raises:
        TypeError: It is not callable, or calling it says nothing about how long its work takes.
    """
    if hasattr(type(target), "_telemetry_declarations"):
        return _again(target, add, method)
    if isinstance(target, type):
        return _decorate_class(target, add)
    if isinstance(target, (staticmethod, classmethod)):
        return type(target)(decorate(target.__func__, add, method))
    if isinstance(target, MethodType):
        return MethodType(decorate(target.__func__, add, method), target.__self__)
    if isinstance(target, FunctionType):
        _refuse_context_manager(target)
        return Wrapper(target, add(Declarations(None, (), place(target)), method))
    return _decorate_object(target, add, method)


def place(function: Any) -> str:
    """Say where a function is defined."""
    code = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"


def _again(wrapper: Any, add: Add, method: str) -> Any:
    """Stack: declarations on one function make one wrapper; a second span makes a second wrapper.

    A method that has a span of its own keeps that one alone when its class is decorated.
    """
    before = wrapper._telemetry_declarations
    after = add(before, method)
    if before.span is None or after.span is before.span:
        return type(wrapper)(wrapper._telemetry_function, after)
    return wrapper if method else type(wrapper)(wrapper, add(Declarations(None, (), before.place), method))


def _decorate_object(target: Any, add: Add, method: str) -> Any:
    from functools import partial, partialmethod

    if isinstance(target, (partial, partialmethod)):
        return type(target)(decorate(target.func, add, method), *target.args, **target.keywords)
    if not callable(target):
        raise TypeError(f"{target!r} cannot be instrumented: {_advice(target)}")
    from .object import InstrumentedObject

    call = type(target).__call__
    where = place(call) if hasattr(call, "__code__") else repr(target)
    return InstrumentedObject(target, add(Declarations(None, (), where), method))


def _decorate_class(target: type, add: Add) -> type:
    """Put the declaration on each public method that the class itself defines."""
    methods = {name: member for name, member in vars(target).items() if _is_public_method(name, member)}
    if not methods:
        raise TypeError(f"{target.__qualname__} has no public methods of its own to instrument: decorate what it calls")
    for name, member in methods.items():
        setattr(target, name, decorate(member, add, name))
    return target


def _is_public_method(name: str, member: Any) -> bool:
    return not name.startswith("_") and isinstance(member, (FunctionType, staticmethod, classmethod))


def _refuse_context_manager(function: Any) -> None:
    code = getattr(function, "__code__", None)
    if code is not None and code.co_name == "helper" and code.co_filename.endswith("contextlib.py"):
        raise TypeError(
            f"{function.__qualname__}() only makes a context manager, so its call takes no time: "
            "decorate the generator below @contextmanager"
        )


def _advice(target: Any) -> str:
    kind = type(target).__name__
    if isinstance(target, property):
        return "decorate its getter, below @property"
    if hasattr(type(target), "__get__"):
        return f"decorate the function below @{kind}"
    if kind in ("coroutine", "generator", "async_generator"):
        return f"a {kind} runs already; decorate the function that makes it"
    return "it is not callable"
