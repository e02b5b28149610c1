"""What a captured value becomes: a primitive, a tuple of primitives, or text.

`str()`, attribute access and the callables of a capture are the user's code: whatever they raise is counted, never
passed on.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .site import Source

PRIMITIVES = frozenset((str, bool, int, float))
TEXT_LIMIT = 4096
"""Characters that are kept of text made from an object; longer text of the user's own is bounded by the limits."""

_MISSING = object()
_INT64 = 1 << 63


def clean(value: Any) -> Any:
    """Turn any value into what a span attribute may hold; None stands for no attribute.

    OpenTelemetry, Common §Attribute: primitives or homogeneous arrays of them; integers are signed 64-bit, so a
    larger one becomes text.
    """
    kind = value.__class__
    if kind is str or kind is bool or kind is float or value is None:
        return value
    if kind is int:
        return value if -_INT64 <= value < _INT64 else str(value)
    if kind is list or kind is tuple:
        return _homogeneous(value)
    return text(value)


def text(value: Any) -> str:
    """Turn any value into text, at most `TEXT_LIMIT` characters of it when it was no string."""
    if value.__class__ is str:
        return value
    if value is True or value is False:
        return "true" if value else "false"
    try:
        if isinstance(value, str):  # a str subclass or a StrEnum: its own text, not its repr
            return str.__str__(value)
        return str(value)[:TEXT_LIMIT]
    except Exception as error:  # noqa: BLE001 -- `__str__` is the user's code
        return f"<{type(value).__name__} whose str() raised {type(error).__name__}>"


def label(value: Any) -> str | None:
    """Turn a captured value into a label value; None when there is none."""
    return None if value is None else text(value)


def _homogeneous(values: Any) -> tuple[Any, ...]:
    items = tuple(clean(item) for item in values)
    kinds = {item.__class__ for item in items}
    if len(kinds) <= 1 and kinds <= PRIMITIVES:
        return items
    return tuple(text(item) for item in items)


def read(value: Any, path: tuple[str, ...]) -> Any:
    """Follow a path of attributes or, in a mapping, keys.

    Raises:
        Exception: The path does not hold, or reading it raised.
    """
    for name in path:
        found = getattr(value, name, _MISSING)
        if found is _MISSING or callable(found):
            found = value[name]
        value = found
    return value


def capture(source: Source, arguments: dict[str, Any], count: Callable[..., None]) -> Any:
    """Read a source from the arguments of a call, the slow and careful way; None when that fails, which is counted."""
    try:
        if source.function is not None:
            from types import MappingProxyType

            return clean(source.function(MappingProxyType(arguments)))
        value = read(arguments[source.parameter], source.path)
        return clean(value if source.convert is None else source.convert(value))
    except Exception as error:  # noqa: BLE001 -- paths and callables run the user's code
        count("capture_failed", f"{'.'.join((source.parameter, *source.path))}: {type(error).__name__}: {text(error)}")
        return None


def extract(result: Any, source: Any, count: Callable[..., None]) -> Any:
    """Read a path from, or call a callable with, a returned value; None when that fails, which is counted."""
    try:
        return clean(source(result) if callable(source) else read(result, source))
    except Exception as error:  # noqa: BLE001 -- paths and callables run the user's code
        what = getattr(source, "__qualname__", source) if callable(source) else ".".join(source)
        count("capture_failed", f"result {what}: {type(error).__name__}: {text(error)}")
        return None
