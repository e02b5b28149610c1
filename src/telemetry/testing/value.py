"""Write values as tests do: names as they are, anything else as Python has it."""

from __future__ import annotations

import re
from ast import literal_eval
from contextlib import suppress
from typing import Final

from telemetry.signals import Distribution, Quantiles

_NAME: Final = re.compile(r"""[^\s'"=,()\[\]{}]+""")

_WORDS: Final[dict[str, object]] = {"None": None, "True": True, "False": False}
_OPENING: Final = frozenset("'\"([{")


def shown(value: object) -> str:
    """Write a value; quotes are left out where nothing could mistake the text.

    >>> shown("c-gcc"), shown("3"), shown(3), shown("two words")
    ('c-gcc', "'3'", '3', "'two words'")
    """
    if isinstance(value, str) and _NAME.fullmatch(value) and read(value) == value:
        return value
    return one_line(repr(value))


def read(text: str) -> object:
    """Read what `shown` wrote, with or without quotes.

    >>> read("c-gcc"), read("'c-gcc'"), read("(1, 2)")
    ('c-gcc', 'c-gcc', (1, 2))
    """
    if text in _WORDS:
        return _WORDS[text]
    for kind in (int, float, literal_eval) if text[:1] in _OPENING else (int, float):
        with suppress(ValueError, SyntaxError):
            return kind(text)
    return text


def one_line(text: str) -> str:
    """Leave no line breaks in a text, and no two blanks beside each other, which part the columns of a line."""
    return text.replace("\n", "\\n").replace("\r", "\\r").replace("  ", " \\x20")


def number(value: float | Distribution | Quantiles) -> float:
    """Give the value of a counter or gauge, or the number of observations."""
    return float(value.count) if isinstance(value, Distribution | Quantiles) else value


def brief(value: float) -> str:
    """Write a number, a whole one without `.0`.

    >>> brief(2.0), brief(0.5)
    ('2', '0.5')
    """
    return str(int(value)) if value == value // 1 and abs(value) < 1e16 else repr(value)
