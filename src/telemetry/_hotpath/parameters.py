"""The parameters of a function, as text for a generated wrapper that has exactly the same ones."""

from __future__ import annotations

from types import MethodType

from .failure import WRAPPER_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FunctionType
    from typing import Any

_VARARGS, _VARKEYWORDS = 0x04, 0x08


class Parameters:
    """What a wrapper needs to know of the function that it wraps.

    Attributes:
        name: The qualified name, for messages and tracebacks.
        names: All parameters, in order.
        positional: How many of them may be passed by position.
        named: How many of them come before `*args` and `**kwargs`.
        signature: The text between the parentheses of the `def`.
        call: The text that passes every argument on.
        arguments: The texts of a tuple of the positional and a dict of the keyword arguments.
        mapping: The text of a dict of all arguments by name.
    """

    __slots__ = (
        "arguments",
        "call",
        "defaults",
        "mapping",
        "name",
        "named",
        "names",
        "plain_name",
        "positional",
        "signature",
    )

    def __init__(self, function: Callable[..., Any]) -> None:
        code: CodeType | None = getattr(function, "__code__", None)
        self.name = getattr(function, "__qualname__", None) or type(function).__qualname__
        self.plain_name = getattr(function, "__name__", "wrapper")
        self.defaults = (getattr(function, "__defaults__", None), getattr(function, "__kwdefaults__", None))
        bound = 1 if isinstance(function, MethodType) else 0
        if code is None or code.co_argcount < bound or not all(map(str.isidentifier, _named(code))):
            self._any()
        else:
            self._exactly(code, bound)

    def _any(self) -> None:
        """Take whatever is passed: a builtin, or the code of a comprehension, has no names to speak of."""
        self.names: tuple[str, ...] = ()
        self.positional = self.named = 0
        self.signature = self.call = "*args, **kwargs"
        self.arguments = ("args", "kwargs")
        self.mapping = "{**kwargs}"
        self.defaults = (None, None)

    def _exactly(self, code: CodeType, bound: int) -> None:
        names = code.co_varnames[bound:]
        positional, keywords = code.co_argcount - bound, code.co_kwonlyargcount
        named = positional + keywords
        self.positional, self.named = positional, named
        has_rest = bool(code.co_flags & _VARARGS)
        rest = [f"*{names[named]}"] if has_rest else []
        more = [f"**{names[named + has_rest]}"] if code.co_flags & _VARKEYWORDS else []
        before = [*names[:positional]]
        if code.co_posonlyargcount > bound:
            before.insert(code.co_posonlyargcount - bound, "/")
        star = rest or (["*"] if keywords else [])
        self.names = (*names[:named], *(item.lstrip("*") for item in (*rest, *more)))
        self.signature = ", ".join((*before, *star, *names[positional:named], *more))
        passed = (*names[:positional], *rest)
        self.call = ", ".join((*passed, *(f"{name}={name}" for name in names[positional:named]), *more))
        keyed = (*(f"{name!r}: {name}" for name in names[positional:named]), *more)
        self.arguments = ("(" + "".join(f"{item}, " for item in passed) + ")", "{" + ", ".join(keyed) + "}")
        self.mapping = "{" + ", ".join(f"{name!r}: {name}" for name in self.names) + "}"

    def default_of(self, place: int) -> tuple[Any] | None:
        """Give the default of a named parameter, in a tuple; None where it has none."""
        defaults, keyword_defaults = self.defaults
        if place >= self.positional:
            name = self.names[place]
            return (keyword_defaults[name],) if keyword_defaults and name in keyword_defaults else None
        from_end = place - self.positional
        return (defaults[from_end],) if defaults and -len(defaults) <= from_end else None

    def by_name(self) -> Callable[..., dict[str, Any]]:
        """Make a function of the same parameters that gives its arguments by name.

        Raises:
            TypeError: It was called with other arguments; nothing else is.
        """
        found: dict[str, Any] = {}
        exec(f"def by_name({self.signature}):\n    return {self.mapping}\n", {}, found)  # noqa: S102 -- only names
        return self.dress(found["by_name"])

    def dress(self, wrapper: FunctionType) -> FunctionType:
        """Give a generated function the defaults and the names of the original, for calls and tracebacks."""
        defaults, keyword_defaults = self.defaults
        count = wrapper.__code__.co_argcount
        wrapper.__defaults__ = defaults[-count:] if defaults and count else None
        wrapper.__kwdefaults__ = keyword_defaults
        wrapper.__name__ = self.plain_name
        wrapper.__qualname__ = self.name
        place = f"{WRAPPER_FILE}{self.name}>"
        names = {"co_name": self.plain_name, "co_qualname": self.name, "co_filename": place}
        wrapper.__code__ = wrapper.__code__.replace(**names)  # type: ignore[arg-type]  # mypy mixes its keywords up
        return wrapper


def _named(code: CodeType) -> tuple[str, ...]:
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
