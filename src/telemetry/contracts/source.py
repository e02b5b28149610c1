"""Pieces of Python source: names, literals and docstrings, safe whatever a registry holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from textwrap import wrap
from typing import Final

WIDTH: Final = 88
STEP: Final = "    "
IDENTIFIER: Final = "[a-z][a-z0-9_]*"


def camel(name: str) -> str:
    """Join the words of a name, `a_b` to `AB`; `a_1` stays apart from `a1`, and `a__b` from `a_b`."""
    return re.sub("(?:^|_)([a-z])", lambda found: found[1].upper(), name)


def literal(values: Iterable[str]) -> str:
    """Write the type of closed values; one value a line, so that a new one is one line of a diff."""
    members = [quoted(value) for value in sorted(values)]
    if len(members) == 1:
        return f"Literal[{members[0]}]"
    return "Literal[\n" + "".join(f"{STEP}{member},\n" for member in members) + "]"


def quoted(value: str) -> str:
    """Write a string."""
    return json.dumps(value, ensure_ascii=False) if value.isprintable() else ascii(value)


def docstring(lines: Iterable[str]) -> str:
    """Write lines as a docstring."""
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""{text}\n"""'


def paragraphs(texts: Iterable[str], depth: int) -> list[str]:
    """Break texts into lines of paragraphs, for a docstring that is indented that deep."""
    broken = (_wrapped(text, WIDTH - depth * len(STEP)) for text in texts)
    return [line for index, lines in enumerate(broken) for line in [""] * bool(index) + lines]


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines, without what a source file cannot hold."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return wrap(plain, width)
