"""Reads protocol buffers back: the fields of a message, and values of attributes.

It reads what we wrote ourselves, from memory that may be cut short: what ends in the middle of a field raises.
"""

from __future__ import annotations

from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_DOUBLE = Struct("<d").unpack
_SIGN = 1 << 63


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Give (number, value) of each field: an int for the number types, bytes for all with a length.

    Raises:
        ValueError: It ends in the middle of a field, or has one of a type that OTLP does not use.
    """
    at, end = 0, len(message)
    while at < end:
        value: int | bytes
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(message, at)
        elif kind == 2:
            length, at = _varint(message, at)
            value = message[at : at + length]
            at += length
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value = int.from_bytes(message[at : at + size], "little")
            at += size
        else:
            raise ValueError(f"field {tag >> 3} has wire type {kind}")
        if at > end:
            raise ValueError(f"field {tag >> 3} ends beyond its message")
        yield tag >> 3, value


def attributes(pairs: list[bytes]) -> dict[str, Any]:
    """Read `KeyValue` messages."""
    found = {}
    for pair in pairs:
        parts = dict(fields(pair))
        found[str(parts.get(1, b""), "utf-8")] = value(parts.get(2, b""))
    return found


def value(message: bytes) -> Any:  # noqa: PLR0911 -- one return a type
    """Read an `AnyValue`; arrays become tuples."""
    for number, given in fields(message):
        if number == 1:
            return str(given, "utf-8")
        if number == 2:
            return bool(given)
        if number == 3:
            return given - (_SIGN << 1) if given & _SIGN else given
        if number == 4:
            return _DOUBLE(given.to_bytes(8, "little"))[0]
        if number == 5:
            return tuple(value(item) for _, item in fields(given))
        if number == 6:
            return attributes([item for _, item in fields(given)])
        return given
    return None


def _varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise ValueError("a number ends beyond its message")
