"""Find the line of a JSON document that a pointer leads to (RFC 6901), for annotations beside code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def line_of(text: str, pointer: str) -> int:
    r"""Give the line, from 1, of what a pointer leads to, or of the nearest thing around it that is there.

    >>> line_of('{"a": [1,\n {"b": 2}]}', "/a/1/b")
    2
    """
    wanted = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    at, deepest = 0, 0
    for path, start in _places(text):
        if len(path) > deepest and path == wanted[: len(path)]:
            at, deepest = start, len(path)
    return text.count("\n", 0, at) + 1


def _places(text: str) -> Iterator[tuple[list[str], int]]:
    """Give the path of each member and item, and where it begins: a member at its key."""
    around: list[str] = []  # the brackets that are open
    path: list[str] = []  # in each of them, the key or index; none yet in an object that has just begun
    is_key = False
    for match in _TOKEN.finditer(text):
        mark = match[0]
        if mark in ("}", "]"):
            around = around[:-1]
            path = path[: len(around)]
        elif mark == ",":
            is_key = around[-1:] == ["{"]
            path = [*path[: len(around) - 1], *([] if is_key else [str(int(path[-1]) + 1)])]
        elif mark != ":":
            if is_key:
                path, is_key = [*path, str(json.loads(mark))], False
                yield path, match.start()
                continue
            if around[-1:] == ["["]:
                yield path, match.start()
            if mark in ("{", "["):
                around, is_key = [*around, mark], mark == "{"
                path = [*path, "0"] if mark == "[" else path
