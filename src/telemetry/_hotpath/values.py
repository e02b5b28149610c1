"""What a captured value becomes: a primitive, a tuple of primitives, or text.

`str()`, attribute access and the callables of a capture are the user's code: whatever they raise is counted, never
passed on.
"""

from __future__ import annotations

from _collections_abc import Mapping
from sys import modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .site import Source

    Count = Callable[[str, str], None]

TEXT_LIMIT = 4096
"""Characters that are kept of text made from an object; longer text of the user's own is bounded by the limits."""
ITEM_LIMIT = 1000
"""Items that are kept of a list: a capture must not cost more than the call that it belongs to."""

_NUMBERS = frozenset((int, float))
_PRIMITIVES = frozenset((str, bool, int, float))
_INT64 = 1 << 63
_MISSING = object()


def clean(value: Any) -> Any:
    """Turn any value into what a span attribute may hold; None stands for no attribute.

    OpenTelemetry, Common §Attribute: primitives or homogeneous arrays of them; integers are signed 64-bit, so a
    larger one becomes text.
    """
    kind = type(value)  # `__class__` may lie, and a proxy's does
    if kind is str or kind is bool or kind is float or value is None:
        return value
    if kind is int:
        return value if -_INT64 <= value < _INT64 else text(value)
    if kind is list or kind is tuple:
        return _array(value[:ITEM_LIMIT])
    if issubclass(kind, int):
        return clean(int.__int__(value))
    return float.__float__(value) if issubclass(kind, float) else text(value)


def text(value: Any) -> str:
    """Turn any value into text, at most `TEXT_LIMIT` characters of it when it was no string."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    try:
        return _text(value, kind)
    except Exception as error:  # noqa: BLE001 -- `__str__` is the user's code
        return f"<{kind.__name__} whose str() raised {type(error).__name__}>"


def _text(value: Any, kind: type) -> str:
    if issubclass(kind, str):  # a StrEnum too: its own text, not its repr
        return str.__str__(value)
    if kind is bytes:
        return str(value[:TEXT_LIMIT], "utf-8", "backslashreplace")
    enum = modules.get("enum")  # a value of a module that is not there cannot be
    if enum is not None and issubclass(kind, enum.Enum):
        return text(value.value) if isinstance(value.value, str) else str(value.name)
    return str.__str__(str(value))[:TEXT_LIMIT]  # `[:]` of a subclass is the user's code


def label(value: Any) -> str | None:
    """Turn a captured value into a label value; None when there is none."""
    return None if value is None else text(value)


def _array(values: Any) -> tuple[Any, ...]:
    items = tuple(text(item) if isinstance(item, (list, tuple)) else clean(item) for item in values)
    kinds = {type(item) for item in items}
    if len(kinds) <= 1 and kinds <= _PRIMITIVES:
        return items
    return tuple(map(float if kinds <= _NUMBERS else text, items))


def read(value: Any, path: tuple[str, ...]) -> Any:
    """Follow a path of attributes or, in a mapping, keys; a key wins over a method of the mapping.

    Raises:
        Exception: The path does not hold, or reading it raised.
        TypeError: It ends at something to call, which says nothing before it is called.
    """
    for name in path:
        found = getattr(value, name, _MISSING)
        if (found is _MISSING or callable(found)) and isinstance(value, Mapping):
            found = value[name]
        if found is _MISSING:
            raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")
        value = found
    if path and callable(value):
        raise TypeError(f"{path[-1]!r} is to be called, and a path calls nothing; use a callable")
    return value


def capture(source: Source, arguments: dict[str, Any], count: Count) -> Any:
    """Read a source from the arguments of a call, the slow and careful way; None when that fails, which is counted."""
    try:
        if source.function is not None:
            from types import MappingProxyType

            return clean(source.function(MappingProxyType(arguments)))
        value = read(arguments[source.parameter], source.path)
        return clean(value if source.convert is None else source.convert(value))
    except Exception as error:  # noqa: BLE001 -- paths and callables run the user's code
        return missed(source, error, count)


def missed(source: Source, error: Exception, count: Count) -> None:
    """Count a source that could not be read."""
    what = ".".join((source.parameter, *source.path)) if source.function is None else _named(source.function)
    count("capture_failed", f"{what}: {type(error).__name__}: {text(error)}")


def extract(result: Any, source: Any, count: Count) -> Any:
    """Read a path from, or call a callable with, a returned value; None when that fails, which is counted."""
    try:
        return clean(source(result) if callable(source) else read(result, source))
    except Exception as error:  # noqa: BLE001 -- paths and callables run the user's code
        what = _named(source) if callable(source) else ".".join(source)
        count("capture_failed", f"result {what}: {type(error).__name__}: {text(error)}")
        return None


def _named(function: Any) -> str:
    return str(getattr(function, "__qualname__", type(function).__qualname__))
