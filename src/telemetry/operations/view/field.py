"""Read a field of an OTLP JSON object: absent is empty, and what is of another type raises.

Source: OTLP specification 1.x, "JSON Protobuf Encoding".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

_HEX: Final = frozenset("0123456789abcdef")
_SPECIAL: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_MOST_DIGITS: Final = 24
_DEPTH: Final = 12


def items(given: Mapping[str, Any], name: str) -> list[Any]:
    """Give a list."""
    found = given.get(name) or []
    if not isinstance(found, list):
        raise TypeError(f"{name} is no list")
    return found


def mapping(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Give an object."""
    found = given.get(name) or {}
    if not isinstance(found, Mapping):
        raise TypeError(f"{name} is no object")
    return found


def text(given: Mapping[str, Any], name: str) -> str:
    """Give a text."""
    found = given.get(name) or ""
    if not isinstance(found, str):
        raise TypeError(f"{name} is no text")
    return found


def whole(given: Mapping[str, Any], name: str) -> int:
    """Give a whole number, which may stand there as text."""
    return as_whole(given.get(name) or 0)


def as_whole(found: Any) -> int:
    """Give what stands for a whole number as one."""
    if isinstance(found, bool) or not isinstance(found, str | int | float) or len(str(found)) > _MOST_DIGITS:
        raise TypeError("no whole number")
    return int(found)


def number(given: Mapping[str, Any], name: str) -> float:
    """Give a number, which JSON has as text where it is not finite."""
    found = given.get(name) or 0
    if isinstance(found, str):
        return _SPECIAL[found] if found in _SPECIAL else float(as_whole(found))
    return float(found)


def identifier(given: Mapping[str, Any], name: str, digits: int) -> str:
    """Give an id in hex; empty where it is absent or only zeros."""
    found = text(given, name).lower()
    if found and (len(found) != digits or not set(found) <= _HEX):
        raise ValueError(f"{name} is no id")
    return found if found.strip("0") else ""


def values(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give attributes by their names."""
    return {text(each, "key"): plain(mapping(each, "value")) for each in items(given, name)}


def plain(value: Mapping[str, Any], depth: int = 0) -> Any:
    """Give what an `AnyValue` holds; bytes stay the Base64 text that JSON has, and what is very deep is left out."""
    for name, found in value.items():
        if name == "intValue":
            return as_whole(found)
        if name == "doubleValue":
            return number(value, name)
        if name in ("arrayValue", "kvlistValue"):
            return _compound(value, name, depth + 1)
        if name in ("stringValue", "boolValue", "bytesValue") and isinstance(found, str | bool):
            return found
    return None


def _compound(value: Mapping[str, Any], name: str, depth: int) -> Any:
    if depth > _DEPTH:
        return "…"
    inner = items(mapping(value, name), "values")
    if name == "arrayValue":
        return [plain(each, depth) for each in inner]
    return {text(each, "key"): plain(mapping(each, "value"), depth) for each in inner}
