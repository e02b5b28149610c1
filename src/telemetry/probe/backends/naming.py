"""Spell the names of a specification in each target language.

A name of the language never has two underscores in a row, so whatever a backend adds with two cannot clash.
"""

from __future__ import annotations

import keyword
from typing import Final

_C_KEYWORDS: Final = """
    alignas alignof asm auto bool break case char const constexpr continue default do double else enum extern false
    float for goto if inline int long nullptr register restrict return short signed sizeof static static_assert struct
    switch thread_local true typedef typeof union unsigned void volatile while
"""
_C_TYPES: Final = "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t"
_ACSL_TYPES: Final = "boolean integer real"
_C_WORDS: Final = frozenset(f"{_C_KEYWORDS} {_C_TYPES} {_ACSL_TYPES}".split())
_PYTHON_WORDS: Final = frozenset((*keyword.kwlist, *keyword.softkwlist, "list", "range"))


def c_name(name: str) -> str:
    """Return the name in C; constants are in capitals, as macros of the C library are.

    >>> c_name("value"), c_name("register"), c_name("TABLE")
    ('value', 'register__', 'table__TABLE')
    """
    if name.isupper():
        return f"table__{name}"
    return f"{name}__" if name in _C_WORDS else name


def python_name(name: str) -> str:
    """Return the name in Python.

    >>> python_name("value"), python_name("lambda")
    ('value', 'lambda__')
    """
    return f"{name}__" if name in _PYTHON_WORDS else name
