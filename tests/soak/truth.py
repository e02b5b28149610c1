"""What really happened: a file to which a child writes each span that has begun or ended, past every buffer.

A write is one system call, and what the kernel has taken outlives the process. An entry is as long as divides a page,
since a killed process may leave a write half done where it goes over to the next page.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import final

_ENTRY = Struct("<QQ")
_BEGAN, _ENDED = 1, 2


@final
class Truth:
    """The end at which a child writes; forked children may use it too, since each write is appended as a whole."""

    __slots__ = ("_file",)

    def __init__(self, path: Path | str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def began(self, span_id: int) -> None:
        """Say that a span has begun which stays open for long: if it never ends, it has to be named."""
        os.write(self._file, _ENTRY.pack(_BEGAN, span_id))

    def ended(self, span_id: int) -> None:
        """Say that a span has ended; from now on it must not be lost."""
        os.write(self._file, _ENTRY.pack(_ENDED, span_id))


@final
@dataclass(frozen=True, slots=True)
class Happened:
    """What a child, and all children of it, said before they died, by span id."""

    began: frozenset[int]
    ended: frozenset[int]

    def __or__(self, other: Happened) -> Happened:
        return Happened(self.began | other.began, self.ended | other.ended)


def read_truth(path: Path) -> Happened:
    """Read what was said.

    Raises:
        ValueError: A span was said to have ended twice, so that the child itself is wrong.
    """
    entries = list(_entries(path))
    ended = [span_id for what, span_id in entries if what == _ENDED]
    if len(set(ended)) != len(ended):
        raise ValueError(f"{path}: {len(ended) - len(set(ended))} span ids were given twice")
    return Happened(frozenset(span_id for what, span_id in entries if what == _BEGAN), frozenset(ended))


def has_begun(path: Path) -> bool:
    """Tell whether the child has got going: its long span is open, and one span has ended."""
    try:
        return path.stat().st_size > _ENTRY.size
    except FileNotFoundError:
        return False


def _entries(path: Path) -> Iterator[tuple[int, int]]:
    content = path.read_bytes() if path.exists() else b""
    return _ENTRY.iter_unpack(content[: len(content) // _ENTRY.size * _ENTRY.size])
