"""Reads JSON that a stranger sent: bounded in size and depth, and only text that databases can keep."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from .problem import Problem, wrong

MOST_BYTES: Final = 4 << 20
"""About ten thousand alerts; Alertmanager's `max_alerts` keeps a delivery below it."""

_DEEPEST: Final = 16  # the format has three levels


def read_json(body: bytes) -> Any:
    """Read a body as JSON (RFC 8259).

    Raises:
        Problem: It is no JSON, is nested too deeply, or has text that is not Unicode or has a NUL.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, f"the body is not UTF-8: byte {error.start}", reason="json") from None
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise Problem(400, f"the body is not JSON: {error}", reason="json") from None
    _check(value)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _check(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise _too_deep()


def _inside(value: Any) -> list[Any]:
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, dict):
        for key in value:
            check_text(key)
        return list(value.values())
    return value if isinstance(value, list) else []


def check_text(text: str, pointer: str = "") -> None:
    """Refuse text that a database cannot keep.

    Raises:
        Problem: There is half a surrogate pair, or a NUL, in it.
    """
    if "\0" in text:
        raise wrong("a text has a NUL character in it; leave it out", pointer)
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise wrong("a text has half a surrogate pair in it, which is no character", pointer)


def _too_deep() -> Problem:
    return Problem(400, f"the body is nested deeper than {_DEEPEST} levels", reason="json")
