"""Read the notes of a journal: what its records name by a number, and the terms of the run.

Notes are only ever added, so reading goes on where it stopped. `reader` calls it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, final

from telemetry._hotpath import extent, reading

from .memory import Memory

_MESSAGES: Final = (extent.NOTE_RESOURCE, extent.NOTE_SCOPE)
_TEXTS: Final = (extent.NOTE_SITE, extent.NOTE_TERMS)


@final
class Notes:
    """The notes of one journal; its header must have been checked. What makes no sense is as if it were not there."""

    __slots__ = ("_at", "_memory", "_messages", "_room", "_seen", "_texts")

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._at = memory.word(extent.NOTES_AT)
        self._room = memory.word(extent.NOTES_BYTES)
        self._seen = 0
        self._messages: dict[int, dict[int, bytes]] = {kind: {} for kind in _MESSAGES}
        self._texts: dict[int, dict[int, Mapping[str, Any]]] = {kind: {} for kind in _TEXTS}

    def message(self, kind: int, number: int) -> bytes:
        """Give a scope by its number; empty where there is none."""
        self._read()
        return self._messages[kind].get(number, b"")

    def last_message(self, kind: int) -> bytes:
        """Give the resource as it was written last; empty where there is none."""
        self._read()
        return next(reversed(self._messages[kind].values()), b"")

    def texts(self, kind: int) -> Mapping[int, Mapping[str, Any]]:
        """Give the sites by number."""
        self._read()
        return self._texts[kind]

    def last_text(self, kind: int) -> Mapping[str, Any]:
        """Give the terms as they were written last; empty where there are none."""
        self._read()
        return next(reversed(self._texts[kind].values()), MappingProxyType({}))

    def _read(self) -> None:
        """Read what has been added since last time."""
        used = min(self._memory.word(extent.NOTES_USED), self._room)
        data = self._memory.read(self._at + self._seen, used - self._seen) if used > self._seen else b""
        at = 0
        while at + extent.NOTE.size <= len(data):
            length, number, kind, state = extent.NOTE.unpack_from(data, at)
            start, at = at + extent.NOTE.size, at + extent.NOTE.size + (length + extent.WORD - 1 & -extent.WORD)
            if state != extent.NOTE_WRITTEN or at > len(data):
                break
            self._keep(kind, number, data[start : start + length])
            self._seen += at - start + extent.NOTE.size

    def _keep(self, kind: int, number: int, content: bytes) -> None:
        if kind in _MESSAGES and _is_message(content):
            self._messages[kind][number] = content
        elif kind in _TEXTS and (read := _object(content)) is not None:
            self._texts[kind][number] = read


def _is_message(content: bytes) -> bool:
    try:
        return all(number for number, _ in reading.fields(content))
    except ValueError:
        return False


def _object(content: bytes) -> Mapping[str, Any] | None:
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None
