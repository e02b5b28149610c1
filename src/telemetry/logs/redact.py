"""Take secrets out of text and values before they leave the process.

It looks at names and at well-known forms of secrets, so it lowers a risk and proves nothing. Log chains, span
attributes and error messages pass here; what toolchains wrote is evidence and does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar, final

from telemetry.contracts import REDACTED, cut, is_secret_name, without_credentials

_TEXT_LIMIT = 16_384
_DEPTH_LIMIT = 6
_ITEM_LIMIT = 1_000
_NAME_LIMIT = 256

_Item = TypeVar("_Item")
_Scalar = str | bool | int | float | None
_SCALARS = (str, bool, int, float, type(None))


def redact_text(text: str) -> str:
    """Return the text without secrets, and cut at 16384 characters.

    Found are private key blocks, passwords in URLs, bearer tokens, JSON Web Tokens, the access keys and tokens of
    large services, and `name=value`, `name: value` or `--name value` where the name is that of a secret. Takes about
    1 µs where there is nothing to suspect, and time linear in the length always. Surrogates, which UTF-8 and so JSON
    and OTLP cannot carry, become U+FFFD. Never raises.

    >>> redact_text("pushing to https://ci:hunter2@registry.example/v2")
    'pushing to https://ci:[redacted]@registry.example/v2'
    """
    if len(text) > _TEXT_LIMIT:
        text = _cut(text)
    if not text.isascii():
        text = _without_surrogates(text)
    return without_credentials(text)


def redact_value(key: str, value: object) -> object:
    """Return the value as plain data without secrets.

    The result holds only None, booleans, numbers, strings, lists, tuples and dictionaries with string keys, so it can
    be written as JSON; other objects become their `str`. Keys are texts too, and those that are alike without their
    secrets become one. At most 1000 items are kept, six levels deep. Never raises.

    >>> redact_value("login", {"user": "ada", "password": "hunter2"})
    {'user': 'ada', 'password': '[redacted]'}
    """
    try:
        # Frames are dear where a recursion without end is recorded: text takes the shortest way.
        if type(value) is str:
            return REDACTED if is_secret_name(key) else redact_text(value)
        return _scalar(key, value) if isinstance(value, _SCALARS) else _Walk().value(key, value, 0)
    except Exception:  # noqa: BLE001 - a mapping of the caller's own may raise; what cannot be read is not let out
        return REDACTED


@final
class _Walk:
    """One pass over a value; it counts what it saw, so that wide and cyclic data end."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _ITEM_LIMIT

    def value(self, key: str, value: object, depth: int) -> object:
        if isinstance(value, _SCALARS):
            return _scalar(key, value)
        return REDACTED if is_secret_name(key) else self._compound(key, value, depth)

    def _compound(self, key: str, value: object, depth: int) -> object:
        if isinstance(value, (bytes, bytearray)):
            return redact_text(bytes(value[: _TEXT_LIMIT + 1]).decode("utf-8", "replace"))
        if not isinstance(value, (Mapping, list, tuple, set, frozenset)):
            return redact_text(_text(value))
        if depth == _DEPTH_LIMIT:
            return "…"
        if isinstance(value, Mapping):
            pairs = self._within_limit(value.items())
            named = ((_text(name), item) for name, item in pairs)
            return {redact_text(name): self.value(name, item, depth + 1) for name, item in named}
        items = self._items(key, value, depth + 1)
        return tuple(items) if isinstance(value, tuple) else list(items)

    def _items(self, key: str, values: Collection[object], depth: int) -> Iterator[object]:
        """Walk a sequence; what follows `--password`, or stands with `password` in a pair, is a secret too."""
        before = ""
        for item in self._within_limit(values):
            yield REDACTED if before and is_secret_name(before) else self.value(key, item, depth)
            name = _name(item)
            names_next = (name.startswith("--") or len(values) == 2) and "=" not in name
            before = name if names_next else ""

    def _within_limit(self, items: Iterable[_Item]) -> Iterator[_Item]:
        for item in items:
            if self._left == 0:
                return
            self._left -= 1
            yield item


def _scalar(key: str, value: _Scalar) -> object:
    # Whether there is a password is no secret.
    if value is None or isinstance(value, bool):
        return value
    if is_secret_name(key):
        return REDACTED
    return redact_text(value) if isinstance(value, str) else value


def _name(item: object) -> str:
    # ASGI and the like give the names of headers as bytes.
    if isinstance(item, (bytes, bytearray)):
        return bytes(item[:_NAME_LIMIT]).decode("latin-1")
    return str(item) if isinstance(item, str) else ""


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - __str__ is the caller's code
        return f"<unprintable {type(value).__name__}>"


def _cut(text: str) -> str:
    kept = cut(text, _TEXT_LIMIT)
    return f"{kept}… ({len(text) - len(kept)} more characters)"


def _without_surrogates(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
